"""What can go wrong, in the words of our callers: one exception for every answer that is not a success.

Codes are Telnyx's (shared vocabulary of its v2 API); `reason` is our own stable word for programs to act on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

TITLES: Final = {
    "10005": "Resource not found",
    "10007": "Unexpected authentication",
    "10009": "Authentication failed",
    "10010": "Authorization failed",
    "10011": "Too many requests",
    "10012": "Value already in use",
    "10015": "Bad request",
    "10023": "Invalid JSON",
    "10027": "Unprocessable request",
    "10031": "Invalid filter",
    "10033": "Value outside of range",
    "20002": "API key revoked",
    "10016": "Service unavailable",
    "10018": "Request too large",
    "10019": "Method not allowed",
    "10020": "Unsupported media type",
    "10021": "Conflict",
    "10000": "Internal error",
}


def escaped(name: str) -> str:
    """`name` as one step of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def one_of(words: Iterable[str]) -> str:
    """What to tell somebody who gave none of these."""
    return f"this has to be one of: {', '.join(words)}"


@dataclass(frozen=True)
class Fault:
    """One entry of `errors`: what was wrong, where (a JSON pointer into the body, or a query parameter), why."""

    code: str
    detail: str
    reason: str
    pointer: str | None = None
    parameter: str | None = None

    def as_json(self, meta: dict[str, Any]) -> dict[str, Any]:
        """The entry as Telnyx writes it. `source` stands only where something can be pointed at."""
        entry: dict[str, Any] = {
            "code": self.code,
            "title": TITLES[self.code],
            "detail": self.detail,
            "meta": {"reason": self.reason, **meta},
        }
        source = {"pointer": self.pointer, "parameter": self.parameter}
        if given := {key: value for key, value in source.items() if value is not None}:
            entry["source"] = given
        return entry


class Problem(Exception):
    """An answer that is not a success. `retry_at` says when asking again may help."""

    def __init__(
        self,
        status: int,
        faults: Sequence[Fault],
        *,
        retry_at: datetime | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__("; ".join(fault.detail for fault in faults))
        self.status = status
        self.faults = list(faults)
        self.retry_at = retry_at
        self.headers = headers or {}


def bad_request(
    detail: str, *, reason: str = "bad_request", code: str = "10015", parameter: str | None = None
) -> Problem:
    """400: the request cannot be read at all."""
    return Problem(400, [Fault(code, detail, reason, parameter=parameter)])


def invalid(detail: str, pointer: str, *, reason: str = "invalid", code: str = "10027") -> Problem:
    """422: the request was read, and one value in its body does not do."""
    return Problem(422, [Fault(code, detail, reason, pointer=pointer)])


def not_found() -> Problem:
    """404. One answer for what never was, what is gone and what is somebody else's, so none can be told apart."""
    detail = "there is nothing here under this id, or it is not yours to see"
    return Problem(404, [Fault("10005", detail, "not_found")])


def forbidden(reason: str, detail: str, *, retry_at: datetime | None = None) -> Problem:
    """403: understood, and refused."""
    return Problem(403, [Fault("10010", detail, reason)], retry_at=retry_at)


def conflict(reason: str, detail: str, *, retry_at: datetime | None = None) -> Problem:
    """409: right in itself, but not with what is going on now."""
    return Problem(409, [Fault("10021", detail, reason)], retry_at=retry_at)


def unavailable(reason: str, detail: str, *, retry_at: datetime | None = None) -> Problem:
    """503: not now; nothing was lost, ask again."""
    return Problem(503, [Fault("10016", detail, reason)], retry_at=retry_at)
