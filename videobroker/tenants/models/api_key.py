import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from videobroker.tenants.scopes import SCOPES


def validate_scopes(value: object) -> None:
    """Refuse anything but a list of known scopes, without doubles."""
    if not isinstance(value, list) or not value:
        raise ValidationError(f"give a list of scopes, some of: {', '.join(SCOPES)}")
    if unknown := [scope for scope in value if scope not in SCOPES]:
        raise ValidationError(f"{unknown[0]!r} is no scope; the scopes are: {', '.join(SCOPES)}")


class ApiKey(models.Model):
    """A tenant's back end. Of the key itself only a hash is kept (`tenants/api_keys.py` makes and reads them)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    lookup = models.CharField(max_length=12, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list, validators=[validate_scopes])
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["tenant", "name"]

    def __str__(self) -> str:
        return f"{self.name} (vbk_{self.lookup}…)"

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now
