"""The pages of identity providers."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from videobroker.admin.showing import badge, moment
from videobroker.admin.site import console
from videobroker.admin.tenancy import OperatorAdmin, RowForm
from videobroker.tenants.admin.fields import WriteOnlyField
from videobroker.tenants.models import IdentityProvider
from videobroker.tenants.models.identity_provider import Algorithm


class IdentityProviderForm(RowForm):
    """A provider. A shared secret goes in and never comes out."""

    new_secret = WriteOnlyField(
        label="New shared secret",
        max_length=1000,
        strip=False,
        help_text="For HS256 alone, at least 32 bytes. Sealed at once and never shown; empty keeps what there is.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("new_secret") is not None:
            self.instance.secret = cleaned["new_secret"]
        elif cleaned.get("algorithm") != Algorithm.HS256:
            self.instance.secret = None
        return cleaned


@admin.register(IdentityProvider, site=console)
class IdentityProviderAdmin(OperatorAdmin):
    """Whose logins a tenant's people come with."""

    form = IdentityProviderForm
    list_display = ["issuer", "audience", "algorithm", "key_source", "activity", moment("created_at")]
    list_filter = ["algorithm", "is_active"]
    search_fields = ["issuer", "audience", "tenant__slug"]
    empty_advice = (
        "No identity providers. Without one, only API keys and users of this site can ask for tokens."
    )
    fields = [
        "tenant", "issuer", "audience", "algorithm", "key_source", "new_secret", "keys", "jwks_url", "is_active",
    ]  # fmt: skip
    readonly_fields = ["key_source"]

    @admin.display(description="keys from")
    def key_source(self, provider: IdentityProvider) -> SafeString:
        if provider.sealed_secret:
            return badge("shared secret")
        return (
            badge("JWKS address")
            if provider.jwks_url
            else badge("keys given" if provider.keys else "nowhere yet")
        )

    @admin.display(description="state", ordering="is_active")
    def activity(self, provider: IdentityProvider) -> SafeString:
        return badge("active", "good") if provider.is_active else badge("off", "bad")
