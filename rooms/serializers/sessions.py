"""Sessions and participants, as Telnyx tells of them, and who they are."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rooms.models import Participant, Session
from rooms.serializers.fields import Record
from videobroker.api import examples
from videobroker.api.times import iso


class ParticipantRecord(Record):
    """Somebody in a session, as Telnyx tells, and who that is, as far as their context says so credibly."""

    record_type_name = "room_participant"
    example = {
        "id": examples.PARTICIPANT_ID,
        "record_type": "room_participant",
        "session_id": examples.SESSION_ID,
        "context": "eyJhbGciOiJFZERTQSJ9…",
        "joined_at": examples.JOINED_AT,
        "left_at": None,
        "updated_at": examples.JOINED_AT,
        "room_id": examples.ROOM_ID,
        "identity": "bo",
        "display_name": "Bo",
        "role": "participant",
        "grant_id": examples.GRANT_ID,
        "attribution": "attributed",
        "left_reason": "",
    }
    left_at = serializers.DateTimeField(source="gone_at", allow_null=True)

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
    sometimes = {"participants": ParticipantRecord}
    example = {
        "id": examples.SESSION_ID,
        "record_type": "room_session",
        "room_id": examples.ROOM_ID,
        "active": True,
        "created_at": examples.JOINED_AT,
        "updated_at": examples.JOINED_AT,
        "ended_at": None,
        "ended_reason": "",
    }
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

    @extend_schema_field(OpenApiTypes.DATETIME)
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
