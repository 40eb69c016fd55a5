"""Webhooks to tenants' back ends, as those read about them and have them sent again."""

from typing import Any

from rest_framework import serializers

from rooms.models import Delivery, DeliveryAttempt
from rooms.replaying import MOST_AT_ONCE
from rooms.serializers import Record
from videobroker.api.serializers import Body


class DeliveryRecord(Record):
    """A webhook, and how far it has got. Its `id` is the event's."""

    record_type_name = "webhook_delivery"
    next_attempt_at = serializers.SerializerMethodField(help_text="null: it is not tried any more.")

    class Meta:
        model = Delivery
        fields = [
            "id", "record_type", "room_id", "event_type", "subject_id", "sequence", "occurred_at", "state",
            "attempt_count", "last_status", "last_error", "next_attempt_at", "created_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields

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

    attempts = DeliveryAttemptRecord(many=True, read_only=True)

    class Meta(DeliveryRecord.Meta):
        fields = [*DeliveryRecord.Meta.fields, "payload", "attempts"]
        read_only_fields = fields


class ReplayBody(Body):
    """What to send again: some deliveries by their ids, or all that were written from `from` on and before `to`."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_empty=False, max_length=MOST_AT_ONCE
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

    replayed = serializers.IntegerField()


class WebhookTestRecord(serializers.Serializer[Any]):
    """What came of a test."""

    delivered = serializers.BooleanField(help_text="Whether a 2xx was answered.")
    status = serializers.IntegerField(allow_null=True, help_text="What was answered; null: nothing.")
    error = serializers.CharField(help_text="Why it was not delivered; empty if it was.")
    url = serializers.CharField(help_text="Where it went, without the query.")
    duration_secs = serializers.FloatField()
