"""Orders to Telnyx as callers follow them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rooms.models import Operation, Participant
from rooms.serializers.fields import Record
from videobroker.api import examples
from videobroker.api.times import iso


class OperationRecord(Record):
    """An order to Telnyx, and how far it has got."""

    record_type_name = "operation"
    example = {
        "id": examples.OPERATION_ID,
        "record_type": "operation",
        "room_id": examples.ROOM_ID,
        "kind": "kick",
        "state": "succeeded",
        "attempts": 1,
        "ordered_by": "identity:ana",
        "result": {"result": "ok"},
        "last_error": "",
        "due_at": examples.LEFT_AT,
        "created_at": examples.LEFT_AT,
        "finished_at": examples.LEFT_AT,
    }

    class Meta:
        model = Operation
        fields = [
            "id", "record_type", "room_id", "kind", "state", "attempts", "ordered_by", "result", "last_error",
            "due_at", "created_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class AffectedRecord(serializers.Serializer[Any]):
    """Somebody whom an order is about, and whether they are in now."""

    id = serializers.UUIDField()
    identity = serializers.CharField(allow_null=True)
    present = serializers.BooleanField()
    left_at = serializers.DateTimeField(allow_null=True)


class FollowedOperationRecord(OperationRecord):
    """One order; `participants` tells what is known now of each of those whom it is about."""

    example = {
        **OperationRecord.example,
        "participants": [
            {
                "id": examples.PARTICIPANT_ID,
                "identity": "bo",
                "present": False,
                "left_at": examples.LEFT_AT,
            }
        ],
    }
    participants = serializers.SerializerMethodField()

    class Meta(OperationRecord.Meta):
        fields = [*OperationRecord.Meta.fields, "participants"]
        read_only_fields = fields

    @extend_schema_field(AffectedRecord(many=True))
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
