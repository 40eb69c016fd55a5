import base64
import uuid

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import models
from django.db.models.functions import Now

from videobroker.secret import Secret
from videobroker.tenants.sealing import SealedAttribute


class SigningKey(models.Model):
    """An Ed25519 key of ours that others verify with. Retired keys stay published until what they signed is over."""

    class Purpose(models.TextChoices):
        CONTEXT = "context"
        WEBHOOK = "webhook"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=10, choices=Purpose)
    sealed_private_key = models.TextField(editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    _private_key = SealedAttribute("sealed_private_key")

    class Meta:
        ordering = ["purpose", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose"], condition=models.Q(retired_at=None), name="one_current_signing_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"

    @classmethod
    def generate(cls, purpose: Purpose) -> "SigningKey":
        """A new key, not saved yet."""
        row = cls(purpose=purpose)
        raw = Ed25519PrivateKey.generate().private_bytes_raw()
        row._private_key = Secret(base64.b64encode(raw).decode())
        return row

    def private_key(self) -> Ed25519PrivateKey:
        """The key to sign with. Not kept anywhere in the clear but in the memory of who asked."""
        secret = self._private_key
        if secret is None:
            raise ValueError(f"signing key {self.id} has no private key")
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret.reveal()))
