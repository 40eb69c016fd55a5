"""Every answer that is not a success, in Telnyx's error shape: whatever was raised, wherever it was raised."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.core.exceptions import BadRequest, DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.csrf import csrf_failure
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from videobroker.api.problems import Fault, Problem, bad_request, escaped, not_found, unavailable
from videobroker.api.times import iso

log = structlog.get_logger(__name__)

# A body can be wrong in ten thousand places; nobody reads on after this many, and the answer stays small.
MOST_FAULTS: Final = 50
# DRF's validation codes, as Telnyx's codes and our reasons.
VALIDATION: Final = {
    "required": ("10027", "required"),
    "unique": ("10012", "duplicate"),
    "min_value": ("10033", "out_of_range"),
    "max_value": ("10033", "out_of_range"),
    "max_length": ("10033", "out_of_range"),
    "min_length": ("10033", "out_of_range"),
    "empty": ("10033", "out_of_range"),
    "max_string_length": ("10033", "out_of_range"),
    "overflow": ("10033", "out_of_range"),
    "not_a_list": ("10027", "invalid"),
    "not_a_dict": ("10027", "invalid"),
    "date": ("10027", "invalid"),
    "make_aware": ("10027", "invalid"),
    "unknown_field": ("10027", "unknown_field"),
}


def answer_to(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER. What nobody foresaw is None here: Django logs it and `on_server_error` answers."""
    problem = as_problem(error)
    if problem is None:
        return None
    set_rollback()
    request_id = getattr(context["request"]._request, "request_id", "")
    return Response(body_of(problem, request_id), status=problem.status, headers=headers_of(problem))


def as_problem(error: Exception) -> Problem | None:
    """The problem that `error` is to a caller, or None for a fault of ours."""
    match error:
        case Problem():
            return error
        case exceptions.ValidationError():
            return Problem(422, list(_faults(error.get_full_details(), "")))
        case DjangoValidationError():
            return Problem(422, [Fault("10027", message, "invalid") for message in error.messages])
        case exceptions.AuthenticationFailed() | exceptions.NotAuthenticated():
            return _unauthorised(error)
        case exceptions.PermissionDenied():
            return Problem(403, [Fault("10010", str(error.detail), _code(error))])
        case Http404() | exceptions.NotFound():
            return not_found()
        case exceptions.MethodNotAllowed():
            return Problem(405, [Fault("10019", str(error.detail), "method_not_allowed")])
        case exceptions.UnsupportedMediaType():
            detail = "send the body as application/json and say so in Content-Type"
            return Problem(415, [Fault("10020", detail, "unsupported_media_type")])
        case exceptions.Throttled():
            return throttled(getattr(error, "wait", None) or 1.0)
        case RequestDataTooBig():
            return too_large()
        case exceptions.APIException():
            return Problem(error.status_code, [Fault("10015", str(error.detail), _code(error))])
        case OperationalError() | InterfaceError():
            log.error("database_unavailable", error=type(error).__name__, exc_info=error)
            return unavailable(
                "database_unavailable", "the database does not answer; nothing was done", retry_at=_in(1)
            )
    return None


def _unauthorised(error: exceptions.APIException) -> Problem:
    reason = _code(error)
    code = "20002" if reason == "key_revoked" else "10009"
    headers = {"WWW-Authenticate": 'Bearer realm="videobroker"'}
    return Problem(401, [Fault(code, str(error.detail), reason)], headers=headers)


def throttled(
    wait_secs: float, reason: str = "too_many_requests", headers: dict[str, str] | None = None
) -> Problem:
    """429, with the time to wait in the body and in Retry-After."""
    detail = f"too many requests: wait {math.ceil(wait_secs)} s"
    return Problem(429, [Fault("10011", detail, reason)], retry_at=_in(wait_secs), headers=headers)


def too_large() -> Problem:
    """413."""
    return Problem(413, [Fault("10018", "a request body has at most 256 KB", "too_large")])


def length_required() -> Problem:
    """411."""
    told = "say how long the body is: send it with a Content-Length, not in chunks"
    return Problem(411, [Fault("10015", told, "length_required")])


