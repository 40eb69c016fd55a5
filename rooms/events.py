"""Telnyx's webhooks: kept the moment they come, applied afterwards, each once.

Telnyx repeats, reorders and sometimes loses them, so an event is never an order to do something, only a fact to merge
(`mirroring`), and what it does not say is found by asking (`reconciling`).
"""

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from rooms import footage, happenings, mirroring
from rooms.footage import COMPLETED, UNDER_WAY, Facts
from rooms.mirroring import Changes
from rooms.models import Composition, Event, Participant, Room, TelnyxRoom
from videobroker.telnyx.fields import as_moment
from videobroker.tenants import pseudonyms
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)

KEPT_FOR: Final = timedelta(days=30)
# An event that could not be applied this often is set aside, so that it does not come up for ever.
MAX_ATTEMPTS: Final = 5
AT_ONCE: Final = 100
A_LINK: Final = re.compile(r"\s*(https?:)?//", re.IGNORECASE)
LARGEST_NUMBER: Final = 2**31 - 1

State = Event.State
Json = dict[str, Any]


class NotAnEvent(Exception):
    """The body is signed, but it is not an event that can be kept; the message says what is missing."""


def keep(account: Account, body: Json) -> Event | None:
    """Keep the event, to be applied soon; None if it was kept before. Raises `NotAnEvent`."""
    envelope = body.get("data")
    if not isinstance(envelope, dict):
        raise NotAnEvent("there is no `data` object")
    event = Event(
        account=account,
        telnyx_id=_text(envelope, "id", 100),
        event_type=_text(envelope, "event_type", 100),
        occurred_at=_time(envelope.get("occurred_at")),
        payload=_without_links(payload) if isinstance(payload := envelope.get("payload"), dict) else {},
    )
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        return None
    return event


def _without_links(payload: Json) -> Json:
    """The payload without anything that opens a file to whoever has it: a download link is never kept, under whatever
    name and however deep in an event that we may not even know. What a participant wrote is theirs, and kept."""
    return {name: _without_link(value) if name != "context" else value for name, value in payload.items()}


def _without_link(value: Any) -> Any:
    if isinstance(value, dict):
        return _without_links(value)
    if isinstance(value, list):
        return [_without_link(each) for each in value]
    return None if isinstance(value, str) and A_LINK.match(value) else value


def apply_pending(limit: int = AT_ONCE) -> int:
    """Apply what was kept and not applied yet, the oldest first; how many were tried."""
    waiting = list(Event.objects.filter(state=State.PENDING).order_by("received_at")[:limit])
    for event in waiting:
        _apply_safely(event)
    return len(waiting)


def _apply_safely(event: Event) -> None:
    """Apply one event. A fault in it is written down and must not hold up the others; a database that is away must."""
    try:
        with transaction.atomic():
            changes = apply(event)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  whatever is wrong with one event must not hold up all that come after
        _note_failure(event, error)
        return
    if changes is not None:
        happenings.happened(changes)


def apply(event: Event) -> Changes | None:
    """Merge the event into the mirror, and mark it. Raises `ValueError` or the like for a payload that lacks something.

    The mark is set first and conditionally: of two workers one applies (the other's UPDATE finds nothing to do).
    """
    handler = HANDLERS.get(event.event_type)
    room = _room_of(event)
    state = State.UNHANDLED if handler is None else State.FOREIGN if room is None else State.APPLIED
    mine = Event.objects.filter(pk=event.pk, state=State.PENDING)
    if not mine.update(state=state, applied_at=timezone.now()):
        return None
    if handler is None or room is None:
        log.info("event_put_aside", event_type=event.event_type, event_id=event.telnyx_id, state=state)
        return None
    changes = handler(room, event.payload, event.occurred_at)
    if changes is not None and changes.participant is not None:
        _forget_context(event, changes.participant)
    if changes is None:
        Event.objects.filter(pk=event.pk).update(state=State.FOREIGN)
        log.info(
            "event_put_aside", event_type=event.event_type, event_id=event.telnyx_id, state=State.FOREIGN
        )
    return changes


def _forget_context(event: Event, person: Participant) -> None:
    """Of somebody who was erased, what they showed is not kept again when an event comes late."""
    if pseudonyms.is_pseudonym(person.identity) and event.payload.get("context"):
        Event.objects.filter(pk=event.pk).update(payload={**event.payload, "context": ""})


def _room_of(event: Event) -> Room | None:
    """The room the event is about: looked for only among those of the account that signed it."""
    telnyx_id = _uuid_or_none(event.payload.get("room_id"))
    known = TelnyxRoom.objects.select_related("room", "room__tenant", "room__account")
    found = known.filter(account=event.account_id, telnyx_id=telnyx_id).first() if telnyx_id else None
    return found.room if found else None


