"""`/metrics`, for Prometheus. What stands there is of all tenants, so it takes a token of its own."""

import hmac

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from videobroker.api.errors import answer, as_problem
from videobroker.api.problems import Fault, Problem, not_found


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of the house, and this process's own. 404 unless METRICS_TOKEN is set.

    Without a token nobody is let in, not even from the loopback: behind a proxy on the same machine everybody comes
    from there.
    """
    try:
        _check(request)
        return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)
    except (Problem, OperationalError, InterfaceError) as error:
        return answer(request, as_problem(error) or not_found())


def _check(request: HttpRequest) -> None:
    token: str = settings.METRICS_TOKEN.reveal()
    if not token:
        raise not_found()
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        detail = "send `Authorization: Bearer …` with what METRICS_TOKEN is set to"
        headers = {"WWW-Authenticate": 'Bearer realm="videobroker metrics"'}
        raise Problem(401, [Fault("10009", detail, "invalid_metrics_token")], headers=headers)
