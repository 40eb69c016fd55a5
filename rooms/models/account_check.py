from django.db import models


class AccountCheck(models.Model):
    """When all Telnyx rooms of an account are next gone through. The worker that moves the time on does it."""

    account = models.OneToOneField(
        "tenants.Account", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id} at {self.due_at}"
