"""The console's site: who gets in, what its front page shows, and how it says no."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from videobroker.admin.callers import may_enter, user_of
from videobroker.admin.figures import Figure
from videobroker.admin.pages import Page

View = Callable[..., HttpResponse]


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
        return super().index(request, {"figures": list(self._figures(request)), **(extra_context or {})})

    def _figures(self, request: HttpRequest) -> Iterator[Figure]:
        for page in self._registry.values():
            if isinstance(page, Page) and page.has_view_permission(request):
                yield from page.figures(request)

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

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return _with_referrer(super().login(request, extra_context))

    def _say_no(self, request: HttpRequest, status: int, title: str, why: str) -> HttpResponse:
        context = {**self.each_context(request), "title": title, "why": why}
        return TemplateResponse(request, "console/refused.html", context, status=status)


def _with_referrer(answer: HttpResponse) -> HttpResponse:
    """Under the house's `no-referrer` browsers send forms with `Origin: null`, which the CSRF check must refuse. The
    console's own pages may know each other's addresses: nothing in them is secret."""
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


console = ConsoleSite(name="admin")
