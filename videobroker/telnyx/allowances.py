"""What Telnyx says, with each answer, of how much may still be asked: `x-ratelimit-limit`, `-remaining`, `-reset`.

Who works through a long list looks here before the next call, and so never hears 429, and leaves something for those
who cannot wait.
"""

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from videobroker.secret import Secret
from videobroker.telnyx.refusals import MAX_WAIT_SECS

# So many calls may be under way at once whose answers come in another order.
OVERTAKING: Final = 8
_MOST: Final = 1e9


@dataclass(frozen=True, slots=True)
class Allowance:
    """An account may make `limit` calls in a window of time, and `remaining` of them until `resets_at` at the latest,
    which is a moment of this process's monotonic clock, in seconds."""

    limit: float
    remaining: float
    resets_at: float

    def pause_secs(self, calls: int, headroom: float) -> float:
        """How long to wait before so many calls, if a share of `headroom` (0 to 1) of the limit is left to others: 0 if
        they may be made now. Never more than `MAX_WAIT_SECS`, whatever Telnyx wrote."""
        if self.remaining - calls >= self.limit * headroom:
            return 0.0
        return max(0.0, self.resets_at - time.monotonic())

    def spacing_secs(self, calls: int, headroom: float) -> float:
        """How far apart to make so many calls each time, so that what may be used is used up evenly until the window
        ends; 0 where nothing is known of the window that goes on."""
        left_secs = self.resets_at - time.monotonic()
        times = (self.remaining - self.limit * headroom) / calls
        return left_secs / max(1.0, times) if left_secs > 0 else 0.0


class Allowances:
    """What was last said to each key. Shared by all threads of a process; keeps no key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[bytes, Allowance] = {}

    def note(self, api_key: Secret, headers: Mapping[str, str]) -> None:
        """Keep what an answer's headers say. Without them, or with nonsense in them, what was known still holds."""
        told = (_number(headers.get(f"x-ratelimit-{name}", "")) for name in ("limit", "remaining", "reset"))
        limit, remaining, reset_secs = told
        if limit is None or remaining is None or reset_secs is None:
            return
        resets_at = time.monotonic() + min(reset_secs, MAX_WAIT_SECS)
        with self._lock:
            before = self._of.get(_name(api_key))
            if before is not None and _same_window(before, remaining):
                # Telnyx rounds up to seconds: each answer of a window says when it ends at the latest.
                resets_at = min(resets_at, before.resets_at)
                remaining = min(remaining, before.remaining)
            self._of[_name(api_key)] = Allowance(limit, remaining, resets_at)

    def of(self, api_key: Secret) -> Allowance | None:
        """What is known of this key, or None if Telnyx never said anything."""
        return self._of.get(_name(api_key))


def _same_window(before: Allowance, remaining: float) -> bool:
    """An answer that overtook another leaves more than it, too; only one that leaves far more is of a new window."""
    return remaining <= before.remaining + OVERTAKING and time.monotonic() < before.resets_at


def _name(api_key: Secret) -> bytes:
    return hashlib.sha256(api_key.reveal().encode()).digest()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number <= _MOST else None
