"""Telnyx's errors, in each of the shapes it uses, turned into ours.

Its words are kept for people to read, but made fit for a log line first: one line, cut short, credentials
blanked out.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from videobroker.telnyx.errors import (
    Complaint,
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Refused,
    Unauthorised,
)
from videobroker.telnyx.orders import Answer, Order

MIN_WAIT_SECS: Final = 0.5
MAX_WAIT_SECS: Final = 60.0
USUAL_WAIT_SECS: Final = 1.0

_MAX_COMPLAINTS: Final = 20
_MAX_CHARS: Final = 300
_LOOKS_LIKE_A_TOKEN: Final = re.compile(r"eyJ[\w-]{5,}(?:\.[\w-]*){0,4}")

_KINDS: Final[Mapping[int, tuple[type[Refused], str]]] = {
    400: (Invalid, "correct the request"),
    401: (Unauthorised, "check the API key of this Telnyx account"),
    403: (Forbidden, "check what this Telnyx account and its key may do"),
    404: (NotFound, "it is not, or no longer, at Telnyx"),
    409: (Conflict, "look at its present state first"),
    422: (Invalid, "correct the request"),
}


def refusal(order: Order, answer: Answer) -> Refused:
    """The error for a 4xx answer, whatever its body."""
    complaints = tuple(_complaints(order, answer.body))
    said = f": {complaints[0]}" if complaints else ""
    request_id = request_id_of(order, answer)
    if answer.status == 429:
        wait_secs = wait_asked_for(answer.headers)
        return RateLimited(
            f"Telnyx has had too many requests (429){said}; wait {wait_secs:g} s",
            operation=order.operation,
            status=429,
            request_id=request_id,
            errors=complaints,
            wait_secs=wait_secs,
        )
    kind, advice = _KINDS.get(answer.status, (Refused, "see what Telnyx says"))
    return kind(
        f"Telnyx refused ({answer.status}){said}; {advice}",
        operation=order.operation,
        status=answer.status,
        request_id=request_id,
        errors=complaints,
    )


def request_id_of(order: Order, answer: Answer) -> str | None:
    return _presentable(order, answer.headers.get("x-request-id")) or None


def wait_asked_for(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429: what the headers ask for, within reason; else a second."""
    for name in ("x-ratelimit-reset", "retry-after"):
        asked = _seconds(headers.get(name, ""))
        if asked is not None:
            return min(max(asked, MIN_WAIT_SECS), MAX_WAIT_SECS)
    return USUAL_WAIT_SECS


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return _seconds_until(text)
    return None if math.isnan(seconds) else seconds


def _seconds_until(text: str) -> float | None:
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _complaints(order: Order, body: bytes) -> Iterable[Complaint]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return
    if not isinstance(said, dict):
        return
    listed = said.get("errors")
    for one in listed[:_MAX_COMPLAINTS] if isinstance(listed, list) else [said]:
        if isinstance(one, dict) and (complaint := _complaint(order, one)) != Complaint():
            yield complaint


def _complaint(order: Order, said: Mapping[str, object]) -> Complaint:
    """One entry of `errors`; or a bare one in its place; or `{"success": false, "message": …}`."""
    source = said.get("source")
    where = source if isinstance(source, dict) else {}
    return Complaint(
        code=_presentable(order, said.get("code")),
        title=_presentable(order, said.get("title") or said.get("message")),
        detail=_presentable(order, said.get("detail")),
        pointer=_presentable(order, where.get("pointer") or where.get("parameter")),
    )


def _presentable(order: Order, said: object) -> str:
    if not isinstance(said, str | int):
        return ""
    text = str(said)
    for secret in (order.api_key, *order.tokens):
        if secret:
            text = text.replace(secret.reveal(), secret.MASK)
    text = _LOOKS_LIKE_A_TOKEN.sub("***", text)
    text = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * _MAX_CHARS]).split())
    return text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1] + "…"
