import uuid

from django.db import models
from django.db.models.functions import Now

from videobroker.tenants.scoping import TenantQuerySet


class AuditEntry(models.Model):
    """Who did what to whom. Written with the act, in its transaction; never changed."""

    class Outcome(models.TextChoices):
        DONE = "done"
        REFUSED = "refused"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey("tenants.Tenant", null=True, on_delete=models.CASCADE, related_name="+")
    occurred_at = models.DateTimeField(db_default=Now())
    actor_kind = models.CharField(max_length=20)
    actor = models.CharField(max_length=255)
    action = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.DONE)
    reason = models.CharField(max_length=60, blank=True)
    room_id = models.UUIDField(null=True)
    subject_kind = models.CharField(max_length=30, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    address = models.CharField(max_length=45, blank=True, help_text="Where the request came from.")
    request_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)

    objects = TenantQuerySet["AuditEntry"].as_manager()

    class Meta:
        ordering = ["-occurred_at", "-id"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["tenant", "-occurred_at", "-id"], name="audit_of_tenant"),
            models.Index(fields=["room_id", "-occurred_at"], name="audit_of_room"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject}"
