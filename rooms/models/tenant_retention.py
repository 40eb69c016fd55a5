from django.db import models


class TenantRetention(models.Model):
    """A tenant's retention as the expiries of its footage follow it. The tenant's own field says what it shall be;
    `retaining` compares the two, so that a change is followed whoever made it."""

    tenant = models.OneToOneField(
        "tenants.Tenant", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    days = models.PositiveIntegerField()
    followed_at = models.DateTimeField(help_text="When the last change was noticed.")

    def __str__(self) -> str:
        return f"{self.days} days for {self.tenant_id}"
