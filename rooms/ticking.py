"""Every worker looks at the table by itself, so that a broker which forgot everything delays nothing for long."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import uniform
from typing import Any, Final
from uuid import UUID

import structlog
from celery.signals import worker_init, worker_shutting_down
from django.db import close_old_connections, connection
from django.utils import timezone

from rooms import operations
from rooms.rounds import ROUNDS, Round

log = structlog.get_logger(__name__)

TICK_SECS: Final = 1.0
AT_ONCE: Final = 4


class Ticker:
    """Carries out due operations, a few at a time, and makes the rounds, each in a thread of its own so that one which
    waits for Telnyx holds up no other."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="operation")
        self._carried: set[UUID] = set()
        carrying = Round("carry_out", TICK_SECS, lambda _now: self._carry_out_due())
        self._threads = [
            threading.Thread(target=self._repeat, args=(each,), name=each.name, daemon=True)
            for each in (carrying, *ROUNDS)
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take on nothing new; what is being carried out goes on to its end."""
        self._stopped.set()

    def _repeat(self, each: Round) -> None:
        while not self._stopped.wait(each.every_secs * uniform(0.7, 1.3)):
            _safely(each.name, lambda: each.make(timezone.now()))
        connection.close()

    def _carry_out_due(self) -> None:
        for operation_id in operations.due(limit=50):
            if operation_id not in self._carried:
                self._carried.add(operation_id)
                self._pool.submit(self._carry_out, operation_id)

    def _carry_out(self, operation_id: UUID) -> None:
        try:
            _safely("carry_out", lambda: operations.carry_out(operation_id))
        finally:
            self._carried.discard(operation_id)


def _safely(name: str, make: Callable[[], object]) -> None:
    """Make a round. A fault in one is written down, and the next comes: a ticker that died would not be missed until
    something was, at night."""
    try:
        make()
    except Exception as error:
        log.exception("round_failed", round=name, error=str(error))
    finally:
        close_old_connections()


def start_in_workers() -> None:
    """Have each Celery worker tick from its start on, even before it has ever reached its broker."""

    def start(**_: Any) -> None:
        ticker = Ticker()
        ticker.start()
        worker_shutting_down.connect(lambda **_: ticker.stop(), weak=False)

    worker_init.connect(start, weak=False)
