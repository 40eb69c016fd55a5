"""Telling the workers that there is something to do, without ever making a caller wait for the broker.

A wake-up is a hint: it carries an id or nothing, and if it is lost, `ticking` finds the row within a second.
"""

import queue
import threading
import time
import uuid
from collections.abc import Callable
from typing import Final

import structlog
from celery import current_app
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

CARRY_OUT: Final = "rooms.tasks.carry_out"
APPLY_EVENTS: Final = "rooms.tasks.apply_events"
DELIVER: Final = "rooms.tasks.deliver"
DELETE: Final = "rooms.tasks.delete"
# More waiting than this, and wakers are sent nothing more: the workers' own look at the table is quicker.
MAX_WAITING: Final = 1000
# How long the broker is left alone after it failed.
REST_SECS: Final = 5.0

_waiting: queue.Queue[tuple[str, tuple[str, ...], bool]] = queue.Queue(MAX_WAITING)
# Of wake-ups that carry no id one is enough until it is sent.
_waiting_once: set[str] = set()
_instead: list[Callable[[uuid.UUID], object]] = []
_lock = threading.Lock()
_sending: threading.Thread | None = None


def wake(operation_id: uuid.UUID, *, urgent: bool = False) -> None:
    """Have some worker look at this operation soon. Returns at once and never fails. An urgent one is carried
    out in this process, should the broker not be reached."""
    _send_soon(CARRY_OUT, str(operation_id), urgent=urgent)


def otherwise(carry_out: Callable[[uuid.UUID], object]) -> None:
    """Say how an urgent operation is carried out where no worker can be woken."""
    _instead[:] = [carry_out]


def wake_for_events() -> None:
    """Have some worker apply the events that came in. One wake-up drains them all."""
    _send_once(APPLY_EVENTS)


def wake_for_deliveries() -> None:
    """Have some worker deliver what tenants' back ends are to be told. One wake-up is for all that is due."""
    _send_once(DELIVER)


def wake_for_deletions() -> None:
    """Have some worker delete what is to be deleted at Telnyx. One wake-up is for all that is due."""
    _send_once(DELETE)


def _send_once(task: str) -> None:
    if task not in _waiting_once:
        _waiting_once.add(task)
        _send_soon(task)


def _send_soon(task: str, *arguments: str, urgent: bool = False) -> None:
    try:
        _waiting.put_nowait((task, arguments, urgent))
    except queue.Full:
        _waiting_once.discard(task)
        log.warning("wake_up_dropped", task=task, because="too many are waiting to be sent")
        return
    global _sending
    with _lock:
        if _sending is None or not _sending.is_alive():
            _sending = threading.Thread(target=_send_all, name="wake-up-sender", daemon=True)
            _sending.start()


def _send_all() -> None:
    rest_until = 0.0
    while True:
        task, arguments, urgent = _waiting.get()
        _waiting_once.discard(task)
        resting = time.monotonic() < rest_until
        sent = not resting and _send(task, arguments)
        if not sent and not resting:
            rest_until = time.monotonic() + REST_SECS
        if not sent and urgent and _instead:
            _here(arguments[0])


def _send(task: str, arguments: tuple[str, ...]) -> bool:
    try:
        current_app.send_task(task, args=arguments, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("broker_unreachable", error=type(error).__name__, rest_secs=REST_SECS)
        return False
    return True


def _here(operation_id: str) -> None:
    """Carry the operation out in a thread of this process: somebody has to."""

    def carry_out() -> None:
        try:
            _instead[0](uuid.UUID(operation_id))
        except DatabaseError as error:
            log.warning("operation_not_carried_out", operation=operation_id, error=str(error))
        finally:
            connection.close()

    threading.Thread(target=carry_out, name="urgent-operation", daemon=True).start()
