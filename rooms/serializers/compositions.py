"""Compositions as callers order and read them."""

from typing import Any
from uuid import UUID

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from rooms import layouts
from rooms.models import Composition
from rooms.serializers.fields import WebhookUrlField
from rooms.serializers.recordings import FootageRecord
from videobroker.api import examples
from videobroker.api.serializers import Body

A_SIDE: dict[str, Any] = {"min_value": layouts.SHORTEST_SIDE, "max_value": layouts.LONGEST_SIDE}
A_PLACE: dict[str, Any] = {"min_value": 0, "max_value": layouts.LONGEST_SIDE}
IN_A_GRID: dict[str, Any] = {"min_value": 1, "max_value": layouts.MOST_IN_A_GRID}
A_LAYOUT = {
    "board": {"width": 800, "height": 600},
    "speaker": {"width": 160, "height": 120, "x_pos": 640, "y_pos": 480, "z_pos": 1, "max_columns": 1},
}


@extend_schema_field(
    {
        "anyOf": [
            {"type": "string", "enum": [layouts.ALL]},
            {
                "type": "array",
                "items": {"type": "string", "enum": [layouts.ALL]},
                "minItems": 1,
                "maxItems": 1,
            },
            {"type": "array", "items": {"type": "string", "format": "uuid"}},
        ]
    }
)
class VideoSourcesField(serializers.Field[Any, Any, Any, Any]):
    """`"*"`, by itself or in a list, or a list of video recordings' ids; always read and shown as a list, as Telnyx's
    contract has it."""

    default_error_messages = {"invalid": 'give "*" for all of the session, or a list of recording ids'}

    def to_internal_value(self, data: Any) -> list[str]:
        if data in (layouts.ALL, [layouts.ALL]):
            return [layouts.ALL]
        if not isinstance(data, list):
            self.fail("invalid")
        if wrong := {place: _why_no_id(each) for place, each in enumerate(data) if not _is_id(each)}:
            raise serializers.ValidationError(wrong)  # type: ignore[arg-type]  # DRF itself keys list errors by index
        return [str(UUID(each)) for each in data]

    def to_representation(self, value: Any) -> Any:
        return value


def _is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False


def _why_no_id(value: Any) -> str:
    if value == layouts.ALL:
        return '"*" stands for all of the session, and stands alone: leave it out, or all the others'
    return "this has to be an id"


class RegionBody(Body):
    """A part of the picture, in pixels from the upper left corner; a higher z_pos lies on top."""

    width = serializers.IntegerField(**A_SIDE, required=False)
    height = serializers.IntegerField(**A_SIDE, required=False)
    x_pos = serializers.IntegerField(**A_PLACE, default=0)
    y_pos = serializers.IntegerField(**A_PLACE, default=0)
    z_pos = serializers.IntegerField(min_value=layouts.BACK, max_value=layouts.FRONT, default=0)
    max_columns = serializers.IntegerField(
        **IN_A_GRID, required=False, help_text="As many as needed unless given."
    )
    max_rows = serializers.IntegerField(
        **IN_A_GRID, required=False, help_text="As many as needed unless given."
    )
    video_sources = VideoSourcesField(
        required=False, help_text='Video recordings of the session by their ids, or "*" for all of them.'
    )


class LayoutField(serializers.DictField):
    """Regions by name."""

    child = RegionBody()

    def run_validation(self, data: Any = empty) -> Any:
        regions = super().run_validation(data)
        if len(regions) > layouts.MOST_REGIONS:
            raise serializers.ValidationError(f"at most {layouts.MOST_REGIONS} regions", "max_length")
        return regions


class LayoutFieldInSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # its package has no types
    """How the OpenAPI document says how many regions there may be, which DRF has no words for."""

    target_class = LayoutField

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        told = auto_schema._map_serializer_field(self.target, direction, bypass_extensions=True)
        return {**told, "maxProperties": layouts.MOST_REGIONS}


