"""The pages of the audit."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from rooms.admin.room_bound import rooms_to_decide
from videobroker.admin.callers import user_of
from videobroker.admin.showing import moment, state, structure
from videobroker.admin.site import console
from videobroker.admin.tenancy import TenantAdmin
from videobroker.tenants.callers import CallerKind
from videobroker.tenants.models import AuditEntry

FOR_OPERATORS = {"tenant", "address"}
OUTCOMES = {AuditEntry.Outcome.REFUSED.value: "warn", AuditEntry.Outcome.DONE.value: "good"}


class ActorKind(SimpleListFilter):
    """Entries by what kind of caller acted; the kinds are known, and need not be looked up among all entries."""

    title = "actor kind"
    parameter_name = "actor_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.value, kind.value.replace("_", " ").capitalize()) for kind in CallerKind]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


@admin.register(AuditEntry, site=console)
class AuditEntryAdmin(TenantAdmin):
    """Who did what to whom: moderators find what was done in their rooms, operators everything. Nothing here is ever
    changed."""

    is_editable = False
    linked_by = ("room_id",)
    list_display = [
        moment("occurred_at", "when"), "actor", "action", state("outcome", OUTCOMES), "reason", "subject_kind",
        "subject", "address",
    ]  # fmt: skip
    list_filter = ["outcome", ActorKind, ("occurred_at", admin.DateFieldListFilter)]
    search_fields = ["actor", "action", "subject", "reason", "request_id"]
    search_help_text = "Part of who, what, whom or why, or the request id of an answer."
    empty_advice = (
        "Nothing has happened yet. Every act that needs a right, and every refusal, is written down here."
    )
    fields = [
        moment("occurred_at", "when"), "tenant", "actor_kind", "actor", "action", state("outcome", OUTCOMES), "reason",
        "subject_kind", "subject", "room_id", "address", "request_id", structure("details"),
    ]  # fmt: skip
    readonly_fields = fields

    def rows_for_staff(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(room_id__in=rooms_to_decide(request).order_by().values("pk"))

    def get_list_display(self, request: HttpRequest) -> Any:
        return _shown_to(request, self.list_display)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return _shown_to(request, self.fields)


def _shown_to(request: HttpRequest, columns: Sequence[Any]) -> list[Any]:
    """Where callers sit, operators above all, is no business of those who moderate."""
    return [each for each in columns if each not in FOR_OPERATORS or user_of(request).is_operator]
