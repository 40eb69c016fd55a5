"""Recordings, as Telnyx tells of them, whose they are, and how long they are kept."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rooms import downloading, holding
from rooms.models import Footage, Recording
from rooms.serializers.fields import Record
from videobroker.api import examples


class FootageRecord(Record):
    """What recordings and compositions have in common."""

    created_at = serializers.DateTimeField(source="seen_at", help_text="When it was first heard of.")
    download_url = serializers.SerializerMethodField(
        help_text="Here, never Telnyx's link: following it asks for a fresh one and redirects. null until "
        "completed, and once it is being deleted."
    )
    held = serializers.SerializerMethodField(help_text="Whether a legal hold keeps it from being deleted.")

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_download_url(self, footage: Any) -> str | None:
        return downloading.path_of(footage, self.context.get("request"))

    def get_held(self, footage: Footage) -> bool:
        """As it was found out for a whole list in one query, or asked for this one."""
        known: bool | None = getattr(footage, "is_held", None)
        return bool(holding.held_among([footage])) if known is None else known


class RecordingRecord(FootageRecord):
    """One participant's audio or video. `identity` is null where their context did not say credibly who they are."""

    record_type_name = "room_recording"
    example = {
        "id": "31f60a8e-5e2c-4b7a-9d14-8c6b3f0e2a79",
        "record_type": "room_recording",
        "room_id": examples.ROOM_ID,
        "session_id": examples.SESSION_ID,
        "participant_id": examples.PARTICIPANT_ID,
        "type": "video",
        "status": "completed",
        "codec": "vp8",
        "duration_secs": 2718,
        "size_mb": 407.7,
        "download_url": "https://video.example.com/v2/room_recordings/31f60a8e-5e2c-4b7a-9d14-8c6b3f0e2a79/download",
        "created_at": examples.JOINED_AT,
        "updated_at": examples.LEFT_AT,
        "started_at": examples.JOINED_AT,
        "ended_at": examples.LEFT_AT,
        "completed_at": examples.LEFT_AT,
        "identity": "bo",
        "display_name": "Bo",
        "state": "kept",
        "held": False,
        "retain_until": None,
        "expires_at": "2030-01-31T09:47:30.105000Z",
    }
    codec = serializers.SerializerMethodField(help_text="null until Telnyx has said.")
    identity = serializers.CharField(source="participant.identity", allow_null=True)
    display_name = serializers.CharField(source="participant.display_name")

    class Meta:
        model = Recording
        fields = [
            "id", "record_type", "room_id", "session_id", "participant_id", "type", "status", "codec", "duration_secs",
            "size_mb", "download_url", "created_at", "updated_at", "started_at", "ended_at", "completed_at", "identity",
            "display_name", "state", "held", "retain_until", "expires_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "string", "nullable": True})
    def get_codec(self, recording: Recording) -> str | None:
        return recording.codec or None
