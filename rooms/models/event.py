import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Event(models.Model):
    """A webhook of Telnyx's as it arrived: kept first, applied afterwards."""

    class State(models.TextChoices):
        PENDING = "pending", "To be applied"
        APPLIED = "applied"
        FOREIGN = "foreign", "About a room that is not this account's here"
        UNHANDLED = "unhandled", "Of a type that means nothing to us"
        FAILED = "failed", "Could not be applied"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey("tenants.Account", on_delete=models.CASCADE, related_name="+")
    telnyx_id = models.CharField(max_length=100)
    event_type = models.CharField(max_length=100)
    occurred_at = models.DateTimeField()
    payload = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)
    received_at = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(fields=["account", "telnyx_id"], name="an_event_is_kept_once"),
        ]
        indexes = [
            models.Index(fields=["received_at"], condition=Q(state="pending"), name="events_to_apply"),
            models.Index(fields=["received_at"], name="events_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.telnyx_id}"
