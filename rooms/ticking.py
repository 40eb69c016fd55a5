"""Every worker looks at the table by itself, so that a broker which forgot everything delays nothing for long."""

import threading
from collections.abc import Callable
from random import uniform
from typing import Any

import structlog
from celery.signals import worker_init, worker_shutting_down
from django.db import close_old_connections, connection
from django.utils import timezone

from rooms import carrying
from rooms.rounds import ROUNDS, Round

log = structlog.get_logger(__name__)


class Ticker:
    """Makes the rounds, each in a thread of its own so that one which waits for Telnyx holds up no other."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=(each,), name=each.name, daemon=True)
            for each in ROUNDS
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take on nothing new; what is being carried out goes on to its end."""
        self._stopped.set()
        carrying.stop()

    def _repeat(self, each: Round) -> None:
        while not self._stopped.wait(each.every_secs * uniform(0.7, 1.3)):
            _safely(each.name, lambda: each.make(timezone.now()))
        connection.close()


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
