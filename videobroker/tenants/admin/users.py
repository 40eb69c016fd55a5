"""The pages of users."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import admin as djangos
from django.contrib.auth import forms as djangos_forms
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from videobroker.admin.showing import badge, moment
from videobroker.admin.site import console
from videobroker.admin.tenancy import OperatorAdmin, RowForm
from videobroker.tenants import pseudonyms, renaming
from videobroker.tenants.models import User

if TYPE_CHECKING:
    CreationForm = djangos_forms.UserCreationForm[User]
    DjangosUserAdmin = djangos.UserAdmin[User]
else:
    CreationForm, DjangosUserAdmin = djangos_forms.UserCreationForm, djangos.UserAdmin

LABELS = {
    "is_staff": ("May use the console", "For moderators of their tenant, and for operators."),
    "is_superuser": ("Is an operator", "Runs the house: sees every tenant, and belongs to none."),
    "is_active": ("May sign in", "Untick it instead of deleting somebody: their tokens are refused as well."),
}


class _Rules(RowForm):
    """Who may be what; the same for new users and old ones."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, help_text) in LABELS.items():
            if name in self.fields:
                self.fields[name].label, self.fields[name].help_text = label, help_text

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        tenant = cleaned.get("tenant")
        is_operator = cleaned.get("is_superuser", self.instance.is_superuser)
        if is_operator and tenant is not None:
            self.add_error("tenant", "Operators belong to no tenant: leave it empty, or untick operator.")
        if is_operator and not cleaned.get("is_staff", self.instance.is_staff):
            self.add_error("is_staff", "Operators use the console: tick this too.")
        if not is_operator and tenant is None and "tenant" in self.fields:
            self.add_error("tenant", "Choose the tenant this person belongs to.")
        if cleaned.get("identity") and tenant is None:
            self.add_error("identity", "An identity is a tenant's name for somebody: leave it empty here.")
        return cleaned


class UserForm(_Rules):
    """An existing user."""

    def clean(self) -> dict[str, Any]:
        """Who was deactivated, and erased since, is let in again as somebody new: the row is nobody's from then on."""
        cleaned = super().clean()
        if cleaned.get("is_active") and pseudonyms.is_pseudonym(self.instance.identity):
            self.instance.identity = ""
        return cleaned


class NewUserForm(_Rules, CreationForm):
    """A new user, with a password."""

    class Meta:
        model = User
        fields = ("username",)


@admin.register(User, site=console)
class UserAdmin(OperatorAdmin, DjangosUserAdmin):
    """Who signs in here. Passwords are set, never shown; not even their hashes are."""

    form = UserForm
    add_form = NewUserForm
    list_display = [
        "username",
        "identity",
        "part",
        "activity",
        moment("last_login"),
        moment("date_joined", "since"),
    ]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    search_fields = ["username", "identity", "first_name", "last_name", "tenant__slug"]
    filter_horizontal = ()
    empty_advice = "No users."
    people = ["tenant", "identity", "first_name", "last_name"]
    rights = ["is_active", "is_staff", "is_superuser"]
    readonly_fields = [moment("last_login"), moment("date_joined", "since")]
    fieldsets = [
        (None, {"fields": ["username", *people]}),
        ("Rights", {"fields": rights}),
        ("Facts", {"fields": readonly_fields}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "password1", "password2", *people]}),
        ("Rights", {"fields": ["is_staff", "is_superuser"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody shuts themselves out, and what stands for somebody who was erased stays."""
        fixed = [*self.readonly_fields]
        if obj is not None and obj == request.user:
            fixed += self.rights
        if obj is not None and pseudonyms.is_pseudonym(obj.username):
            fixed += ["username", "tenant", "identity"]
        return fixed

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002  Django's name for it
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {"password_url": reverse("admin:auth_user_password_change", args=[object_id])}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A change of the user name is audited with the former one, under which there may be more in the audit."""
        super().save_model(request, obj, form, change)
        if change and "username" in form.changed_data:
            self.audit(request, obj, renaming.RENAMED, renaming.details_of(obj, form.initial["username"]))

    def subject_of(self, row: User) -> str:
        return row.username

    def history_of(self, row: User) -> Q:
        return Q(subject_kind="user", subject=row.username)

    @admin.display(description="part")
    def part(self, user: User) -> SafeString:
        if user.is_superuser and user.tenant_id is None:
            return badge("operator", "warn")
        return badge("staff", "busy") if user.is_staff else badge("person")

    @admin.display(description="state", ordering="is_active")
    def activity(self, user: User) -> SafeString:
        return badge("active", "good") if user.is_active else badge("off", "bad")
