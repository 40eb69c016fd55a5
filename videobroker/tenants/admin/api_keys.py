"""The pages of API keys: made here, shown once, revoked here."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from videobroker.admin.acts import Act
from videobroker.admin.showing import badge, moment
from videobroker.admin.site import console
from videobroker.admin.tenancy import OperatorAdmin, RowForm
from videobroker.tenants import api_keys, auditing
from videobroker.tenants.callers import Caller
from videobroker.tenants.models import ApiKey
from videobroker.tenants.scopes import SCOPES


def _revoke(caller: Caller, key: ApiKey, now: datetime) -> str:
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        auditing.record(caller, "api_key.revoked", subject_kind="api_key", subject=key.pk)
    return f"“{key.name}” is revoked: from now on it opens nothing."


class ApiKeyForm(RowForm):
    """A key to be made: its scopes as boxes to tick."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope}: {meaning}") for scope, meaning in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text="Give no more than the back end needs.",
    )

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError("This time is over: a key expires in the future.")
        return expires_at


class KeyState(SimpleListFilter):
    """Keys that open something now, and those that do not any more."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("active", "Active"), ("expired", "Expired"), ("revoked", "Revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        expired = Q(expires_at__lte=timezone.now())
        match self.value():
            case "active":
                return queryset.filter(revoked_at=None).exclude(expired)
            case "expired":
                return queryset.filter(expired, revoked_at=None)
            case "revoked":
                return queryset.exclude(revoked_at=None)
        return queryset


@admin.register(ApiKey, site=console)
class ApiKeyAdmin(OperatorAdmin):
    """Keys of back ends. What a key may do is fixed when it is made: to change it, make another and revoke this."""

    form = ApiKeyForm
    acts = (
        Act(
            "revoke",
            "Revoke",
            "{row} opens nothing from now on. Back ends that use it are refused with 401; it cannot be taken back.",
            _revoke,
            offered=lambda key: key.revoked_at is None,
            is_grave=True,
        ),
    )
    list_display = [
        "name",
        "begins_with",
        "standing",
        "may",
        moment("last_used_at"),
        moment("expires_at"),
        moment("created_at"),
    ]
    list_filter = [KeyState]
    search_fields = ["name", "lookup", "tenant__slug"]
    search_help_text = "Part of a name or of a tenant's, or the twelve characters after vbk_."
    empty_advice = "No API keys. Add one for a tenant's back end: it is shown once, right after it was made."
    fields = ["tenant", "name", "scopes", "expires_at"]
    shown = [
        "tenant", "name", "begins_with", "standing", "may", moment("created_at"), moment("last_used_at"),
        moment("expires_at"), moment("revoked_at"),
    ]  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else []

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One button: whichever was pressed, the next page is the one with the key."""
        context = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, {**context, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: ApiKey, form: forms.Form, change: bool) -> None:
        row, key = api_keys.create(
            obj.tenant, name=obj.name, scopes=form.cleaned_data["scopes"], expires_at=obj.expires_at
        )
        obj.pk, obj.lookup = row.pk, row.lookup
        request.made_key = key  # type: ignore[attr-defined]  # for `response_add`, in this request alone

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The one page with the key. Nothing keeps it: neither a session nor a message nor a redirect."""
        context = {
            **self.admin_site.each_context(request),
            "title": "The new API key",
            "original": obj,
            "key": request.made_key.reveal(),  # type: ignore[attr-defined]  # put there by `save_model`
            "back": self.page_of(obj),
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "console/key_shown_once.html", context)

    @admin.display(description="begins with", ordering="lookup")
    def begins_with(self, key: ApiKey) -> str:
        return f"{api_keys.PREFIX}{key.lookup}…"

    @admin.display(description="scopes")
    def may(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="state")
    def standing(self, key: ApiKey) -> SafeString:
        if key.revoked_at is not None:
            return badge("revoked", "bad")
        return badge("expired", "warn") if key.is_expired(timezone.now()) else badge("active", "good")
