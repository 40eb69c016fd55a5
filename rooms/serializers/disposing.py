"""What back ends are told when they delete many recordings."""

from typing import Any

from rest_framework import serializers


class DiscardedRecord(serializers.Serializer[Any]):
    """What came of deleting many."""

    example = {"room_recordings": 12, "held_count": 1, "held": ["31f60a8e-5e2c-4b7a-9d14-8c6b3f0e2a79"]}
    room_recordings = serializers.IntegerField(source="begun", help_text="How many are being deleted now.")
    held_count = serializers.IntegerField(help_text="How many fit but stay, as a legal hold covers them.")
    held = serializers.ListField(child=serializers.UUIDField(), help_text="The first 1,000 of those.")
