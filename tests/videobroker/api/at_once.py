"""Many threads doing something at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Result = TypeVar("Result")


def at_once(count: int, act: Callable[[int], Result]) -> list[Result]:
    """Let `count` threads call `act` with their number together; what they answered, in their order."""
    start = threading.Barrier(count, timeout=20)

    def one(number: int) -> Result:
        try:
            start.wait()
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
