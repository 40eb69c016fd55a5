"""What goes through the transport, as values fit for any log: no key, token or body shows in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from videobroker.secret import Secret


@dataclass(frozen=True, slots=True)
class Order:
    """One request to be sent, once. `body` is JSON text."""

    operation: str
    method: str
    url: str = field(repr=False)
    api_key: Secret
    body: Secret | None = None
    tokens: tuple[Secret, ...] = ()
    """The secrets in the body, to be blanked out should Telnyx quote them."""


class Trouble(Enum):
    """How far a call came that has no whole answer."""

    NOT_SENT = "not sent"
    TIMED_OUT = "timed out"
    LOST = "lost"
    GARBLED = "garbled"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why there is no whole answer. `cause` is what the system said, with nothing of the request attached."""

    trouble: Trouble
    what: str
    cause: OSError | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What Telnyx answered, of any status. A body not read whole is empty, and `problem` says why."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    problem: Problem | None = None
