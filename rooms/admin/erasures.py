"""The pages of erasures of people, with the export of what is kept about one. For operators, as over REST for back ends
with the scope `privacy`: they reach into every room of a tenant."""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from rooms import erasing, exporting
from rooms.admin.bodies import BodyForm
from rooms.models import Erasure
from rooms.serializers.erasures import ErasureBody
from videobroker.admin.callers import caller_of
from videobroker.admin.figures import ByTenant, Figure, counted
from videobroker.admin.showing import EMPTY, badge, moment
from videobroker.admin.site import console
from videobroker.admin.tenancy import OperatorAdmin, tenants_seen
from videobroker.api.problems import Problem
from videobroker.tenants import pseudonyms

State = Erasure.State

STANDING: Final = {
    State.PENDING.value: badge("under way", "busy"),
    State.WAITING.value: badge("waits: a hold keeps something", "warn"),
    State.FINISHED.value: badge("finished", "good"),
}


class PersonForm(BodyForm):
    """A person of a tenant, as the API takes one."""

    body = ErasureBody

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "identity" in self.fields:
            self.fields["identity"].required = True


@admin.register(Erasure, site=console)
class ErasureAdmin(OperatorAdmin):
    """Orders to erase somebody, and the receipts. Once one is finished, nothing here says who it was; who knows the
    identity finds it by that."""

    is_editable = False
    refusals = (Problem,)
    form = PersonForm
    change_list_template = "console/erasures.html"
    list_display = [
        "person",
        "standing",
        moment("created_at", "ordered"),
        moment("finished_at"),
        "ordered_by",
    ]
    list_filter = ["state"]
    search_fields = ["identity", "=pseudonym"]
    search_help_text = "A whole identity, also of somebody whose erasure is finished, or a pseudonym."
    empty_advice = (
        "Nobody was erased. An erasure deletes a person's recordings and what lets them in, and puts a pseudonym in "
        "their place in the history; back ends order them with POST /v2/erasures."
    )
    fields = [
        "tenant", "person", "standing", "removed", "replaced", "kept", "ordered_by", moment("created_at", "ordered"),
        moment("ordered_again_at"), moment("finished_at"), "id",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("tenant")
        return rows

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        found, has_twins = super().get_search_results(request, queryset, search_term)
        if search_term and not pseudonyms.is_pseudonym(search_term):
            names = [pseudonyms.pseudonym_of(each, search_term) for each in tenants_seen(request)]
            found |= queryset.filter(pseudonym__in=names)
        return found, has_twins

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is not None else ["tenant", "identity"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is not None else []

    def history_of(self, row: Erasure) -> Q:
        return Q(
            tenant=row.tenant_id,
            subject_kind="identity",
            subject__in=[row.identity or row.pseudonym, row.pseudonym],
        )

    # --- Ordering one -------------------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Before somebody is erased it is said what will happen to how much, and asked once more."""
        if object_id is None and request.method == "POST" and "confirmed" not in request.POST:
            form = self.get_form(request)(request.POST)
            if self.has_add_permission(request) and form.is_valid():
                return self._ask_once_more(request, form)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _ask_once_more(self, request: HttpRequest, form: Any) -> HttpResponse:
        tenant, identity = form.cleaned_data["tenant"], form.cleaned_data["identity"]
        context = {
            **self.admin_site.each_context(request),
            "title": "Erase a person",
            "tenant": tenant,
            "identity": identity,
            "foreseen": erasing.foreseen(tenant, identity),
            "back": self._list(),
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "console/erase.html", context)

    def save_model(self, request: HttpRequest, obj: Erasure, form: forms.Form, change: bool) -> None:
        caller = caller_of(request, obj.tenant)
        ordered = erasing.order(caller, obj.tenant, obj.identity, now=timezone.now())
        obj.pk, obj.pseudonym = ordered.pk, ordered.pseudonym  # the one under way, if there was one

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None  # ordering it has audited it

    # --- Export -------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="rooms_erasure_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """All that is kept about a person, as a file. That it was asked for is audited."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = self.get_form(request)(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            tenant, identity = form.cleaned_data["tenant"], form.cleaned_data["identity"]
            caller, now = caller_of(request, tenant), timezone.now()
            pieces = exporting.export(caller, tenant, identity, now=now, request=request)
            headers = {
                "Content-Disposition": 'attachment; filename="personal-data.json"',
                "Cache-Control": "no-store",
            }
            return StreamingHttpResponse(pieces, content_type="application/json", headers=headers)
        context = {
            **self.admin_site.each_context(request),
            "title": "Export what is kept about a person",
            "form": form,
            "back": self._list(),
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "console/export.html", context)

    # --- Numbers and columns ------------------------------------------------------------------------------

    def figures(self, request: HttpRequest) -> list[Figure]:
        waiting = counted(self.get_queryset(request).filter(state=State.WAITING, finished_at=None))
        url = f"{self._list()}?state__exact={State.WAITING}"
        return [Figure("erasures waiting for a hold", waiting, url, "warn" if waiting else "", rank=8)]

    def by_tenant(self, tenant_ids: Collection[UUID]) -> list[ByTenant]:
        rows = Erasure.objects.filter(tenant__in=tenant_ids, state=State.WAITING, finished_at=None)
        counts = rows.order_by().values_list("tenant").annotate(Count("pk"))
        return [ByTenant("erasures waiting", dict(counts), rank=8)]

    @admin.display(description="who")
    def person(self, erasure: Erasure) -> str:
        return erasure.identity or erasure.pseudonym

    @admin.display(description="state", ordering="state")
    def standing(self, erasure: Erasure) -> SafeString:
        return STANDING[erasure.state]

    @admin.display(description="removed")
    def removed(self, erasure: Erasure) -> SafeString | str:
        return _counts(erasure, "removed")

    @admin.display(description="replaced by the pseudonym in")
    def replaced(self, erasure: Erasure) -> SafeString | str:
        return _counts(erasure, "replaced")

    @admin.display(description="kept by holds")
    def kept(self, erasure: Erasure) -> SafeString | str:
        kept = erasure.receipt.get("kept", {})
        pages = {"recordings": "recording", "compositions": "composition", "holds": "hold"}
        lines = (
            (reverse(f"admin:rooms_{pages[kind]}_change", args=[pk]), f"{pages[kind]} {pk[:8]}")
            for kind in pages
            for pk in kept.get(kind, {}).get("ids", [])
        )
        told = [f"{kept[kind]['count']} {kind}" for kind in pages if kept.get(kind, {}).get("count")]
        if not told:
            return EMPTY
        return format_html_join(
            "", "{} {}", [(f"{', '.join(told)}:", format_html_join(", ", '<a href="{}">{}</a>', lines))]
        )


def _counts(erasure: Erasure, section: str) -> SafeString | str:
    """A part of the receipt, a line for each kind."""
    found = erasure.receipt.get(section, {})
    lines = ((f"{count:,}", kind.replace("_", " ")) for kind, count in found.items() if count)
    return format_html_join("", "<div>{} {}</div>", lines) or EMPTY
