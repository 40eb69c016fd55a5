import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from videobroker.tenants.identities import validate_identity
from videobroker.tenants.scoping import TenantQuerySet


class BanQuerySet(TenantQuerySet["Ban"]):
    def in_force(self, now: datetime) -> Self:
        """Bans that keep somebody out at `now`."""
        return self.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)

    def against(self, identity: str, room_id: uuid.UUID) -> Self:
        """Bans of this person from this room, or from the whole tenant."""
        return self.filter(Q(room=None) | Q(room=room_id), identity=identity)


class Ban(models.Model):
    """Who may not come (back), until when, and why. Lifted bans stay as a record."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="bans")
    room = models.ForeignKey(
        "rooms.Room", null=True, blank=True, on_delete=models.CASCADE, related_name="bans",
        help_text="Empty: all rooms of the tenant.",
    )  # fmt: skip
    identity = models.CharField(max_length=255, validators=[validate_identity])
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: until it is lifted.")
    reason = models.CharField(max_length=500, blank=True)
    created_by = models.CharField(max_length=280, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    lifted_at = models.DateTimeField(null=True, editable=False)
    lifted_by = models.CharField(max_length=280, blank=True, editable=False)

    objects = BanQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [models.Index(fields=["tenant", "identity"], name="bans_of_identity")]

    def __str__(self) -> str:
        return f"{self.identity} from {self.room or 'all rooms'}"

    def is_in_force(self, now: datetime) -> bool:
        return self.lifted_at is None and (self.until is None or self.until > now)
