"""Every worker looks at the table by itself, so that a broker which forgot everything delays nothing for long."""

import threading
from concurrent.futures import ThreadPoolExecutor
from random import uniform
from typing import Any, Final

import structlog
from celery.signals import worker_init, worker_shutting_down
from django.db import DatabaseError, close_old_connections

from rooms import operations

log = structlog.get_logger(__name__)

TICK_SECS: Final = 1.0
AT_ONCE: Final = 4


class Ticker:
    """Looks for due operations about every second and carries them out, a few at a time."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ticker")
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Take on nothing new; what is being carried out goes on to its end."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(TICK_SECS * uniform(0.7, 1.3)):
            try:
                tick(self._pool)
            except DatabaseError as error:
                log.warning("tick_failed", error=str(error))
            finally:
                close_old_connections()
        self._pool.shutdown(wait=False, cancel_futures=True)


def tick(pool: ThreadPoolExecutor) -> int:
    """Carry out what is due; returns how many were tried."""
    return sum(pool.map(_carry_out, operations.due(limit=50)))


def _carry_out(operation_id: Any) -> bool:
    try:
        return operations.carry_out(operation_id) is not None
    except DatabaseError as error:
        log.warning("operation_not_carried_out", operation=str(operation_id), error=str(error))
        return False
    finally:
        close_old_connections()


def start_in_workers() -> None:
    """Have each Celery worker tick from its start on, even before it has ever reached its broker."""

    def start(**_: Any) -> None:
        ticker = Ticker()
        ticker.start()
        worker_shutting_down.connect(lambda **_: ticker.stop(), weak=False)

    worker_init.connect(start, weak=False)
