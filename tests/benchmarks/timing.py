"""Timing calls: each caller asks again as soon as it is answered, so many times and no longer than so many seconds."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

Call = Callable[[], object]


@dataclass(frozen=True)
class Timed:
    """How long each call took, in milliseconds, and how many were answered in a second."""

    durations_ms: list[float]
    per_sec: float

    @property
    def median_ms(self) -> float:
        return statistics.median(self.durations_ms)

    @property
    def p95_ms(self) -> float:
        return sorted(self.durations_ms)[int(len(self.durations_ms) * 0.95)]

    def __str__(self) -> str:
        return f"median {self.median_ms:6.1f} ms, p95 {self.p95_ms:6.1f} ms, {self.per_sec:6.1f} a second"


def timed(call: Call, *, calls: int, at_most_secs: float) -> Timed:
    """One caller."""
    return timed_together([call], calls=calls, at_most_secs=at_most_secs)


def timed_together(callers: list[Call], *, calls: int, at_most_secs: float) -> Timed:
    """Several callers at once, who share the calls among them."""
    started = time.perf_counter()
    until = started + at_most_secs
    each = calls // len(callers)
    with ThreadPoolExecutor(len(callers)) as pool:
        lists = list(pool.map(lambda call: _durations_ms(call, each, until), callers))
    durations = [duration for some in lists for duration in some]
    return Timed(durations, len(durations) / (time.perf_counter() - started))


def _durations_ms(call: Call, calls: int, until: float) -> list[float]:
    durations: list[float] = []
    while len(durations) < calls and (not durations or time.perf_counter() < until):
        before = time.perf_counter()
        call()
        durations.append((time.perf_counter() - before) * 1000)
    return durations
