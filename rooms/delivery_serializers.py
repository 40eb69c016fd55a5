"""Webhooks to tenants' back ends, as those read about them and have them sent again."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from rooms.models import Delivery, DeliveryAttempt
from rooms.replaying import MOST_IDS
from rooms.serializers import Record
from videobroker.api import examples
from videobroker.api.serializers import Body


class DeliveryRecord(Record):
    """A webhook, and how far it has got. Its `id` is the event's."""

    record_type_name = "webhook_delivery"
    example = {
        "id": examples.DELIVERY_ID,
        "record_type": "webhook_delivery",
        "room_id": examples.ROOM_ID,
        "event_type": "video.room.participant.joined",
        "subject_id": examples.PARTICIPANT_ID,
        "sequence": 7,
        "occurred_at": examples.JOINED_AT,
        "state": "delivered",
        "attempt_count": 1,
        "last_status": 200,
        "last_error": "",
        "next_attempt_at": None,
        "created_at": examples.JOINED_AT,
        "finished_at": examples.JOINED_AT,
    }
    next_attempt_at = serializers.SerializerMethodField(help_text="null: it is not tried any more.")

    class Meta:
        model = Delivery
        fields = [
            "id", "record_type", "room_id", "event_type", "subject_id", "sequence", "occurred_at", "state",
            "attempt_count", "last_status", "last_error", "next_attempt_at", "created_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field({"type": "string", "format": "date-time", "nullable": True})
    def get_next_attempt_at(self, delivery: Delivery) -> str | None:
        if delivery.state != Delivery.State.PENDING:
            return None
        shown: str = serializers.DateTimeField().to_representation(delivery.due_at)
        return shown


class DeliveryAttemptRecord(serializers.ModelSerializer[Any]):
    """One time that it was sent. Without status and error nobody knows what came of it: the sender died."""

    class Meta:
        model = DeliveryAttempt
        fields = ["number", "url", "is_failover", "attempted_at", "status", "error", "duration_secs"]
        read_only_fields = fields


class FollowedDeliveryRecord(DeliveryRecord):
    """One webhook, with what it says and each time that it was sent."""

    example = {
        **DeliveryRecord.example,
        "payload": {
            "room_id": examples.ROOM_ID,
            "session_id": examples.SESSION_ID,
            "participant_id": examples.PARTICIPANT_ID,
            "identity": "bo",
            "sequence": 7,
        },
        "attempts": [
            {
                "number": 1,
                "url": "https://example.com/hook",
                "is_failover": False,
                "attempted_at": examples.JOINED_AT,
                "status": 200,
                "error": "",
                "duration_secs": 0.042,
            }
        ],
    }
    attempts = DeliveryAttemptRecord(many=True, read_only=True)

    class Meta(DeliveryRecord.Meta):
        fields = [*DeliveryRecord.Meta.fields, "payload", "attempts"]
        read_only_fields = fields


class ReplayBody(Body):
    """What to send again: some deliveries by their ids, or all that were written from `from` on and before `to`."""

    examples = {
        "some": {"ids": [examples.DELIVERY_ID]},
        "what one room missed in an hour": {
            "from": "2030-01-01T09:00:00Z",
            "to": "2030-01-01T10:00:00Z",
            "room_id": examples.ROOM_ID,
        },
    }
    ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_empty=False, max_length=MOST_IDS
    )
    to = serializers.DateTimeField(required=False)
    room_id = serializers.UUIDField(required=False, help_text="Only this room's.")

    def get_fields(self) -> dict[str, Any]:
        # `from` cannot be the name of an attribute.
        return {**super().get_fields(), "from": serializers.DateTimeField(required=False)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        has_span = "from" in attrs and "to" in attrs
        if "ids" in attrs and {"from", "to", "room_id"} & set(attrs):
            raise serializers.ValidationError({"ids": "give either ids or a time from … to, not both"})
        if "ids" not in attrs and not has_span:
            raise serializers.ValidationError("give ids, or from and to")
        if has_span and attrs["from"] >= attrs["to"]:
            raise serializers.ValidationError({"to": "a span ends after it begins: give a later time"})
        return attrs


class ReplayedRecord(serializers.Serializer[Any]):
    """How many deliveries are on their way again."""

    example = {"replayed": 12}
    replayed = serializers.IntegerField()


class WebhookTestRecord(serializers.Serializer[Any]):
    """What came of a test."""

    example = {
        "delivered": True,
        "status": 200,
        "error": "",
        "url": "https://example.com/hook",
        "duration_secs": 0.042,
    }
    delivered = serializers.BooleanField(help_text="Whether a 2xx was answered.")
    status = serializers.IntegerField(allow_null=True, help_text="What was answered; null: nothing.")
    error = serializers.CharField(help_text="Why it was not delivered; empty if it was.")
    url = serializers.CharField(help_text="Where it went, without the query.")
    duration_secs = serializers.FloatField()
