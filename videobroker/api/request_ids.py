"""One id for each request, in the answer, in every log line and in the audit."""

import re
import uuid
from collections.abc import Callable
from typing import Final

import structlog
from django.http import HttpRequest, HttpResponse

ACCEPTABLE: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")


class RequestIdMiddleware:
    """Takes X-Request-Id from the caller if it is harmless, else makes one; gives it back in the same header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if ACCEPTABLE.fullmatch(given) else str(uuid.uuid4())
        request.request_id = request_id  # type: ignore[attr-defined]  # this is where it comes into being
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response
