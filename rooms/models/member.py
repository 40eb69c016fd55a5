import uuid

from django.db import models
from django.db.models.functions import Now

from videobroker.tenants.identities import validate_identity
from videobroker.tenants.scoping import TenantQuerySet


class Role(models.TextChoices):
    MODERATOR = "moderator"
    PARTICIPANT = "participant"


class Member(models.Model):
    """An identity that may enter a room, and what it may do there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="members")
    identity = models.CharField(max_length=255, validators=[validate_identity])
    role = models.CharField(max_length=12, choices=Role, default=Role.PARTICIPANT)
    display_name = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TenantQuerySet["Member"].as_manager()

    class Meta:
        ordering = ["identity"]
        constraints = [
            models.UniqueConstraint(fields=["room", "identity"], name="one_membership_per_identity"),
        ]
        indexes = [models.Index(fields=["tenant", "identity"], name="memberships_of_identity")]

    def __str__(self) -> str:
        return f"{self.identity} ({self.role})"
