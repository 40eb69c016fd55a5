import hashlib
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now

from videobroker.secret import Secret
from videobroker.telnyx import signatures
from videobroker.tenants.sealing import SealedAttribute


def validate_public_key(value: str) -> None:
    """Refuse what is not base64 of a 32-byte Ed25519 public key."""
    if not signatures.is_public_key(value):
        raise ValidationError("this is not a public key: Telnyx's portal shows it as base64 of 32 bytes")


class Account(models.Model):
    """A Telnyx account: a tenant's own, or the house's, whose key is in the settings and never in a table."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True)
    is_house = models.BooleanField(default=False, editable=False)
    sealed_api_key = models.TextField(blank=True, editable=False)
    api_key_fingerprint = models.CharField(max_length=64, null=True, unique=True, editable=False)
    public_key = models.CharField(
        max_length=44, blank=True, validators=[validate_public_key], help_text="Verifies Telnyx's webhooks."
    )
    next_public_key = models.CharField(
        max_length=44, blank=True, validators=[validate_public_key], help_text="Valid too, while keys change."
    )
    credential_refused_at = models.DateTimeField(
        null=True, editable=False, help_text="When Telnyx last refused the key; empty once it works again."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    _own_api_key = SealedAttribute("sealed_api_key")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_house"], condition=models.Q(is_house=True), name="only_one_house_account"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def api_key(self) -> Secret | None:
        """The key to speak to Telnyx with, or None if none is set."""
        if self.is_house:
            key: Secret = settings.TELNYX_API_KEY
            return key or None
        return self._own_api_key

    def set_api_key(self, key: Secret) -> None:
        """Seal `key` into the row (not saved yet). The same key cannot be registered twice: two tenants on one
        Telnyx account by accident would see each other's rooms."""
        self._own_api_key = key
        self.credential_refused_at = None
        self.api_key_fingerprint = fingerprint(key)

    def note_credentials(self, *, refused: bool, now: datetime) -> None:
        """Write down whether Telnyx takes the key, where that is news: the operator's pages show it."""
        if refused:
            self.credential_refused_at = now
            Account.objects.filter(pk=self.pk).update(credential_refused_at=now)
        elif self.credential_refused_at is not None:
            self.credential_refused_at = None
            Account.objects.filter(pk=self.pk).update(credential_refused_at=None)

    @property
    def public_keys(self) -> list[str]:
        """The keys that may have signed a webhook now, at most two."""
        house_key = settings.TELNYX_PUBLIC_KEY if self.is_house else ""
        return [key for key in (self.public_key or house_key, self.next_public_key) if key]

    @classmethod
    def house(cls, **defaults: Any) -> "Account":
        """The row of the house's account, made on first use."""
        return cls.objects.get_or_create(is_house=True, defaults={"name": "house", **defaults})[0]


def fingerprint(key: Secret) -> str:
    """What tells whether two keys are the same without showing either. Telnyx's keys are random, so a plain
    hash gives nothing away."""
    return hashlib.sha256(b"telnyx-api-key:" + key.reveal().encode()).hexdigest()
