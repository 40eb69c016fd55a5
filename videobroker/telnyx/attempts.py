"""One attempt to ask Telnyx something: when it must be over, and whether any of it has left here."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

# Neither requests nor urllib3 can hand anything of ours down to the connection they choose, so the attempt is
# left where the connection finds it: one per thread, for the length of one call.
_current: Final[ContextVar["Attempt"]] = ContextVar("videobroker.telnyx.attempt")


class Attempt:
    """The clock and the point of no return of one call. Times are those of `time.monotonic`."""

    __slots__ = ("ends_at", "max_idle_secs", "sent")

    def __init__(self, timeout_secs: float, max_idle_secs: float) -> None:
        self.ends_at = time.monotonic() + timeout_secs
        self.max_idle_secs = max_idle_secs
        """How long ago a connection may have had its last request, to be used for this one."""
        self.sent = False
        """Set just before the first byte of the request is given to a connection, and never taken back."""

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends_at

    def remaining_secs(self) -> float:
        """Time left, always above 0. Raises `TimeoutError` when there is none."""
        remaining = self.ends_at - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the time of this call is up")
        return remaining


@contextmanager
def attempting(timeout_secs: float, max_idle_secs: float) -> Iterator[Attempt]:
    """What this thread's connections do inside is part of one attempt of at most `timeout_secs`."""
    attempt = Attempt(timeout_secs, max_idle_secs)
    token = _current.set(attempt)
    try:
        yield attempt
    finally:
        _current.reset(token)


def current_attempt() -> Attempt:
    return _current.get()
