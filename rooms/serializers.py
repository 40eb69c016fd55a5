"""The rooms' resources as callers read and write them: Telnyx's fields under Telnyx's names, ours beside them."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers

from rooms.models import Access, Ban, Member, Operation, Role, Room
from videobroker.api.serializers import Body
from videobroker.tenants.identities import clean_display_name, validate_identity


def check_identity(value: str) -> None:
    """An identity as the tenants module wants it, said in DRF's words."""
    try:
        validate_identity(value)
    except DjangoValidationError as error:
        raise serializers.ValidationError(error.messages) from error


class IdentityField(serializers.CharField):
    """A person as the tenant names them; nothing is trimmed or changed, so it is compared as it was sent."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "The person, as your identity provider names them (`sub`).")
        super().__init__(trim_whitespace=False, max_length=255, validators=[check_identity], **kwargs)


class DisplayNameField(serializers.CharField):
    """A name that others will see: at most 100 characters, without invisible ones."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if self.max_length is not None and len(text) > self.max_length:
            self.fail("max_length", max_length=self.max_length)  # cleaning would cut it short without a word
        return clean_display_name(text)


class WebhookUrlField(serializers.CharField):
    """An absolute http(s) URL."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=2000, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        parts = urlsplit(text) if text else None
        if parts and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise serializers.ValidationError(
                "give a whole URL with its scheme, such as https://example.com/hook"
            )
        return text


class Record(serializers.ModelSerializer[Any]):
    """An answer: one of our rows under Telnyx's `record_type`."""

    record_type = serializers.SerializerMethodField()
    record_type_name = ""

    def get_record_type(self, row: Any) -> str:
        return self.record_type_name


class RoomRecord(Record):
    """A room. `sessions` is there when it was asked for with include_sessions."""

    record_type_name = "room"
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
        ]  # fmt: skip
        read_only_fields = fields

    def get_active_session_id(self, room: Room) -> str | None:
        return None

    def get_state(self, room: Room) -> str:
        now = self.context["now"]
        if room.is_closed(now):
            return "closed"
        return "scheduled" if room.is_not_open_yet(now) else "open"

    def to_representation(self, instance: Room) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if self.context.get("include_sessions"):
            shown["sessions"] = []
        return shown


class RoomBody(Body):
    """What a room can be made or changed to; the limits are Telnyx's."""

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
        min_value=1, max_value=36500, required=False, allow_null=True, help_text="null: as the tenant has it."
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


class MemberRecord(Record):
    """Somebody who may enter a room."""

    record_type_name = "room_member"

    class Meta:
        model = Member
        fields = [
            "id",
            "record_type",
            "room_id",
            "identity",
            "role",
            "display_name",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class MemberBody(Body):
    """A new member."""

    identity = IdentityField()
    role = serializers.ChoiceField(Role.choices, default=Role.PARTICIPANT)
    display_name = DisplayNameField(default="")


class MemberChange(Body):
    """What can change about a member; another identity is another member."""

    role = serializers.ChoiceField(Role.choices, required=False)
    display_name = DisplayNameField(required=False)


class BanRecord(Record):
    """Who is kept out. `room_id` null: of all rooms."""

    record_type_name = "ban"
    active = serializers.SerializerMethodField(help_text="Whether it keeps anybody out now.")

    class Meta:
        model = Ban
        fields = [
            "id", "record_type", "room_id", "identity", "until", "reason", "active", "created_at", "created_by",
            "lifted_at", "lifted_by",
        ]  # fmt: skip
        read_only_fields = fields

    def get_active(self, ban: Ban) -> bool:
        return ban.is_in_force(self.context["now"])


class BanBody(Body):
    """A new ban."""

    identity = IdentityField()
    until = serializers.DateTimeField(required=False, allow_null=True, help_text="null: until it is lifted.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)

    def validate_until(self, value: Any) -> Any:
        if value is not None and value <= self.context["now"]:
            raise serializers.ValidationError("this time is over: a ban ends in the future")
        return value


class TenantBanBody(BanBody):
    """A new ban from one room, or without `room_id` from all."""

    room_id = serializers.UUIDField(required=False, allow_null=True)


class OperationRecord(Record):
    """An order to Telnyx, and how far it has got."""

    record_type_name = "operation"

    class Meta:
        model = Operation
        fields = [
            "id", "record_type", "room_id", "kind", "state", "attempts", "ordered_by", "result", "last_error",
            "due_at", "created_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields
