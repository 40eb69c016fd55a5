import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models

from videobroker.tenants.identities import validate_identity


class User(AbstractUser):
    """Somebody who signs in here: a moderator of one tenant, a person of a site that runs on this Django, or an
    operator, who belongs to no tenant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", null=True, blank=True, on_delete=models.PROTECT, related_name="users"
    )
    identity = models.CharField(
        max_length=255,
        blank=True,
        validators=[validate_identity],
        help_text="How the tenant names this person.",
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "identity"], condition=~models.Q(identity=""), name="one_user_per_identity"
            ),
            models.CheckConstraint(
                condition=models.Q(tenant__isnull=False) | models.Q(identity=""),
                name="an_identity_belongs_to_a_tenant",
            ),
        ]

    @property
    def is_operator(self) -> bool:
        """Operators run the house: they see every tenant and belong to none."""
        return self.is_active and self.is_superuser and self.tenant_id is None
