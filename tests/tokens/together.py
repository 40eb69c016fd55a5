"""Several callers at once: each in a thread with a database connection of its own."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from django.db import connections

T = TypeVar("T")
PATIENCE_SECS = 60


class Crew:
    """Threads that begin together. They and their connections are there until the block is left."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._pool = ThreadPoolExecutor(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.at_once([connections.close_all] * self._size)
        self._pool.shutdown()

    def at_once(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What the calls, one for each thread, answer when all begin at the same moment. Raises what any raises."""
        start = threading.Barrier(self._size)

        def begin(call: Callable[[], T]) -> T:
            start.wait(PATIENCE_SECS)
            return call()

        futures = [self._pool.submit(begin, call) for call in calls]
        return [future.result(PATIENCE_SECS) for future in futures]


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """The same, with threads for this once."""
    with Crew(len(calls)) as crew:
        return crew.at_once(calls)


@contextmanager
def under_way(call: Callable[[], T]) -> Iterator[Future[T]]:
    """A call that goes on while the block runs; it has ended when the block is left."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_and_close, call)


def _and_close(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        connections.close_all()
