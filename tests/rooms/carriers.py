"""Several carriers of one order at once, each a thread with a connection of its own."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

from django.db import connection

from rooms import operations
from rooms.models import Operation
from tests.simulated import wait_until

T = TypeVar("T")


@contextmanager
def threads(count: int) -> Iterator[Callable[[Callable[[], object]], "Future[object]"]]:
    """What is submitted runs at once; all of it is over when the block is left."""
    with ThreadPoolExecutor(count) as pool:
        yield lambda work: pool.submit(closing_connection, work)


def closing_connection(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connection.close()


def carried_out_at_once(operation_id: UUID, count: int) -> list[Operation | None]:
    """What each of so many carriers gets, who all start at the same moment."""
    start = threading.Barrier(count)

    def carry() -> Operation | None:
        start.wait(10)
        return operations.carry_out(operation_id)

    with threads(count) as submit:
        carriers = [submit(carry) for _ in range(count)]
        results = [carrier.result(30) for carrier in carriers]
    return [result if isinstance(result, Operation) else None for result in results]


def await_quiet_heart() -> None:
    """The heartbeat beats on for a while after the last lease; a test database cannot go while it is connected."""
    wait_until(
        lambda: not any(thread.name == "lease-heartbeat" for thread in threading.enumerate()), pause_secs=0.05
    )
