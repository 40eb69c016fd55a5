"""Orders to Telnyx as callers follow them."""

from typing import Any

from rest_framework import serializers

from rooms.models import Operation, Participant
from rooms.serializers.fields import Record
from videobroker.api.times import iso


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
