"""Sessions and participants, as Telnyx tells of them, and who they are."""

from typing import Any

from rest_framework import serializers

from rooms.models import Participant, Session
from rooms.serializers.fields import Record
from videobroker.api.times import iso


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
