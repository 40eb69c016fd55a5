"""Erasures of people as back ends order and follow them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rooms.models import Erasure
from rooms.serializers.fields import IdentityField, Record
from videobroker.api import examples
from videobroker.api.serializers import Body

COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}


class ErasureRecord(Record):
    """The erasure of a person. `identity` is null once it is finished: then only the pseudonym is left, which stands
    for them in the history."""

    record_type_name = "erasure"
    example = {
        "id": "4c8e1b7d-90f3-4a26-b5d8-7e2a6c0f9b13",
        "record_type": "erasure",
        "identity": None,
        "pseudonym": "erased:6f0d2b9c81e745a3ac4e5d7f10928b36",
        "state": "finished",
        "ordered_by": examples.BACK_END,
        "removed": {"members": 2, "users": 0, "grants": 3, "recordings": 4, "compositions": 1},
        "replaced": {"participants": 3, "audit_entries": 9, "webhook_deliveries": 6},
        "kept": {},
        "created_at": examples.LEFT_AT,
        "finished_at": "2030-01-01T09:50:00.000000Z",
    }
    identity = serializers.SerializerMethodField()
    removed = serializers.SerializerMethodField(help_text="What is gone, by kind: how many.")
    replaced = serializers.SerializerMethodField(
        help_text="In how many rows the pseudonym stands now, by kind."
    )
    kept = serializers.SerializerMethodField(
        help_text="What holds keep, by kind: how many, and the first 100 ids. Empty: nothing."
    )

    class Meta:
        model = Erasure
        fields = [
            "id", "record_type", "identity", "pseudonym", "state", "ordered_by", "removed", "replaced", "kept",
            "created_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_identity(self, erasure: Erasure) -> str | None:
        return erasure.identity or None

    @extend_schema_field(COUNTS)
    def get_removed(self, erasure: Erasure) -> dict[str, int]:
        return _told(erasure, "removed")

    @extend_schema_field(COUNTS)
    def get_replaced(self, erasure: Erasure) -> dict[str, int]:
        return _told(erasure, "replaced")

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "object"}})
    def get_kept(self, erasure: Erasure) -> dict[str, Any]:
        return _told(erasure, "kept")


def _told(erasure: Erasure, section: str) -> dict[str, Any]:
    """A part of the receipt; what stands there for the house's own use is not told."""
    told: dict[str, Any] = erasure.receipt.get(section, {})
    return told


class ErasureBody(Body):
    """Whom to erase."""

    examples = {"a person": {"identity": "dee"}}
    identity = IdentityField()
