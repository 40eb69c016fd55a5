import uuid
from datetime import datetime
from typing import Self

from django.db import models
from django.db.models.functions import Now

from rooms.models import Role
from videobroker.tenants.scoping import TenantQuerySet
from videobroker.tenants.sealing import SealedAttribute


class GrantQuerySet(TenantQuerySet["Grant"]):
    def seated(self, now: datetime) -> Self:
        """Grants that hold a seat of their room at `now`."""
        return self.filter(state__in=[Grant.State.MINTING, Grant.State.OPEN], seated_until_at__gt=now)


class Grant(models.Model):
    """One admission: this person, this room, one tab or device, until revoked or over.

    It is MINTING while Telnyx is asked for its first client token, and OPEN from then on. The refresh token is not
    here, only hashes of the current one and of its immediate predecessor (`refresh_tokens`).
    """

    class State(models.TextChoices):
        MINTING = "minting"
        OPEN = "open"
        REVOKED = "revoked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    room = models.ForeignKey("rooms.Room", on_delete=models.CASCADE, related_name="grants")
    identity = models.CharField(max_length=255, null=True, blank=True, help_text="Empty: the API key's own.")
    asked_by = models.CharField(max_length=280, editable=False)
    display_name = models.CharField(max_length=100, blank=True)
    role = models.CharField(max_length=12, choices=Role)
    state = models.CharField(max_length=10, choices=State, default=State.MINTING)
    device = models.CharField(max_length=200, blank=True, help_text="What it called itself (User-Agent).")

    generation = models.PositiveIntegerField(default=0, editable=False)
    refresh_hash = models.CharField(max_length=64, editable=False)
    previous_refresh_hash = models.CharField(max_length=64, blank=True, editable=False)
    rotated_at = models.DateTimeField(null=True, editable=False)
    refresh_ttl_secs = models.PositiveIntegerField(editable=False)
    refresh_expires_at = models.DateTimeField(editable=False)
    sealed_upstream_refresh_token = models.TextField(blank=True, editable=False)
    upstream_refresh_expires_at = models.DateTimeField(null=True, editable=False)

    telnyx_room_id = models.UUIDField(null=True, editable=False)
    client_token_expires_at = models.DateTimeField(null=True, editable=False)
    seated_until_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_refreshed_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_because = models.CharField(max_length=40, blank=True, editable=False)

    upstream_refresh_token = SealedAttribute("sealed_upstream_refresh_token")

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["room", "state", "seated_until_at"], name="seats_of_room"),
            models.Index(fields=["tenant", "-created_at"], name="grants_of_tenant"),
            models.Index(fields=["tenant", "identity"], name="grants_of_identity"),
            models.Index(fields=["expires_at"], name="grants_by_expiry"),
        ]

    def __str__(self) -> str:
        return f"{self.identity or self.asked_by} in {self.room_id}"

    def is_over(self, now: datetime) -> bool:
        """Whether it cannot be refreshed any more though nobody revoked it."""
        return min(self.expires_at, self.refresh_expires_at) <= now
