import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from videobroker.tenants.identities import validate_identity
from videobroker.tenants.scoping import TenantQuerySet


class HoldQuerySet(TenantQuerySet["Hold"]):
    def in_force(self) -> Self:
        """Holds that were not lifted."""
        return self.filter(lifted_at=None)


class Hold(models.Model):
    """A legal hold: nothing that it covers is deleted, by whomever, until it is lifted. It covers a room (all that was
    and will be recorded there), an identity (in all rooms of the tenant), a recording or a composition; exactly one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="holds")
    room = models.ForeignKey(
        "rooms.Room", null=True, blank=True, on_delete=models.CASCADE, related_name="holds"
    )
    identity = models.CharField(max_length=255, null=True, blank=True, validators=[validate_identity])
    recording = models.ForeignKey(
        "rooms.Recording", null=True, blank=True, on_delete=models.CASCADE, related_name="holds"
    )
    composition = models.ForeignKey(
        "rooms.Composition", null=True, blank=True, on_delete=models.CASCADE, related_name="holds"
    )
    # As long as it may be said; a pseudonym that stands in it for a short name makes it longer.
    reason = models.TextField(max_length=500)
    holder = models.CharField(max_length=280, help_text="Who answers for it: whom to ask before lifting it.")
    placed_by = models.CharField(max_length=280, editable=False)
    placed_at = models.DateTimeField(db_default=Now(), editable=False)
    lifted_at = models.DateTimeField(null=True, editable=False)
    lifted_by = models.CharField(max_length=280, blank=True, editable=False)

    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering = ["-placed_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(room__isnull=False, identity=None, recording=None, composition=None)
                    | Q(room=None, identity__isnull=False, recording=None, composition=None)
                    | Q(room=None, identity=None, recording__isnull=False, composition=None)
                    | Q(room=None, identity=None, recording=None, composition__isnull=False)
                ),
                name="a_hold_covers_one_thing",
            ),
        ]
        indexes = [
            models.Index(fields=["room"], condition=Q(lifted_at=None), name="holds_on_rooms"),
            models.Index(fields=["tenant", "identity"], condition=Q(lifted_at=None), name="holds_on_people"),
            models.Index(fields=["tenant", "-placed_at"], name="holds_of_tenant"),
        ]

    def __str__(self) -> str:
        return f"hold on {self.subject}"

    @property
    def subject(self) -> str:
        """What it covers, for people to read."""
        if self.identity is not None:
            return self.identity
        return str(self.room or self.recording or self.composition)
