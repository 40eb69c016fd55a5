"""Bans as callers read and write them."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from rooms.models import Ban
from rooms.serializers.fields import IdentityField, Record
from videobroker.api import examples
from videobroker.api.serializers import Body


class BanRecord(Record):
    """Who is kept out. `room_id` null: of all rooms."""

    record_type_name = "ban"
    example = {
        "id": examples.BAN_ID,
        "record_type": "ban",
        "room_id": examples.ROOM_ID,
        "identity": "dee",
        "until": None,
        "reason": "asked to leave",
        "active": True,
        "tokens_blocked_at": examples.JOINED_AT,
        "removed_at": examples.LEFT_AT,
        "residual_window_ends_at": examples.LEFT_AT,
        "sealed_at": None,
        "created_at": examples.JOINED_AT,
        "created_by": examples.BACK_END,
        "lifted_at": None,
        "lifted_by": "",
    }
    active = serializers.SerializerMethodField(help_text="Whether it keeps anybody out now.")
    tokens_blocked_at = serializers.DateTimeField(
        source="created_at",
        read_only=True,
        help_text="From then on nothing was minted or refreshed for them.",
    )
    removed_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When the last of them left; null while they are in."
    )
    residual_window_ends_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="Until when a token they hold could bring them in, to be put out again; null: they hold none.",
    )
    sealed_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="When the room was sealed after the ban, which ended all tokens.",
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

    examples = {
        "for good": {"identity": "dee", "reason": "asked to leave"},
        "for a while": {"identity": "dee", "until": "2030-01-02T00:00:00Z"},
    }
    identity = IdentityField()


class TenantBanBody(BanBody):
    """A new ban from one room, or without `room_id` from all."""

    examples = {
        "from all rooms": {"identity": "dee", "reason": "spam"},
        "from one room": {"identity": "dee", "room_id": examples.ROOM_ID},
    }
    room_id = serializers.UUIDField(required=False, allow_null=True)
