import base64
import os
import uuid

from django.db import models
from django.db.models.functions import Now

from videobroker.secret import Secret
from videobroker.tenants.sealing import SealedAttribute


class PseudonymKey(models.Model):
    """The key that pseudonyms of erased people are made with. There is one for good: with another one, nobody who was
    banned would be known again. It is sealed like every secret, so the key ring can be rotated above it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    is_only = models.BooleanField(default=True, unique=True, editable=False)
    sealed_key = models.TextField(editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    _key = SealedAttribute("sealed_key")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(is_only=True), name="there_is_one_pseudonym_key"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def generate(cls) -> "PseudonymKey":
        """A new key, not saved yet."""
        row = cls()
        row._key = Secret(base64.b64encode(os.urandom(32)).decode())
        return row

    def key(self) -> bytes:
        """The key itself."""
        secret = self._key
        if secret is None:
            raise ValueError(f"pseudonym key {self.id} is empty")
        return base64.b64decode(secret.reveal())
