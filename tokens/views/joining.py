"""The page to join a room from: signing in here, and what the page's scripts are told. All else they ask of the API."""

from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import ensure_csrf_cookie

from videobroker.tenants.models import User

# Where the client SDK of a real account talks to.
TELNYX: Final = "https://*.telnyx.com wss://*.telnyx.com"


@method_decorator(ensure_csrf_cookie, name="dispatch")
class JoinPage(View):
    """The same page for every room and everybody: whether there is such a room is for the API to say, to those who
    sign in."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, room_id: UUID) -> HttpResponse:
        """Show the page."""
        return _page(request, room_id, AuthenticationForm(request))

    def post(self, request: HttpRequest, room_id: UUID) -> HttpResponse:
        """Sign in with user name and password, or out, and come back to the page."""
        if "sign_out" in request.POST:
            logout(request)
            return _within(HttpResponseRedirect(request.path))
        form = AuthenticationForm(request, data=request.POST)
        if not form.is_valid():
            return _page(request, room_id, form)
        login(request, form.get_user())
        return _within(HttpResponseRedirect(request.path))


def _page(request: HttpRequest, room_id: UUID, form: AuthenticationForm) -> HttpResponse:
    simulator = _simulator()
    told: dict[str, Any] = {
        "room_id": room_id,
        "form": form,
        "person": _person(request),
        "simulator": simulator,
        "video_module": "" if simulator else settings.TELNYX_VIDEO_MODULE,
    }
    page = TemplateResponse(request, "joining/join.html", told)
    page.headers["Content-Security-Policy"] = _policy(simulator)
    return _within(page)


def _person(request: HttpRequest) -> dict[str, str] | None:
    """Who is signed in here: their name, and their identity, which operators have not."""
    user = request.user
    if not isinstance(user, User):
        return None
    return {"identity": user.identity, "name": user.get_full_name() or user.identity or user.username}


def _simulator() -> str:
    """Where the simulator is, if it stands in for Telnyx; it speaks no TLS, and Telnyx nothing else. With a real
    account, whatever stands between us and Telnyx is nobody's business."""
    base = str(settings.TELNYX_API_BASE)
    return base.removesuffix("/v2") if base.startswith("http://") and not settings.TELNYX_API_KEY else ""


def _policy(simulator: str) -> str:
    """What the page may load: its own, and what joining takes, which is either the simulator or Telnyx's SDK."""
    module = urlsplit(settings.TELNYX_VIDEO_MODULE)
    host = f" {module.scheme}://{module.netloc}" if module.netloc and not simulator else ""
    return (
        f"default-src 'none'; script-src 'self'{host}; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
        f"connect-src 'self' {simulator or TELNYX}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "object-src 'none'"
    )


def _within(answer: HttpResponse) -> HttpResponse:
    """Under the house's `no-referrer` browsers send forms with `Origin: null`, which the CSRF check must refuse."""
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer
