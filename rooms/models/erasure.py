import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from videobroker.tenants.scoping import TenantQuerySet


class Erasure(models.Model):
    """The order to erase a person, and the receipt. `identity` is kept only as long as something of theirs is; then
    only the pseudonym is left that stands for them in the history."""

    class State(models.TextChoices):
        PENDING = "pending", "Their recordings are being deleted"
        WAITING = "waiting", "A hold keeps something of theirs"
        FINISHED = "finished"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    identity = models.CharField(max_length=255, blank=True)
    pseudonym = models.CharField(max_length=60)
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    ordered_by = models.CharField(max_length=280)
    receipt = models.JSONField(default=dict, help_text="What was removed and what was kept, by kind.")
    due_at = models.DateTimeField(db_default=Now(), help_text="When it is next looked after.")
    created_at = models.DateTimeField(db_default=Now())
    ordered_again_at = models.DateTimeField(
        null=True, help_text="When it was ordered last, if more than once before it was finished."
    )
    finished_at = models.DateTimeField(null=True)

    objects = TenantQuerySet["Erasure"].as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "pseudonym"],
                condition=Q(finished_at=None),
                name="a_person_is_erased_once_at_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(finished_at=None), name="erasures_due"),
            models.Index(fields=["tenant", "-created_at"], name="erasures_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"erasure of {self.pseudonym}"

    @property
    def given_until(self) -> datetime:
        """Until when what was given to somebody of this identity was given to the person who is erased. Whoever is
        given something later is somebody new."""
        return self.ordered_again_at or self.created_at
