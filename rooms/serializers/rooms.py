"""Rooms as callers read and write them."""

from typing import Any, Literal

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rooms.models import Access, Room, Session
from rooms.serializers.fields import Record, WebhookUrlField
from rooms.serializers.sessions import SessionRecord
from videobroker.api import examples
from videobroker.api.serializers import Body


class RoomRecord(Record):
    """A room. `sessions` is there when it was asked for with include_sessions."""

    record_type_name = "room"
    sometimes = {"sessions": SessionRecord}
    example = {
        "id": examples.ROOM_ID,
        "record_type": "room",
        "unique_name": "board",
        "max_participants": 10,
        "enable_recording": False,
        "active_session_id": examples.SESSION_ID,
        "webhook_event_url": "https://example.com/hook",
        "webhook_event_failover_url": "",
        "webhook_timeout_secs": 5,
        "created_at": examples.MADE_AT,
        "updated_at": examples.MADE_AT,
        "state": "open",
        "upstream": "ready",
        "opens_at": examples.OPENS_AT,
        "closes_at": examples.CLOSES_AT,
        "locked": False,
        "access": "members",
        "recording_retention_days": None,
        "auto_compose": False,
    }
    active_session_id = serializers.SerializerMethodField()
    state = serializers.SerializerMethodField(
        help_text="scheduled, open or closed, by opens_at and closes_at."
    )

    class Meta:
        model = Room
        fields = [
            "id", "record_type", "unique_name", "max_participants", "enable_recording", "active_session_id",
            "webhook_event_url", "webhook_event_failover_url", "webhook_timeout_secs", "created_at", "updated_at",
            "state", "upstream", "opens_at", "closes_at", "locked", "access", "recording_retention_days",
            "auto_compose",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "string", "format": "uuid", "nullable": True})
    def get_active_session_id(self, room: Room) -> str | None:
        live = (session for session in self._sessions(room) if session.is_live)
        return next((str(session.pk) for session in live), None)

    def get_state(self, room: Room) -> Literal["scheduled", "open", "closed"]:
        now = self.context["now"]
        if room.is_closed(now):
            return "closed"
        return "scheduled" if room.is_not_open_yet(now) else "open"

    def to_representation(self, instance: Room) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if not self.context["is_back_end"]:
            # Where a tenant's back end listens is no business of everybody who may enter.
            shown |= {"webhook_event_url": "", "webhook_event_failover_url": "", "webhook_timeout_secs": None}
        if self.context.get("include_sessions"):
            shown["sessions"] = SessionRecord(self._sessions(instance), many=True, context=self.context).data
        return shown

    def _sessions(self, room: Room) -> list[Session]:
        """The room's sessions as far as the caller may see them: the view has put those into `shown_sessions`."""
        shown: list[Session] = getattr(room, "shown_sessions", [])
        return shown


class RoomBody(Body):
    """What a room can be made or changed to; the limits are Telnyx's."""

    examples = {
        "a room for ten, for one afternoon": {
            "unique_name": "board",
            "max_participants": 10,
            "opens_at": "2030-01-01T09:00:00Z",
            "closes_at": "2030-01-01T18:00:00Z",
        },
        "nobody new enters": {"locked": True},
        "open to everybody of the tenant": {"access": "tenant"},
    }
    unique_name = serializers.CharField(
        max_length=255, required=False, help_text="Unique among your rooms. Freed when the room is deleted."
    )
    max_participants = serializers.IntegerField(min_value=2, max_value=50, required=False)
    enable_recording = serializers.BooleanField(required=False)
    webhook_event_url = WebhookUrlField(required=False, allow_blank=True)
    webhook_event_failover_url = WebhookUrlField(required=False, allow_blank=True, allow_null=True)
    webhook_timeout_secs = serializers.IntegerField(
        min_value=0, max_value=30, required=False, allow_null=True
    )
    opens_at = serializers.DateTimeField(required=False, allow_null=True)
    closes_at = serializers.DateTimeField(required=False, allow_null=True)
    locked = serializers.BooleanField(required=False)
    access = serializers.ChoiceField(Access.choices, required=False)
    recording_retention_days = serializers.IntegerField(
        min_value=1,
        max_value=36500,
        required=False,
        allow_null=True,
        help_text="null: as the tenant has it. Longer holds at once, shorter after 24 hours.",
    )
    auto_compose = serializers.BooleanField(
        required=False,
        help_text="Whether a session of which there is a video becomes a film by itself when it has ended.",
    )

    def validate_webhook_event_failover_url(self, value: str | None) -> str:
        return value or ""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        opens_at = attrs.get("opens_at", getattr(self.instance, "opens_at", None))
        closes_at = attrs.get("closes_at", getattr(self.instance, "closes_at", None))
        if opens_at and closes_at and opens_at >= closes_at:
            raise serializers.ValidationError(
                {"closes_at": "a room closes after it opens: give a later time"}
            )
        return attrs
