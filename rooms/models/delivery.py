import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from videobroker.tenants.scoping import TenantQuerySet


class Delivery(models.Model):
    """A webhook to a tenant's back end: the event, and how far it has got. Its id is the event's id, which stays the
    same however often it is sent (docs/decisions/0010-webhooks-out.md)."""

    class EventType(models.TextChoices):
        SESSION_STARTED = "video.room.session.started", "A session started"
        SESSION_ENDED = "video.room.session.ended", "A session ended"
        PARTICIPANT_JOINED = "video.room.participant.joined", "Somebody joined"
        PARTICIPANT_LEFT = "video.room.participant.left", "Somebody left"
        RECORDING_STARTED = "video.room.recording.started", "A recording started"
        RECORDING_COMPLETED = "video.room.recording.completed", "A recording is complete"
        COMPOSITION_COMPLETED = "video.room.composition.completed", "A composition is complete"
        # Ours: Telnyx tells of no composition that there will never be.
        COMPOSITION_FAILED = "video.room.composition.failed", "A composition was given up"

    class State(models.TextChoices):
        PENDING = "pending", "To be sent, or sent again"
        LEASED = "leased", "Being sent"
        DELIVERED = "delivered"
        FAILED = "failed", "Given up"

    UNFINISHED = (State.PENDING, State.LEASED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="deliveries")
    event_type = models.CharField(max_length=40, choices=EventType)
    subject_id = models.UUIDField(help_text="The session, participant, recording or composition it is about.")
    sequence = models.PositiveBigIntegerField(help_text="Counts the room's events, without gaps.")
    occurred_at = models.DateTimeField()
    payload = models.JSONField()

    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempt_count = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0, help_text="Attempts since it was last begun.")
    fence = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(
        db_default=Now(),
        help_text="When it may be taken: next, or, while it is being sent, should the sender die.",
    )
    deadline_at = models.DateTimeField(help_text="Not tried again after this.")
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = TenantQuerySet["Delivery"].as_manager()

    class Meta:
        ordering = ["-created_at", "-sequence"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["room", "sequence"], name="events_of_a_room_have_an_order"),
            models.UniqueConstraint(
                fields=["room", "event_type", "subject_id"], name="an_event_is_told_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "due_at"],
                condition=Q(state__in=["pending", "leased"]),
                name="deliveries_due",
            ),
            models.Index(fields=["tenant", "-created_at"], name="deliveries_of_tenant"),
            models.Index(fields=["created_at"], name="deliveries_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.sequence}"


class DeliveryAttempt(models.Model):
    """One time that a delivery was sent. The row is written before: one without an outcome was cut off."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    url = models.CharField(max_length=210, help_text="Where it went, without the query.")
    is_failover = models.BooleanField(default=False)
    attempted_at = models.DateTimeField(db_default=Now())
    status = models.PositiveSmallIntegerField(null=True, help_text="What the receiver answered, if it did.")
    error = models.CharField(max_length=500, blank=True)
    duration_secs = models.FloatField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "number"], name="attempts_are_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.status or self.error or 'no outcome'}"
