import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from videobroker.tenants.scoping import TenantQuerySet


class PurgeRunQuerySet(TenantQuerySet["PurgeRun"]):
    def under_way(self) -> Self:
        """Those that are not finished, whether they go on or wait."""
        return self.filter(finished_at=None)


class PurgeRun(models.Model):
    """One purge of what has expired of a tenant's: how much there was to do, how far it is, and why it does not go on.

    A tenant has one unfinished run at a time. One that was stopped waits until somebody looked at it and allowed it."""

    class State(models.TextChoices):
        RUNNING = "running"
        STOPPED = "stopped", "Would delete too large a share: waits to be allowed"
        REFUSED = "refused", "Our clock and Telnyx's differ: deletes nothing"
        FINISHED = "finished"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    why = models.CharField(max_length=500, blank=True, help_text="Why it was stopped or refused.")
    stored = models.PositiveIntegerField(default=0, help_text="What was kept when it began.")
    due = models.PositiveIntegerField(default=0, help_text="What of that had expired and was not held.")
    begun = models.PositiveIntegerField(default=0, help_text="How many deletions it has begun.")
    allowed_by = models.CharField(max_length=280, blank=True)
    allowed_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True, help_text="When the clocks were last compared.")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = PurgeRunQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=Q(state__in=["running", "stopped", "refused"]),
                name="a_tenant_has_one_unfinished_purge",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-started_at"], name="purges_of_tenant"),
            models.Index(fields=["started_at"], condition=Q(finished_at=None), name="purges_under_way"),
        ]

    def __str__(self) -> str:
        return f"purge of {self.started_at:%Y-%m-%d %H:%M:%S}"

    @property
    def is_finished(self) -> bool:
        return self.state == self.State.FINISHED
