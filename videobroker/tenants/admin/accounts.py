"""The pages of Telnyx accounts."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from videobroker.admin.showing import badge, moment
from videobroker.admin.site import console
from videobroker.admin.tenancy import OperatorAdmin, RowForm
from videobroker.secret import Secret
from videobroker.tenants.admin.fields import WriteOnlyField
from videobroker.tenants.models import Account
from videobroker.tenants.models.account import fingerprint


class AccountForm(RowForm):
    """An account. Its key goes in and never comes out."""

    new_api_key = WriteOnlyField(
        label="New Telnyx API key",
        max_length=500,
        help_text="Replaces the key that is set. It is sealed at once and never shown; empty keeps what there is.",
    )

    def clean_new_api_key(self) -> Secret | None:
        key: Secret | None = self.cleaned_data["new_api_key"]
        if key is None:
            return None
        if self.instance.is_house:
            self.add_error("new_api_key", "The house's key is the setting TELNYX_API_KEY, and nowhere else.")
            return None
        other = (
            Account.objects.filter(api_key_fingerprint=fingerprint(key)).exclude(pk=self.instance.pk).first()
        )
        if other is not None:
            self.add_error(
                "new_api_key", f"This key belongs to the account {other.name} already: use that one."
            )
            return None
        self.instance.set_api_key(key)
        return key


@admin.register(Account, site=console)
class AccountAdmin(OperatorAdmin):
    """Telnyx accounts: a tenant's own, or the house's."""

    form = AccountForm
    tenant_path = ""
    list_display = [
        "name",
        "credential",
        "webhooks",
        moment("credential_refused_at", "key refused"),
        moment("created_at"),
    ]
    search_fields = ["name"]
    empty_advice = (
        "No accounts. Add one with a Telnyx API key, or set TELNYX_API_KEY for one of the house's own."
    )
    fields = ["name", "credential", "new_api_key", "public_key", "next_public_key", "refused", "id"]
    readonly_fields = ["credential", "refused", "id"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj else ["name", "new_api_key", "public_key", "next_public_key"]

    @admin.display(description="API key")
    def credential(self, account: Account) -> SafeString:
        if account.credential_refused_at is not None:
            return badge("refused by Telnyx", "bad")
        has_key = bool(account.api_key) if account.is_house else bool(account.sealed_api_key)
        return badge("set", "good") if has_key else badge("missing", "warn")

    @admin.display(description="webhooks")
    def webhooks(self, account: Account) -> SafeString:
        return badge("verified", "good") if account.public_keys else badge("no public key", "warn")

    @admin.display(description="key refused")
    def refused(self, account: Account) -> Any:
        return moment("credential_refused_at")(account)
