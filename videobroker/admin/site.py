"""The console's site: who gets in, what its front page shows, and how it says no."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from videobroker.admin.callers import may_enter, user_of
from videobroker.admin.choosing import RowsByTyping
from videobroker.admin.pages import Page
from videobroker.tenants.models import Tenant

View = Callable[..., HttpResponse]
# Side by side on the front page; all of them are in their list.
MOST_TENANTS: Final = 100


class ConsoleSite(AdminSite):
    """Django's admin for operators and for the staff of tenants. Permission rows are never asked."""

    site_title = "videobroker"
    site_header = "videobroker"
    index_title = "Overview"
    site_url = None
    index_template = "console/index.html"
    app_index_template = "console/app_index.html"
    login_template = "console/login.html"

    def has_permission(self, request: HttpRequest) -> bool:
        return may_enter(request.user)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        if self.has_permission(request) and (tenant := user_of(request).tenant) is not None:
            context["site_header"] = f"videobroker · {tenant.name}"
        return context

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        pages = self._pages(request)
        figures = [figure for page in pages for figure in page.figures(request)]
        shown = {
            "figures": sorted(figures, key=lambda figure: figure.rank),
            "panels": [panel for page in pages for panel in page.panels(request)],
            "tenants": _by_tenant(pages) if user_of(request).is_operator else None,
        }
        return super().index(request, {**shown, **(extra_context or {})})

    def _pages(self, request: HttpRequest) -> list[Page]:
        pages = (page for page in self._registry.values() if isinstance(page, Page))
        return [page for page in pages if page.has_view_permission(request)]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """As Django's; a refusal is a page that can be read, not the API's JSON."""
        guarded: View = super().admin_view(view, cacheable)

        @wraps(guarded)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return _with_referrer(guarded(request, *args, **kwargs))
            except PermissionDenied as refusal:
                return self._say_no(request, 403, "This is not yours to do", str(refusal))
            except Http404:
                return self._say_no(request, 404, "There is nothing here", "")

        return answer

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return RowsByTyping.as_view(admin_site=self)(request)  # type: ignore[return-value]  # a JsonResponse

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return _with_referrer(super().login(request, extra_context))

    def _say_no(self, request: HttpRequest, status: int, title: str, why: str) -> HttpResponse:
        context = {**self.each_context(request), "title": title, "why": why}
        return TemplateResponse(request, "console/refused.html", context, status=status)


def _by_tenant(pages: list[Page]) -> dict[str, Any]:
    """The tenants side by side, each with the numbers that the pages know of it."""
    tenants = list(Tenant.objects.order_by("name")[:MOST_TENANTS])
    ids = [tenant.pk for tenant in tenants]
    columns = sorted(
        (column for page in pages for column in page.by_tenant(ids)), key=lambda column: column.rank
    )
    rows = [(tenant, [column.counts.get(tenant.pk, 0) for column in columns]) for tenant in tenants]
    return {
        "labels": [column.label for column in columns],
        "rows": rows,
        "is_cut": len(tenants) == MOST_TENANTS,
    }


def _with_referrer(answer: HttpResponse) -> HttpResponse:
    """Under the house's `no-referrer` browsers send forms with `Origin: null`, which the CSRF check must refuse. The
    console's own pages may know each other's addresses: nothing in them is secret."""
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


console = ConsoleSite(name="admin")
