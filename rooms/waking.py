"""Telling the workers that there is something to do, without ever making a caller wait for the broker.

A wake-up is a hint: it carries an id or nothing, and if it is lost, `ticking` finds the row within a second.
"""

import queue
import threading
import time
import uuid
from typing import Final

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

log = structlog.get_logger(__name__)

CARRY_OUT: Final = "rooms.tasks.carry_out"
APPLY_EVENTS: Final = "rooms.tasks.apply_events"
# More waiting than this, and wakers are sent nothing more: the workers' own look at the table is quicker.
MAX_WAITING: Final = 1000
# How long the broker is left alone after it failed.
REST_SECS: Final = 5.0

_waiting: queue.Queue[tuple[str, tuple[str, ...]]] = queue.Queue(MAX_WAITING)
# Of wake-ups that carry no id one is enough until it is sent.
_waiting_once: set[str] = set()
_lock = threading.Lock()
_sending: threading.Thread | None = None


def wake(operation_id: uuid.UUID) -> None:
    """Have some worker look at this operation soon. Returns at once and never fails."""
    _send_soon(CARRY_OUT, str(operation_id))


def wake_for_events() -> None:
    """Have some worker apply the events that came in. One wake-up drains them all."""
    if APPLY_EVENTS not in _waiting_once:
        _waiting_once.add(APPLY_EVENTS)
        _send_soon(APPLY_EVENTS)


def _send_soon(task: str, *arguments: str) -> None:
    try:
        _waiting.put_nowait((task, arguments))
    except queue.Full:
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
        task, arguments = _waiting.get()
        _waiting_once.discard(task)
        if time.monotonic() < rest_until:
            continue
        try:
            current_app.send_task(task, args=arguments, retry=False)
        except (OperationalError, OSError) as error:
            rest_until = time.monotonic() + REST_SECS
            log.warning("broker_unreachable", error=type(error).__name__, rest_secs=REST_SECS)
