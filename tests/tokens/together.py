"""Several callers at once: each in a thread with a database connection of its own."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connections

T = TypeVar("T")
PATIENCE_SECS = 60


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What the calls answer when all are begun at the same moment. Raises what any of them raises."""
    start = threading.Barrier(len(calls))

    def begin(call: Callable[[], T]) -> T:
        start.wait(PATIENCE_SECS)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(_with_own_connection, lambda call=call: begin(call)) for call in calls]
        return [future.result(PATIENCE_SECS) for future in futures]


@contextmanager
def under_way(call: Callable[[], T]) -> Iterator[Future[T]]:
    """A call that goes on while the block runs; it has ended when the block is left."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(_with_own_connection, call)


def _with_own_connection(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        connections.close_all()