@extend_schema_field({"type": "string", "pattern": f"^{layouts.RESOLUTION.pattern}$"})
class ResolutionField(serializers.CharField):
    """`WIDTHxHEIGHT`."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            layouts.check_resolution(text)
        except layouts.NotAResolution as error:
            code = "max_value" if error.out_of_range else "invalid"
            raise serializers.ValidationError(str(error), code) from error
        return text


class CompositionBody(Body):
    """A film to be made of what was recorded in a session; the limits are Telnyx's, but for those of `layouts`."""

    examples = {
        "as it comes": {"session_id": examples.SESSION_ID},
        "one picture within another": {
            "session_id": examples.SESSION_ID,
            "resolution": "800x600",
            "video_layout": A_LAYOUT,
        },
    }
    session_id = serializers.UUIDField(help_text="The session, which may have ended long ago.")
    format = serializers.ChoiceField([("mp4", "mp4")], default="mp4")
    resolution = ResolutionField(
        default="1280x720",
        trim_whitespace=False,
        help_text="WIDTHxHEIGHT; each side 16 to 1280 pixels, together at most as many as 1280x720 has.",
    )
    video_layout = LayoutField(default=dict, help_text="At most two regions, by names of your own.")
    webhook_event_url = WebhookUrlField(
        required=False, allow_blank=True, help_text="Where its completion is told, instead of the room's."
    )
    webhook_event_failover_url = WebhookUrlField(required=False, allow_blank=True, allow_null=True)
    webhook_timeout_secs = serializers.IntegerField(
        min_value=0, max_value=30, required=False, allow_null=True
    )

    def validate_webhook_event_failover_url(self, value: str | None) -> str:
        return value or ""


class RetainBody(Body):
    """How long to keep it."""

    examples = {
        "for a year": {"retain_until": "2031-01-01T00:00:00Z"},
        "as its room says": {"retain_until": None},
    }
    retain_until = serializers.DateTimeField(
        allow_null=True, help_text="At least a day from now; null: as long as the room's retention says."
    )


class CompositionRecord(FootageRecord):
    """A film of a session. `status` is Telnyx's, which has none for a failed one: `failed_because` says why there
    will be no film."""

    record_type_name = "room_composition"
    example = {
        "id": examples.COMPOSITION_ID,
        "record_type": "room_composition",
        "user_id": examples.TENANT_ID,
        "room_id": examples.ROOM_ID,
        "session_id": examples.SESSION_ID,
        "status": "completed",
        "format": "mp4",
        "resolution": "800x600",
        "video_layout": A_LAYOUT,
        "duration_secs": 2719,
        "size_mb": 190.3,
        "download_url": f"https://video.example.com/v2/room_compositions/{examples.COMPOSITION_ID}/download",
        "webhook_event_url": "",
        "webhook_event_failover_url": "",
        "webhook_timeout_secs": None,
        "created_at": examples.LEFT_AT,
        "updated_at": examples.LEFT_AT,
        "started_at": examples.LEFT_AT,
        "ended_at": examples.LEFT_AT,
        "completed_at": examples.LEFT_AT,
        "is_automatic": False,
        "failed_because": "",
        "state": "kept",
        "held": False,
        "retain_until": None,
        "expires_at": "2030-01-31T09:47:30.105000Z",
    }
    user_id = serializers.UUIDField(source="tenant_id", help_text="Whose it is: your tenant.")
    status = serializers.ChoiceField(Composition.Status.choices)
    created_at = serializers.DateTimeField(source="seen_at", help_text="When it was ordered.")
    video_layout = LayoutField()

    class Meta:
        model = Composition
        fields = [
            "id", "record_type", "user_id", "room_id", "session_id", "status", "format", "resolution", "video_layout",
            "duration_secs", "size_mb", "download_url", "webhook_event_url", "webhook_event_failover_url",
            "webhook_timeout_secs", "created_at", "updated_at", "started_at", "ended_at", "completed_at",
            "is_automatic", "failed_because", "state", "held", "retain_until", "expires_at",
        ]  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: Composition) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if not self.context["is_back_end"]:
            # As with rooms: where a tenant's back end listens is no business of everybody who moderates.
            shown |= {"webhook_event_url": "", "webhook_event_failover_url": "", "webhook_timeout_secs": None}
        return shown


class OrderedCompositionRecord(CompositionRecord):
    """A composition that was just ordered; follow the order at /v2/operations/{operation_id}."""

    example = {
        **CompositionRecord.example,
        **dict.fromkeys(("duration_secs", "size_mb", "download_url", "started_at", "ended_at"), None),
        **dict.fromkeys(("completed_at", "expires_at"), None),
        "status": "enqueued",
        "operation_id": examples.OPERATION_ID,
    }
    operation_id = serializers.UUIDField()

    class Meta(CompositionRecord.Meta):
        fields = [*CompositionRecord.Meta.fields, "operation_id"]
        read_only_fields = fields
