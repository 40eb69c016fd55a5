import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from videobroker.tenants.scoping import TenantQuerySet


class Operation(models.Model):
    """An order to Telnyx that outlives the request which gave it. The row is the order: whoever carries it out
    holds a lease on it, and nothing but this row has to survive (docs/decisions/0003-operations-are-rows.md)."""

    class Kind(models.TextChoices):
        CREATE_ROOM = "create_room"
        UPDATE_ROOM = "update_room"
        DELETE_ROOM = "delete_room"
        SEAL_ROOM = "seal_room"
        KICK = "kick"
        MUTE = "mute"
        UNMUTE = "unmute"
        END_SESSION = "end_session"
        COMPOSE = "compose"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting to be carried out"
        LEASED = "leased", "Being carried out"
        VERIFYING = "verifying", "Sent, outcome unknown: to be looked up"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled", "Not needed any more"

    UNFINISHED = (State.PENDING, State.LEASED, State.VERIFYING)
    GIVEN_UP = (State.FAILED, State.CANCELLED)
    # About people who are in a room now: these cannot wait for a broker to come back.
    URGENT = (Kind.KICK, Kind.MUTE, Kind.UNMUTE, Kind.END_SESSION)
    # Orders of one queue about one room are carried out one after the other. A kick waits for nobody.
    QUEUES = {
        Kind.CREATE_ROOM: "upstream",
        Kind.UPDATE_ROOM: "upstream",
        Kind.DELETE_ROOM: "upstream",
        Kind.SEAL_ROOM: "upstream",
        Kind.MUTE: "voices",
        Kind.UNMUTE: "voices",
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sequence = models.BigIntegerField(editable=False, help_text="Counts the orders about one room.")
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="operations")
    kind = models.CharField(max_length=20, choices=Kind)
    queue = models.CharField(max_length=10, blank=True, editable=False)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    ordered_by = models.CharField(max_length=280)

    attempts = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0, help_text="Leases that ended without a word.")
    fence = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    deadline_at = models.DateTimeField(null=True)
    leased_by = models.CharField(max_length=36, blank=True)
    leased_until_at = models.DateTimeField(null=True)

    result = models.JSONField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = TenantQuerySet["Operation"].as_manager()

    class Meta:
        ordering = ["-created_at", "-sequence"]
        constraints = [
            models.UniqueConstraint(fields=["room", "sequence"], name="orders_of_a_room_have_an_order"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["pending", "leased", "verifying"]),
                name="operations_due",
            ),
            models.Index(fields=["tenant", "-created_at"], name="operations_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def is_finished(self) -> bool:
        return self.state not in self.UNFINISHED
