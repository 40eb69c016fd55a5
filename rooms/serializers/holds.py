"""Legal holds as callers read and write them."""

from typing import Any

from rest_framework import serializers

from rooms.models import Hold
from rooms.serializers.fields import IdentityField, Record
from videobroker.api import examples
from videobroker.api.serializers import Body

# What a hold may be on; exactly one of them.
SUBJECTS = ("room_id", "identity", "recording_id", "composition_id")


class HoldRecord(Record):
    """Nothing that it covers is deleted, by whomever, until it is lifted. It is on one thing; the others are null."""

    record_type_name = "hold"
    example = {
        "id": "b7a1f3c8-2d64-4e95-9c0b-6f8d3a5e7102",
        "record_type": "hold",
        "room_id": examples.ROOM_ID,
        "identity": None,
        "recording_id": None,
        "composition_id": None,
        "reason": "case 2030-17",
        "holder": "Legal, legal@example.com",
        "active": True,
        "placed_at": examples.LEFT_AT,
        "placed_by": examples.BACK_END,
        "lifted_at": None,
        "lifted_by": "",
    }
    active = serializers.SerializerMethodField(help_text="Whether it is in force.")

    class Meta:
        model = Hold
        fields = [
            "id", "record_type", "room_id", "identity", "recording_id", "composition_id", "reason", "holder", "active",
            "placed_at", "placed_by", "lifted_at", "lifted_by",
        ]  # fmt: skip
        read_only_fields = fields

    def get_active(self, hold: Hold) -> bool:
        return hold.lifted_at is None


class PlacedHoldRecord(HoldRecord):
    """A hold that was just placed, and what it came too late for."""

    example = {**HoldRecord.example, "too_late_for": []}
    too_late_for = serializers.ListField(
        child=serializers.UUIDField(),
        read_only=True,
        help_text="Recordings and compositions whose deletion had begun before: it cannot be stopped.",
    )

    class Meta(HoldRecord.Meta):
        fields = [*HoldRecord.Meta.fields, "too_late_for"]
        read_only_fields = fields


class HoldBody(Body):
    """A new hold: on a room, an identity, a recording or a composition; exactly one."""

    examples = {
        "on a room": {"room_id": examples.ROOM_ID, "reason": "case 2030-17", "holder": "Legal"},
        "on a person": {"identity": "dee", "reason": "case 2030-17"},
    }
    room_id = serializers.UUIDField(
        required=False, help_text="All that was and will be recorded in this room, and the room itself."
    )
    identity = IdentityField(
        required=False,
        help_text="All recordings of this person, and all compositions that show them, in all of your rooms.",
    )
    recording_id = serializers.UUIDField(required=False)
    composition_id = serializers.UUIDField(required=False)
    reason = serializers.CharField(max_length=500)
    holder = serializers.CharField(
        max_length=200, required=False, help_text="Whom to ask before it is lifted. Without it: the caller."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(name in attrs for name in SUBJECTS) != 1:
            raise serializers.ValidationError(f"give exactly one of {', '.join(SUBJECTS)}")
        return attrs
