import uuid
from typing import Any, Self

from django.db import connection, models
from django.db.models import Func, OuterRef, Q, Value
from django.db.models.functions import Now

from videobroker.tenants.models.user import User
from videobroker.tenants.scoping import TenantQuerySet


class _IsListed(Func):
    """Whether a text is one of `details.identities`, on SQLite, which cannot ask a JSON column what it contains."""

    template = "EXISTS(SELECT 1 FROM JSON_EACH(%(expressions)s)"
    arg_joiner = ", '$.identities') WHERE value = "
    output_field = models.BooleanField()


class AuditEntryQuerySet(TenantQuerySet["AuditEntry"]):
    def about(self, identity: str) -> Self:
        """Entries whose subject this person is, alone or among others, or the user that they sign in as, or everything
        that was recorded of them."""
        listed: Any = (
            Q(details__contains={"identities": [identity]})
            if connection.features.supports_json_field_contains
            else _IsListed("details", Value(identity))
        )
        alone = Q(subject_kind="identity", subject=identity) | Q(details__identity=identity)
        users = User.objects.filter(tenant=OuterRef("tenant"), identity=identity)
        as_user = Q(subject_kind="user", subject__in=users.values("username"))
        filtered_by = Q(**{"details__filters__filter[identity]": identity})
        return self.filter(alone | Q(listed) | as_user | filtered_by)


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

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_at", "-id"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["tenant", "-occurred_at", "-id"], name="audit_of_tenant"),
            models.Index(fields=["room_id", "-occurred_at"], name="audit_of_room"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.subject}"
