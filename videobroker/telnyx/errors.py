"""What can go wrong on the line to Telnyx, told apart by what the caller may do next.

    TelnyxError
    ├── NotSent           nothing left this machine: safe to send again
    ├── OutcomeUnknown    it may or may not have been done: look at Telnyx before sending a write again
    │   ├── TimedOut · ConnectionLost · ServerFailed (5xx) · GarbledAnswer
    └── Refused (4xx)     Telnyx said no, and nothing was changed
        └── Unauthorised · Forbidden · NotFound · Conflict · Invalid · RateLimited

For a read, an unknown outcome is simply a failure. No error holds a key, a token, or a word of an answer that
succeeded; what Telnyx said about a refusal is kept, cut short and with credentials blanked out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

DUPLICATE_CODE: Final = "10012"


class TelnyxError(Exception):
    """Something went wrong between videobroker and Telnyx.

    `operation` is the name of the method of `Telnyx` that was called, `status` the HTTP status if an answer
    came, `request_id` the id by which Telnyx can find the call in its logs, if it gave one.
    """

    outcome: ClassVar[str] = "failed"
    """The word under which metrics count this kind of error."""

    def __init__(
        self, message: str, *, operation: str, status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.status = status
        self.request_id = request_id

    def __str__(self) -> str:
        told = f"{self.operation}: {self.args[0]}"
        return f"{told} (request {self.request_id})" if self.request_id else told


class NotSent(TelnyxError):
    """Not one byte of the request left: no name, no connection, no TLS, or no time. Safe to send again."""

    outcome = "not_sent"


class OutcomeUnknown(TelnyxError):
    """The request went out and no usable answer came back. A write may have been done."""

    outcome = "unknown"


class TimedOut(OutcomeUnknown):
    """The answer was not complete when the time of the call was up."""

    outcome = "timed_out"


class ConnectionLost(OutcomeUnknown):
    """The connection ended, or what it carried was not HTTP, before the answer was complete."""

    outcome = "connection_lost"


class ServerFailed(OutcomeUnknown):
    """Telnyx answered 5xx."""

    outcome = "server_failed"


class GarbledAnswer(OutcomeUnknown):
    """An answer came that is neither a refusal nor what the operation promises (2xx or 3xx)."""

    outcome = "garbled_answer"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One error out of Telnyx's list; whatever it left out is empty."""

    code: str = ""
    title: str = ""
    detail: str = ""
    pointer: str = ""
    """JSON pointer to the field, or the name of the query parameter, that is at fault."""

    def __str__(self) -> str:
        said = " ".join(part for part in (self.code, self.title) if part)
        said = ": ".join(part for part in (said, self.detail) if part)
        return f"{said} (at {self.pointer})" if self.pointer else said


class Refused(TelnyxError):
    """Telnyx answered 4xx: it understood enough to say no. `errors` is empty if it did not say why."""

    outcome = "refused"

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        status: int | None = None,
        request_id: str | None = None,
        errors: Sequence[Complaint] = (),
    ) -> None:
        super().__init__(message, operation=operation, status=status, request_id=request_id)
        self.errors = tuple(errors)

    @property
    def _first(self) -> Complaint:
        return self.errors[0] if self.errors else Complaint()

    @property
    def code(self) -> str:
        return self._first.code

    @property
    def title(self) -> str:
        return self._first.title

    @property
    def detail(self) -> str:
        return self._first.detail

    @property
    def pointer(self) -> str:
        return self._first.pointer

    @property
    def is_duplicate(self) -> bool:
        """Whether a value that must be unique in the account, such as a room's `unique_name`, is taken."""
        return any(complaint.code == DUPLICATE_CODE for complaint in self.errors)

    @property
    def already_over(self) -> bool:
        """Whether this is how Telnyx says that the session to be ended has already ended."""
        return self.operation == "end_session" and self.status in {404, 422}


class Unauthorised(Refused):
    """401: the API key is not (or no longer) accepted."""

    outcome = "unauthorised"


class Forbidden(Refused):
    """403: the key is known but may not do this, or the account is blocked or out of funds."""

    outcome = "forbidden"


class NotFound(Refused):
    """404: the thing named in the path is not there."""

    outcome = "not_found"


class Conflict(Refused):
    """409: the thing is not in a state that allows this."""

    outcome = "conflict"


class Invalid(Refused):
    """400 or 422: something in the request is wrong; `pointer` says what, if Telnyx said so."""

    outcome = "invalid"


class RateLimited(Refused):
    """429: too many requests. Wait `wait_secs` (0.5..60, whatever Telnyx wrote) before the next."""

    outcome = "rate_limited"

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        status: int | None = None,
        request_id: str | None = None,
        errors: Sequence[Complaint] = (),
        wait_secs: float = 1.0,
    ) -> None:
        super().__init__(message, operation=operation, status=status, request_id=request_id, errors=errors)
        self.wait_secs = wait_secs
