"""The rooms' resources as callers read and write them: Telnyx's fields under Telnyx's names, ours beside them."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rooms.models import Access, Ban, Member, Operation, Participant, Role, Room, Session
from videobroker.api.serializers import Body
from videobroker.api.times import iso
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
        if text and not _is_web_address(text):
            raise serializers.ValidationError(
                "give a whole URL with its scheme, such as https://example.com/hook"
            )
        return text


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not match, or a port beyond all ports
        return False


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
        live = (session for session in self._sessions(room) if session.is_live)
        return next((str(session.pk) for session in live), None)

    def get_state(self, room: Room) -> str:
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
    tokens_blocked_at = serializers.DateTimeField(
        source="created_at",
        read_only=True,
        help_text="From then on nothing was minted or refreshed for them.",
    )
    removed_at = serializers.DateTimeField(
        read_only=True, help_text="When the last of them left; null while they are in."
    )
    residual_window_ends_at = serializers.DateTimeField(
        read_only=True,
        help_text="Until when a token they hold could bring them in, to be put out again; null: they hold none.",
    )
    sealed_at = serializers.DateTimeField(
        read_only=True, help_text="When the room was sealed after the ban, which ended all tokens."
    )

    class Meta:
        model = Ban
        fields = [
            "id", "record_type", "room_id", "identity", "until", "reason", "active", "tokens_blocked_at",
            "removed_at", "residual_window_ends_at", "sealed_at", "created_at", "created_by", "lifted_at", "lifted_by",
        ]  # fmt: skip
        read_only_fields = fields

    def get_active(self, ban: Ban) -> bool:
        return ban.is_in_force(self.context["now"])


class BanTermsBody(Body):
    """Until when somebody is kept out, and why."""

    until = serializers.DateTimeField(required=False, allow_null=True, help_text="null: until it is lifted.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)

    def validate_until(self, value: Any) -> Any:
        if value is not None and value <= timezone.now():
            raise serializers.ValidationError("this time is over: a ban ends in the future")
        return value


class BanBody(BanTermsBody):
    """A new ban."""

    identity = IdentityField()


class TenantBanBody(BanBody):
    """A new ban from one room, or without `room_id` from all."""

    room_id = serializers.UUIDField(required=False, allow_null=True)


class ParticipantRecord(Record):
    """Somebody in a session, as Telnyx tells, and who that is, as far as their context says so credibly."""

    record_type_name = "room_participant"
    left_at = serializers.DateTimeField(source="gone_at")

    class Meta:
        model = Participant
        fields = [
            "id", "record_type", "session_id", "context", "joined_at", "left_at", "updated_at", "room_id", "identity",
            "display_name", "role", "grant_id", "attribution", "left_reason",
        ]  # fmt: skip
        read_only_fields = fields


class SessionRecord(Record):
    """A session. `participants` is there when it was asked for with include_participants."""

    record_type_name = "room_session"
    active = serializers.BooleanField(source="is_live")
    created_at = serializers.SerializerMethodField(help_text="When it started.")

    class Meta:
        model = Session
        fields = [
            "id",
            "record_type",
            "room_id",
            "active",
            "created_at",
            "updated_at",
            "ended_at",
            "ended_reason",
        ]
        read_only_fields = fields

    def get_created_at(self, session: Session) -> str:
        return iso(session.started_at or session.seen_at)

    def to_representation(self, instance: Session) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if self.context.get("include_participants"):
            people = list(instance.participants.all())
            for person in people:
                person.session = instance
            shown["participants"] = ParticipantRecord(people, many=True).data
        return shown


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "enum": ["all"]},
            {"type": "array", "items": {"type": "string", "format": "uuid"}},
        ]
    }
)
class WhomField(serializers.Field[Any, Any, Any, Any]):
    """`"all"`, or a list of participant ids."""

    default_error_messages = {"invalid": 'give "all" or a list of participant ids'}

    def to_internal_value(self, data: Any) -> str | list[UUID]:
        if data == "all":
            return "all"
        ids = serializers.ListField(child=serializers.UUIDField(), allow_empty=False, max_length=1000)
        if not isinstance(data, list):
            self.fail("invalid")
        found: list[UUID] = ids.run_validation(data)
        return found

    def to_representation(self, value: Any) -> Any:
        return value


class AimBody(Body):
    """Whom an order is about. Nobody named means everybody."""

    participants = WhomField(required=False)
    identities = serializers.ListField(
        child=IdentityField(),
        required=False,
        allow_empty=False,
        max_length=1000,
        help_text="Or people, as you name them.",
    )
    exclude = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=1000,
        help_text="Participants it is not about.",
    )


class KickBody(AimBody):
    """Whom to kick, and whether to keep them out."""

    ban = BanTermsBody(required=False, allow_null=True)


class OrderedRecord(serializers.Serializer[Any]):
    """An order was written; follow it at /v2/operations/{operation_id}."""

    result = serializers.CharField()
    operation_id = serializers.UUIDField()
    bans = BanRecord(many=True, required=False)


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


class FollowedOperationRecord(OperationRecord):
    """One order; `participants` tells what is known now of each of those whom it is about."""

    participants = serializers.SerializerMethodField()

    class Meta(OperationRecord.Meta):
        fields = [*OperationRecord.Meta.fields, "participants"]
        read_only_fields = fields

    def get_participants(self, operation: Operation) -> list[dict[str, Any]]:
        people = Participant.objects.filter(pk__in=operation.arguments.get("participants", ()))
        return [
            {
                "id": str(person.pk),
                "identity": person.identity,
                "present": person.gone_at is None,
                "left_at": iso(person.gone_at) if person.gone_at else None,
            }
            for person in people.select_related("session").order_by("joined_at", "id")
        ]
