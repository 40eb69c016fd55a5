"""Who was in when, drawn: bars on a line from a beginning to an end, each in hundredths of its length.

The bars only help the eye; whatever they show is in words beside them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Span:
    """The line that bars are drawn on."""

    start: datetime
    end: datetime

    @property
    def ticks(self) -> list[tuple[float, datetime]]:
        """A few times along the line, each with where it stands."""
        quarter = (self.end - self.start) / 4
        return [(25.0 * step, self.start + quarter * step) for step in range(5)]

    def bar(self, start: datetime, end: datetime) -> "Bar":
        """From one time to another, as far as it is on the line; what is very short can still be seen."""
        left = self._place(start)
        return Bar(round(left, 2), round(max(self._place(end) - left, 0.4), 2))

    def _place(self, at: datetime) -> float:
        whole = max((self.end - self.start).total_seconds(), 1.0)
        return min(max((at - self.start).total_seconds() / whole, 0.0), 1.0) * 100


@dataclass(frozen=True)
class Bar:
    """Where a bar begins and how long it is, in hundredths of the line."""

    left: float
    width: float


def around(times: Iterable[tuple[datetime, datetime]]) -> Span | None:
    """The line on which all of these fit; None if there are none."""
    found = list(times)
    if not found:
        return None
    return Span(min(start for start, _ in found), max(end for _, end in found))


def lasting(span: timedelta) -> str:
    """A duration in the largest two units: `2 h 5 min`, `3 min 4 s`."""
    secs = max(int(span.total_seconds()), 0)
    hours, minutes = secs // 3600, secs % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {secs % 60} s" if minutes else f"{secs} s"
