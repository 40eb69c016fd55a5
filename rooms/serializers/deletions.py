"""Deletions of recordings and compositions as back ends read them: orders under way, and receipts."""

from rooms.models import Deletion
from rooms.serializers.fields import Record
from videobroker.api import examples


class DeletionRecord(Record):
    """The deletion of one recording or composition. Once `state` is done it is the receipt: when, why, by whom, and
    what Telnyx answered."""

    record_type_name = "deletion"
    example = {
        "id": "f1d94c2a-7b30-4e86-8a5d-2c6e9f0b7d41",
        "record_type": "deletion",
        "kind": "recording",
        "footage_id": "9e2c5a74-1f8d-4b60-a3c7-5d0f8e6b2a19",
        "room_id": examples.ROOM_ID,
        "session_id": examples.SESSION_ID,
        "cause": "retention",
        "policy": {"by": "tenant", "days": 30, "expires_at": "2030-01-31T09:47:30+00:00"},
        "ordered_by": "system:videobroker",
        "state": "done",
        "attempts": 1,
        "last_error": "",
        "begun_at": "2030-01-31T09:50:00.000000Z",
        "done_at": "2030-01-31T09:50:01.204000Z",
        "answer": "204 to DELETE",
    }

    class Meta:
        model = Deletion
        fields = [
            "id", "record_type", "kind", "footage_id", "room_id", "session_id", "cause", "policy", "ordered_by",
            "state", "attempts", "last_error", "begun_at", "done_at", "answer",
        ]  # fmt: skip
        read_only_fields = fields
