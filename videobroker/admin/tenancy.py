"""The one way rows get onto a page of the console: confined to the tenant of who looks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib.admin import ShowFacets
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from videobroker.admin.acting import ActingAdmin
from videobroker.admin.acts import Act
from videobroker.admin.callers import caller_of, user_of
from videobroker.admin.choosing import MOST_OFFERED, FewRelated, RowChoice
from videobroker.admin.pages import Page
from videobroker.tenants.callers import Caller
from videobroker.tenants.models import Tenant

if TYPE_CHECKING:
    RowForm = forms.ModelForm[Any]
else:
    RowForm = forms.ModelForm

# What may stand behind a field's name in a list's address. Anything else (`__startswith` on a hash, `__tenant__…`)
# would let somebody ask about what no page shows.
LOOKUPS = frozenset({"", "exact", "isnull", "gte", "lt"})


def tenants_seen(request: HttpRequest) -> list[UUID]:
    """The tenants whose rows the signed-in person sees. Tables are indexed by tenant first: asking for all of them by
    name keeps an operator's numbers as cheap as everybody's."""
    user = user_of(request)
    if not user.is_operator:
        return [user.tenant_id] if user.tenant_id else []
    # Each table asks for them in turn. They are looked up at every request, and once in each.
    known: dict[str, list[UUID]] = request.__dict__
    if "tenants_seen" not in known:
        known["tenants_seen"] = list(Tenant.objects.order_by().values_list("pk", flat=True))
    return known["tenants_seen"]


class TenantAdmin(ActingAdmin):
    """Pages of rows that belong to a tenant: staff find their own tenant's, operators everybody's, others nothing.

    Lists, counts, choices of foreign keys, autocomplete, acts and histories all start from `get_queryset`, so a row
    that is not yours is nowhere. Nothing can be made, changed or done unless a subclass says so, and nothing is
    deleted: what ends a row is an act.
    """

    actions = None
    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    save_on_top = False
    view_on_site = False
    tenant_path: ClassVar[str] = "tenant"
    linked_by: ClassVar[Sequence[str]] = ()
    is_editable: ClassVar[bool] = False

    # --- Which rows -------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        user = user_of(request)
        if user.is_operator:
            return rows
        return self.rows_for_staff(request, rows.filter(**{self.tenant_path: user.tenant_id}))

    def rows_for_staff(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Of the tenant's `rows`, those that staff may see."""
        return rows

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        model = db_field.remote_field.model
        kwargs.setdefault("queryset", self.choices_for(model, request))
        field = super().formfield_for_foreignkey(db_field, request, form_class=RowChoice, **kwargs)
        page = self.admin_site.get_model_admin(model)
        if isinstance(field, RowChoice) and isinstance(page, Page):
            field.called = partial(page.name_for, request)
        return field

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """As Django's; the two inputs of a time each say what they are, also to who cannot see the words beside."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, AdminSplitDateTime):
            for widget, part in zip(field.widget.widgets, ("date", "time"), strict=True):
                widget.attrs["aria-label"] = f"{field.label}: {part} (UTC)"
        return field

    def choices_for(self, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
        """The rows of another table that may be pointed at: what that table's own pages show."""
        return self.admin_site.get_model_admin(model).get_queryset(request)

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        """A few rows are chosen from a list that needs no script; many by typing a part of their name."""
        return [
            field.name
            for field in self.opts.get_fields()
            if isinstance(field, ForeignKey) and field.editable and self._has_many(field, request)
        ]

    def _has_many(self, field: ForeignKey[Any, Any], request: HttpRequest) -> bool:
        rows = self.choices_for(field.remote_field.model, request)
        return rows.order_by().values("pk")[: MOST_OFFERED + 1].count() > MOST_OFFERED

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        name, _, kind = lookup.partition("__")
        filters = {_parameter(entry) for entry in self.get_list_filter(request)}
        return kind.removeprefix("id__") in LOOKUPS and name in {*filters, *self.linked_by}

    # --- Who may ----------------------------------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = self.is_editable and self.has_view_permission(request, obj) and self._may_write(request)
        return may and (obj is None or self.may_decide(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def may_act(self, request: HttpRequest, row: Any, act: Act) -> bool:
        if act.for_operators and not user_of(request).is_operator:
            return False
        return self._may_write(request) and self.may_decide(request, row)

    def may_decide(self, request: HttpRequest, row: Any) -> bool:
        """Whether the signed-in person may change this row, which is known to be of a tenant they see."""
        return user_of(request).is_operator

    def _may_write(self, request: HttpRequest) -> bool:
        """The staff of a suspended tenant see what it has, and change nothing."""
        user = user_of(request)
        return user.is_operator or (user.tenant is not None and not user.tenant.is_suspended)

    def caller(self, request: HttpRequest, row: Any) -> Caller:
        return caller_of(request, self.tenant_of(row))

    def tenant_of(self, row: Any) -> Tenant | None:
        """Whose the row is, or None for what belongs to the house."""
        tenant: Tenant | None = getattr(row, self.tenant_path) if self.tenant_path else None
        return tenant

    # --- What is shown ----------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        if self._shows_tenants(request):
            columns.insert(1, self.tenant_path)
        return columns

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters = list(super().get_list_filter(request))
        return [(self.tenant_path, FewRelated), *filters] if self._shows_tenants(request) else filters

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        related = super().get_list_select_related(request)
        related = list(related) if not isinstance(related, bool) else []
        return [*related, self.tenant_path] if self._shows_tenants(request) else related

    def _shows_tenants(self, request: HttpRequest) -> bool:
        fields = {field.name for field in self.opts.get_fields() if isinstance(field, Field)}
        return user_of(request).is_operator and self.tenant_path in fields


def _parameter(list_filter: Any) -> str:
    """What a list's filter is called in its address."""
    if isinstance(list_filter, tuple):
        return str(list_filter[0])
    return str(getattr(list_filter, "parameter_name", list_filter))


class OperatorAdmin(TenantAdmin):
    """Pages that only operators have; what they change here is audited."""

    is_editable = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        if not user_of(request).is_operator:
            nothing: QuerySet[Any] = self.model._default_manager.none()
            return nothing
        return super().get_queryset(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and user_of(request).is_operator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_editable and self.has_view_permission(request)

    def construct_change_message(
        self, request: HttpRequest, form: forms.Form, formsets: Any, add: bool = False
    ) -> Any:
        """The names of the changed fields, for the audit; never their values."""
        return sorted(form.changed_data)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return self.audit(request, obj, "created")

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return self.audit(request, obj, "updated", {"changed": message}) if message else None
