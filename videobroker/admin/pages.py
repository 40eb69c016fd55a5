"""What all pages of the console have in common: their looks, what an empty list says, and a row's history."""

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from videobroker.admin.figures import ByTenant, Figure, Panel
from videobroker.admin.paging import ShortPaginator
from videobroker.tenants.models import AuditEntry

if TYPE_CHECKING:

    class ModelAdmin(admin.ModelAdmin[Any]):
        """Generic in the stubs alone, and narrower there than Django is: a column may be a function everywhere."""

        fields: ClassVar[Any]
        fieldsets: ClassVar[Any]
        list_display: Any
        readonly_fields: ClassVar[Any]
else:
    ModelAdmin = admin.ModelAdmin


class Page(ModelAdmin):
    """A table's pages. Django's own log is not written: the audit is the one record of who did what."""

    change_list_template = "console/change_list.html"
    change_form_template = "console/change_form.html"
    paginator = ShortPaginator
    # What a list says that has no rows yet: what would be here, and how it gets here.
    empty_advice: ClassVar[str] = "Nothing here yet."

    class Media:
        css = {"all": ["console/console.css"]}

    def name_for(self, request: HttpRequest, row: Any) -> str:
        """What a row is called where this person chooses one."""
        return str(row)

    @property
    def kind(self) -> str:
        """The row's noun as the audit writes it."""
        return str(self.opts.verbose_name).replace(" ", "_").lower()

    def find(self, request: HttpRequest, object_id: str) -> Any:
        """The row, if it is on one of this person's pages. Raises `Http404` for others' as for none."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = str(self.opts.verbose_name_plural).capitalize()
        context = {"title": title, "empty_advice": self.empty_advice, **(extra_context or {})}
        return super().changelist_view(request, context)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None  # the call that made the row has audited it

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def figures(self, request: HttpRequest) -> Iterable[Figure]:
        """What the front page should say of this table."""
        return ()

    def panels(self, request: HttpRequest) -> Iterable[Panel]:
        """What the front page should show beside its figures."""
        return ()

    def by_tenant(self, tenant_ids: Collection[UUID]) -> Iterable[ByTenant]:
        """Of each of these tenants, what operators should see at one glance."""
        return ()

    # --- History ----------------------------------------------------------------------------------------

    def history_of(self, row: Any) -> Q:
        """Which audit entries are about the row."""
        return Q(subject_kind=self.kind, subject=str(row.pk))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.find(request, object_id)
        entries = AuditEntry.objects.filter(self.history_of(row)).order_by("-occurred_at", "-id")
        page = Paginator(entries, 100).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {row}",
            "entries": page,
            "original": row,
            "opts": self.opts,
            "media": self.media,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "console/history.html", context)