def _session_started(room: Room, payload: Json, at: datetime) -> Changes:
    return mirroring.session_started(room, _uuid(payload, "session_id"), at)


def _session_ended(room: Room, payload: Json, at: datetime) -> Changes:
    return mirroring.session_ended(room, _uuid(payload, "session_id"), at, _reason(payload, "ended_reason"))


def _participant_joined(room: Room, payload: Json, at: datetime) -> Changes:
    who = _uuid(payload, "participant_id")
    return mirroring.participant_joined(room, _uuid(payload, "session_id"), who, at, _context(payload))


def _participant_left(room: Room, payload: Json, at: datetime) -> Changes:
    session, who = _uuid(payload, "session_id"), _uuid(payload, "participant_id")
    return mirroring.participant_left(
        room, session, who, at, _context(payload), _reason(payload, "left_reason")
    )


def _recording_started(room: Room, payload: Json, at: datetime) -> Changes:
    return _recording(room, payload, Facts(status=UNDER_WAY[-1], started_at=at))


def _recording_completed(room: Room, payload: Json, at: datetime) -> Changes:
    return _recording(room, payload, _completion(payload, at))


def _recording(room: Room, payload: Json, facts: Facts) -> Changes:
    session, who = _uuid(payload, "session_id"), _uuid(payload, "participant_id")
    kind = payload.get("type")
    return footage.recording_told(
        room, session, who, _uuid(payload, "recording_id"), kind if isinstance(kind, str) else "", facts
    )


def _composition_completed(room: Room, payload: Json, at: datetime) -> Changes | None:
    """None for a composition that was not ordered here, or whose order was not answered yet: that one is found by
    asking (`following`)."""
    telnyx_id = _uuid(payload, "composition_id")
    ours = Composition.objects.select_related("room", "room__tenant", "session")
    composition = ours.filter(telnyx_id=telnyx_id, room=room).first()
    return footage.composition_told(composition, _completion(payload, at)) if composition else None


def _completion(payload: Json, at: datetime) -> Facts:
    duration_secs, codec = _number(payload, "duration_secs"), payload.get("codec")
    return Facts(
        status=COMPLETED,
        codec=codec if isinstance(codec, str) else None,
        size_mb=_number(payload, "size_mb"),
        duration_secs=None if duration_secs is None else int(duration_secs),
        completed_at=at,
    )


HANDLERS: Final[dict[str, Callable[[Room, Json, datetime], Changes | None]]] = {
    "video.room.session.started": _session_started,
    "video.room.session.ended": _session_ended,
    "video.room.participant.joined": _participant_joined,
    "video.room.participant.left": _participant_left,
    "video.room.recording.started": _recording_started,
    "video.room.recording.completed": _recording_completed,
    "video.room.composition.completed": _composition_completed,
}


def _note_failure(event: Event, error: Exception) -> None:
    attempts = event.attempts + 1
    state = State.FAILED if attempts >= MAX_ATTEMPTS else State.PENDING
    message = f"{type(error).__name__}: {error}"[:500]
    Event.objects.filter(pk=event.pk).update(attempts=attempts, state=state, error=message)
    log.warning(
        "event_not_applied", event_id=event.telnyx_id, event_type=event.event_type, error=message, state=state
    )


def forget_old(now: datetime) -> int:
    """Forget events whose story has long been told; how many."""
    old = Event.objects.filter(received_at__lt=now - KEPT_FOR).exclude(state=State.PENDING)
    return old.delete()[0]


def apply_all() -> int:
    """Apply until nothing is left; how many were tried. For wake-ups: one drains what many events left."""
    total = 0
    while (tried := apply_pending()) > 0:
        total += tried
        if tried < AT_ONCE:
            break
    return total


def _text(envelope: Json, name: str, longest: int) -> str:
    value = envelope.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise NotAnEvent(f"`{name}` is not a text of 1 to {longest} characters")
    return value


def _time(value: Any) -> datetime:
    at = as_moment(value) if isinstance(value, str) else None
    if at is None:
        raise NotAnEvent("`occurred_at` is not a time")
    return at


def _uuid(payload: Json, name: str) -> uuid.UUID:
    found = _uuid_or_none(payload.get(name))
    if found is None:
        raise ValueError(f"the payload has no {name}")
    return found


def _uuid_or_none(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _number(payload: Json, name: str) -> float | None:
    """A measure; None for what is none, so that a strange one does not keep the rest from being known."""
    value = payload.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if 0 <= value <= LARGEST_NUMBER else None


def _context(payload: Json) -> str | None:
    value = payload.get("context")
    return value if isinstance(value, str) else None


def _reason(payload: Json, name: str) -> str:
    value = payload.get(name)
    return value if isinstance(value, str) else ""
