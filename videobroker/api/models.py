import uuid

from django.db import models
from django.db.models.functions import Now

from videobroker.tenants.sealing import SealedAttribute


class IdempotencyRecord(models.Model):
    """A POST that came with an Idempotency-Key, and how it was answered (sealed: answers hold tokens)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")
    caller = models.CharField(max_length=280)
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    sealed_answer = models.TextField(blank=True)
    started_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    answer = SealedAttribute("sealed_answer")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "caller", "key"], name="one_answer_per_idempotency_key"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