def _in(secs: float) -> datetime:
    return timezone.now() + timedelta(seconds=secs)


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else "refused"


def _faults(details: Any, pointer: str) -> Iterator[Fault]:
    """Walk DRF's nested error details; each leaf becomes one fault with its JSON pointer (RFC 6901)."""
    if _is_leaf(details):
        code, reason = VALIDATION.get(details["code"], ("10027", details["code"]))
        yield Fault(code, str(details["message"]), reason, pointer=pointer or "/")
    elif isinstance(details, dict):
        for name, inner in details.items():
            of_no_field = name == "non_field_errors" and isinstance(inner, list)
            here = pointer if of_no_field else f"{pointer}/{escaped(str(name))}"
            yield from _faults(inner, here)
    else:
        leaves = all(_is_leaf(inner) for inner in details)
        for index, inner in enumerate(details):
            yield from _faults(inner, pointer if leaves else f"{pointer}/{index}")


def _is_leaf(details: Any) -> bool:
    """Whether this is one error of DRF's. Names that callers choose may be the same as what it is made of."""
    return (
        isinstance(details, dict) and {"message", "code"} == set(details) and isinstance(details["code"], str)
    )


def body_of(problem: Problem, request_id: str) -> dict[str, Any]:
    """The JSON of a problem."""
    meta: dict[str, Any] = {"request_id": request_id}
    if problem.retry_at:
        meta["retry_at"] = iso(problem.retry_at)
    return {"errors": [fault.as_json(meta) for fault in problem.faults[:MOST_FAULTS]]}


def headers_of(problem: Problem) -> dict[str, str]:
    """The problem's headers: what it asks for, and Retry-After (whole seconds, RFC 9110 10.2.3) where waiting helps."""
    headers = dict(problem.headers)
    if problem.retry_at and problem.status in {409, 429, 503}:
        wait = (problem.retry_at - timezone.now()).total_seconds()
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return headers


def answer(request: HttpRequest, problem: Problem) -> JsonResponse:
    """A problem that was met outside of DRF."""
    request_id = getattr(request, "request_id", "")
    return JsonResponse(body_of(problem, request_id), status=problem.status, headers=headers_of(problem))


# --- Django's own error handlers (urls.py names them) ------------------------------------------------------


def on_not_found(request: HttpRequest, exception: Exception) -> JsonResponse:
    """404 for a path that is none of ours."""
    return answer(request, not_found())


def on_bad_request(request: HttpRequest, exception: Exception) -> JsonResponse:
    """400 for what Django itself refuses to read."""
    if isinstance(exception, RequestDataTooBig):
        return answer(request, too_large())
    if isinstance(exception, DisallowedHost):
        return answer(
            request, bad_request("this Host is not served here: add it to ALLOWED_HOSTS", reason="host")
        )
    detail = (
        "the request cannot be read"
        if isinstance(exception, SuspiciousOperation | BadRequest)
        else "bad request"
    )
    return answer(request, bad_request(detail))


def on_permission_denied(request: HttpRequest, exception: Exception) -> JsonResponse:
    """403 from Django's own views."""
    detail = str(exception) if isinstance(exception, DjangoPermissionDenied) else "this is not for you"
    return answer(request, Problem(403, [Fault("10010", detail or "this is not for you", "forbidden")]))


def on_server_error(request: HttpRequest) -> JsonResponse:
    """500: a fault of ours. The caller gets the request id to tell us; the log has the rest."""
    detail = "something broke on our side; tell us the request_id"
    return answer(request, Problem(500, [Fault("10000", detail, "internal_error")]))


def on_csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """CSRF_FAILURE_VIEW: a page for people in the console and at the door, the API's error shape for everybody else."""
    if request.path.startswith(("/admin/", "/join/")):
        return csrf_failure(request, reason)
    detail = "the CSRF token is missing or wrong: reload the page and send the form again"
    return answer(request, Problem(403, [Fault("10010", detail, "csrf_failed")]))
