"""How many calls an account may make; counted in fixed windows, told in Telnyx's headers."""

import math
import threading
import time
from typing import Any

from videobroker.simulator import errors
from videobroker.simulator.errors import Refusal
from videobroker.simulator.exchange import Headers


class RateLimits:
    """The running windows of all accounts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}

    def spend(self, account_id: str, limit: dict[str, Any] | None) -> Headers:
        """Count one call against `{"limit", "per_secs"}`; answers the headers that tell what is left.

        Refused with 429 when nothing is left. No limit (None) means no headers either.
        """
        if limit is None:
            return ()
        used, reset_secs = self._count(account_id, limit["per_secs"])
        headers = _headers(limit["limit"], max(0, limit["limit"] - used), reset_secs)
        if used > limit["limit"]:
            detail = f"At most {limit['limit']} calls in {limit['per_secs']} s; wait for the limit to reset."
            raise Refusal(429, errors.TOO_MANY_REQUESTS, detail, headers=headers)
        return headers

    def forget(self) -> None:
        """Begin new windows for everyone."""
        with self._lock:
            self._windows.clear()

    def _count(self, account_id: str, per_secs: float) -> tuple[int, float]:
        """Calls in the current window, this one included, and the seconds until it ends."""
        now = time.monotonic()
        with self._lock:
            began, used = self._windows.get(account_id, (now, 0))
            if now >= began + per_secs:
                began, used = now, 0
            self._windows[account_id] = (began, used + 1)
        return used + 1, began + per_secs - now


def _headers(limit: int, remaining: int, reset_secs: float) -> Headers:
    return (
        ("x-ratelimit-limit", str(limit)),
        ("x-ratelimit-remaining", str(remaining)),
        ("x-ratelimit-reset", str(math.ceil(reset_secs))),
    )
