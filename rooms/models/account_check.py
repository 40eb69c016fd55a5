from django.db import models


class AccountCheck(models.Model):
    """When an account is next gone through at Telnyx, rooms and films. The worker that moves the time on does it.

    All films that are kept are looked for once a day, a day of theirs after another; `stock_day` is the next one while
    that goes on.
    """

    account = models.OneToOneField(
        "tenants.Account", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    due_at = models.DateTimeField()
    stock_due_at = models.DateTimeField(null=True, help_text="When all films are next looked for.")
    stock_day = models.DateField(null=True, help_text="From which day on they are looked for now.")

    def __str__(self) -> str:
        return f"{self.account_id} at {self.due_at}"
