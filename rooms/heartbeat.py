"""Keeps the leases that this process holds from running out while it works."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

import structlog
from django.db import DatabaseError, connection
from django.db.models.functions import Now

from rooms.models import Operation

log = structlog.get_logger(__name__)

# Names this process in the rows it leases, for people who look.
HOLDER: Final = str(uuid.uuid4())
BEAT_SECS: Final = 3.0

_held: dict[uuid.UUID, tuple[int, timedelta]] = {}
_lock = threading.Lock()
_beating: threading.Thread | None = None


@contextmanager
def keeping(operation_id: uuid.UUID, fence: int, lease: timedelta) -> Iterator[None]:
    """While the block runs, prolong the lease on this operation every few seconds."""
    with _lock:
        _held[operation_id] = (fence, lease)
        _start()
    try:
        yield
    finally:
        with _lock:
            _held.pop(operation_id, None)


def _start() -> None:
    global _beating
    if _beating is None or not _beating.is_alive():
        _beating = threading.Thread(target=_beat, name="lease-heartbeat", daemon=True)
        _beating.start()


def _beat() -> None:
    """Runs until nothing has been held for a whole beat."""
    pause = threading.Event()
    while not pause.wait(BEAT_SECS):
        with _lock:
            held = dict(_held)
            if not held:
                global _beating
                _beating = None
                break
        _prolong(held)
    connection.close()


def _prolong(held: dict[uuid.UUID, tuple[int, timedelta]]) -> None:
    try:
        for operation_id, (fence, lease) in held.items():
            mine = Operation.objects.filter(pk=operation_id, fence=fence, state=Operation.State.LEASED)
            mine.update(leased_until_at=Now() + lease)
    except DatabaseError as error:
        # The next beat tries again. Should the lease run out first, another takes it and our fence is void.
        log.warning("leases_not_prolonged", error=str(error))
        connection.close()
