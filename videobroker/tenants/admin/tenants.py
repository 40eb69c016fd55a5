"""The pages of tenants."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from videobroker.admin.acts import Act
from videobroker.admin.showing import moment, state
from videobroker.admin.site import console
from videobroker.admin.tenancy import OperatorAdmin, RowForm
from videobroker.tenants import auditing
from videobroker.tenants.admin.fields import LinesField
from videobroker.tenants.callers import Caller
from videobroker.tenants.models import Tenant, TenantStatus


def _set_status(caller: Caller, tenant: Tenant, status: TenantStatus, action: str) -> None:
    if Tenant.objects.filter(pk=tenant.pk).exclude(status=status).update(status=status):
        auditing.record(caller, action, subject_kind="tenant", subject=tenant.pk)


def _suspend(caller: Caller, tenant: Tenant, now: datetime) -> str:
    _set_status(caller, tenant, TenantStatus.SUSPENDED, "tenant.suspended")
    return f"“{tenant.name}” is suspended: nothing is minted or refreshed for it."


def _resume(caller: Caller, tenant: Tenant, now: datetime) -> str:
    _set_status(caller, tenant, TenantStatus.ACTIVE, "tenant.resumed")
    return f"“{tenant.name}” is active again."


class TenantForm(RowForm):
    """A tenant; its origins one on each line."""

    allowed_origins = LinesField(
        label="Allowed origins",
        help_text="Browser origins that may call us, one on each line, exactly as browsers send them: "
        "https://app.example.com",
    )


@admin.register(Tenant, site=console)
class TenantsAdmin(OperatorAdmin):
    """The companies that use this house."""

    form = TenantForm
    tenant_path = ""
    acts = (
        Act(
            "suspend",
            "Suspend",
            "Nothing is minted or refreshed for “{row.name}” until it is resumed; its people keep their view of what "
            "there is. Who is in a room is put out.",
            _suspend,
            offered=lambda tenant: not tenant.is_suspended,
            is_grave=True,
        ),
        Act(
            "resume",
            "Resume",
            "“{row.name}” is served again.",
            _resume,
            offered=lambda tenant: tenant.is_suspended,
        ),
    )
    list_display = [
        "slug", "name", state("status", {"active": "good", "suspended": "bad"}), "account", "identity_mode",
        moment("created_at"),
    ]  # fmt: skip
    list_filter = ["status", "identity_mode", "refresh_strategy"]
    list_select_related = ("account",)
    search_fields = ["slug", "name"]
    empty_advice = "No tenants yet. Add an account first, then a tenant, an identity provider and an API key."
    readonly_fields = [state("status", {"active": "good", "suspended": "bad"}), moment("created_at"), "id"]
    fieldsets = [
        (None, {"fields": ["slug", "name", "account", "allowed_origins"]}),
        (
            "Tokens",
            {
                "fields": [
                    "client_token_ttl_secs",
                    "client_token_max_ttl_secs",
                    "refresh_token_ttl_secs",
                    "grant_ttl_secs",
                    "refresh_needs_login",
                    "refresh_strategy",
                ]
            },
        ),
        ("Rules", {"fields": ["identity_mode", "recording_retention_days"]}),
        ("Limits", {"fields": ["max_rooms", "mints_per_minute", "requests_per_minute"]}),
        ("Facts", {"fields": readonly_fields}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.readonly_fields, *(["slug"] if obj else [])]

    def tenant_of(self, row: Tenant) -> Tenant:
        return row

    def history_of(self, row: Tenant) -> Q:
        return Q(tenant=row)
