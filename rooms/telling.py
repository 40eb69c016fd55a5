"""What tenants' back ends are told: each fact about a session becomes one delivery, written once.

A fact is told by marking it as told on its own row, and writing the delivery, in one transaction. So none is lost when
a process dies in between, none is told twice when two processes find it at once, and nothing else has to remember.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from rooms import downloading, waking
from rooms.doorkeeping import doorkeeper
from rooms.mirroring import Changes
from rooms.models import Attribution, Composition, Delivery, Participant, Recording, Room, Session
from rooms.models.composition import UNTOLD as UNTOLD_COMPOSITION
from rooms.models.recording import UNTOLD as UNTOLD_RECORDING

EventType = Delivery.EventType
# How long a delivery is tried.
TRIED_FOR: Final = timedelta(hours=24)
AT_ONCE: Final = 100
# Somebody of whom it is not clear yet who they are is told of when it is, but not later than this.
CLEAR_WITHIN: Final = timedelta(seconds=15)
# Facts that became known together are told in the order in which such things happen: what begins all, what happens
# within by its time (at one time in this order), what ends all, what is made of it.
RANKS: Final[dict[str, tuple[int, int]]] = {
    EventType.SESSION_STARTED: (0, 0),
    EventType.PARTICIPANT_JOINED: (1, 0),
    EventType.RECORDING_STARTED: (1, 1),
    EventType.RECORDING_COMPLETED: (1, 2),
    EventType.PARTICIPANT_LEFT: (1, 3),
    EventType.SESSION_ENDED: (2, 0),
    EventType.COMPOSITION_FAILED: (3, 0),
    EventType.COMPOSITION_COMPLETED: (3, 1),
}


@dataclass(frozen=True)
class Fact:
    """Something that is known and was not told. `marker` is the column of `row` that says whether it was."""

    event_type: Delivery.EventType
    row: Session | Participant | Recording | Composition
    marker: str
    occurred_at: datetime
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, datetime, int]:
        """Where it belongs among others that are told with it; who joined and left at once has joined first."""
        phase, place = RANKS[self.event_type]
        return phase, self.occurred_at, place

    @property
    def payload(self) -> dict[str, Any]:
        """What happened, in Telnyx's fields with our ids, and beside them who it is."""
        session_id = self.row.pk if isinstance(self.row, Session) else self.row.session_id
        return {
            "room_id": str(self.row.room_id),
            "session_id": str(session_id),
            **_what(self.row),
            **self.more,
        }


def tell_news(changes: Changes) -> None:
    """Tell what an event or a look at Telnyx has brought to light. Registered with `happenings`."""
    if changes.news:
        tell(changes.session.pk)


def tell_untold(now: datetime) -> int:
    """Tell what had to wait, and what a process that died had left untold; how many facts."""
    sessions = set(Session.objects.untold().order_by("seen_at").values_list("pk", flat=True)[:AT_ONCE])
    for rows in (
        Participant.objects.untold(),
        Recording.objects.filter(UNTOLD_RECORDING),
        Composition.objects.filter(UNTOLD_COMPOSITION),
    ):
        sessions |= set(rows.order_by("seen_at").values_list("session_id", flat=True)[:AT_ONCE])
    return sum(tell(session_id) for session_id in sessions)


def tell(session_id: UUID) -> int:
    """Tell everything about this session that was not told yet and can be; how many facts were told."""
    session = Session.objects.get(pk=session_id)
    facts = [
        *_of_session(session),
        *(fact for each in _named(session) for fact in _of_participant(each)),
        *(fact for each in _attributed(session) for fact in _of_recording(each)),
        *(fact for each in session.compositions.filter(UNTOLD_COMPOSITION) for fact in _of_composition(each)),
    ]
    return sum(_tell(fact) for fact in sorted(facts, key=lambda fact: fact.rank))


def _named(session: Session) -> list[Participant]:
    """The session's participants of whom something is to be told now, after everything was done to name them."""
    people = list(Participant.objects.untold().filter(session=session).select_related("session"))
    _name(people)
    return [person for person in people if _is_clear(person)]


def _attributed(session: Session) -> list[Recording]:
    """The session's recordings of which something is to be told now, after everything was done to say whose."""
    untold = Recording.objects.filter(UNTOLD_RECORDING, session=session)
    recordings = list(untold.select_related("participant", "participant__session"))
    _name({each.participant_id: each.participant for each in recordings}.values())
    return [each for each in recordings if _is_clear(each.participant)]


def _name(people: Iterable[Participant]) -> None:
    nameless = [person for person in people if person.attribution == Attribution.PENDING]
    if nameless:
        doorkeeper().attribute(nameless, now=timezone.now())
        for person in nameless:
            person.refresh_from_db()


def _is_clear(person: Participant) -> bool:
    """Whether it is known who this is, or was waited for long enough."""
    return person.attribution != Attribution.PENDING or person.seen_at < timezone.now() - CLEAR_WITHIN


def _of_session(session: Session) -> Iterator[Fact]:
    if not session.start_told:
        yield Fact(EventType.SESSION_STARTED, session, "start_told", session.started_at or session.seen_at)
    if session.ended_at is not None and not session.end_told:
        more = {
            "duration_secs": _secs_between(session.started_at, session.ended_at),
            "ended_reason": session.ended_reason,
        }
        yield Fact(EventType.SESSION_ENDED, session, "end_told", session.ended_at, more)


def _of_participant(person: Participant) -> Iterator[Fact]:
    if person.joined_at is not None and not person.join_told:
        yield Fact(EventType.PARTICIPANT_JOINED, person, "join_told", person.joined_at)
    if person.left_at is not None and not person.leave_told:
        more = {
            "duration_secs": _secs_between(person.joined_at, person.left_at),
            "left_reason": person.left_reason,
        }
        yield Fact(EventType.PARTICIPANT_LEFT, person, "leave_told", person.left_at, more)


def _of_recording(recording: Recording) -> Iterator[Fact]:
    if not recording.start_told:
        at = recording.started_at or min(recording.seen_at, recording.completed_at or recording.seen_at)
        yield Fact(EventType.RECORDING_STARTED, recording, "start_told", at)
    if recording.completed_at is not None and not recording.completion_told:
        more = {
            "size_mb": recording.size_mb,
            "codec": recording.codec or None,
            "duration_secs": recording.duration_secs,
            "download_url": downloading.path_of(recording),
        }
        yield Fact(EventType.RECORDING_COMPLETED, recording, "completion_told", recording.completed_at, more)


def _of_composition(composition: Composition) -> Iterator[Fact]:
    what: dict[str, Any] = {"format": composition.format, "resolution": composition.resolution}
    if composition.failed_because and not composition.failure_told:
        more = {**what, "failed_because": composition.failed_because}
        yield Fact(EventType.COMPOSITION_FAILED, composition, "failure_told", composition.updated_at, more)
    if composition.completed_at is not None and not composition.completion_told:
        more = {
            **what,
            "size_mb": composition.size_mb,
            "duration_secs": composition.duration_secs,
            "download_url": downloading.path_of(composition),
        }
        at = composition.completed_at
        yield Fact(EventType.COMPOSITION_COMPLETED, composition, "completion_told", at, more)


def _secs_between(start: datetime | None, end: datetime) -> int | None:
    return None if start is None else max(0, int((end - start).total_seconds()))


def _what(row: Session | Participant | Recording | Composition) -> dict[str, Any]:
    """What it is about, beside its session."""
    match row:
        case Participant():
            return _who(row)
        case Recording():
            return {"recording_id": str(row.pk), "type": row.type, **_whose(row.participant)}
        case Composition():
            return {"composition_id": str(row.pk)}
        case _:
            return {}


def _whose(person: Participant) -> dict[str, Any]:
    return {
        name: value
        for name, value in _who(person).items()
        if name in {"participant_id", "identity", "display_name"}
    }


def _who(person: Participant) -> dict[str, Any]:
    return {
        "participant_id": str(person.pk),
        "context": person.context,
        "identity": person.identity,
        "display_name": person.display_name,
        "role": person.role,
        "attribution": person.attribution,
        "grant_id": str(person.grant_id) if person.grant_id else None,
    }


def _tell(fact: Fact) -> int:
    """Mark the fact as told and write its delivery, if the room has a back end that wants to know; 1 unless somebody
    else told it first."""
    with transaction.atomic():
        # The room first, as whoever kicks and bans does: else two could wait for each other.
        Room.objects.select_for_update().get(pk=fact.row.room_id)
        untold = type(fact.row)._default_manager.filter(pk=fact.row.pk, **{fact.marker: False})
        if not untold.update(**{fact.marker: True}):
            return 0
        rooms = Room.objects.filter(pk=fact.row.room_id)
        if not _has_own_address(fact):
            rooms = rooms.exclude(webhook_event_url="")
        if rooms.update(events_told=F("events_told") + 1):
            _write(fact, sequence=rooms.values_list("events_told", flat=True).get())
    return 1


def _has_own_address(fact: Fact) -> bool:
    return isinstance(fact.row, Composition) and bool(fact.row.webhook_event_url)


def _write(fact: Fact, *, sequence: int) -> None:
    Delivery.objects.create(
        tenant_id=fact.row.tenant_id,
        room_id=fact.row.room_id,
        event_type=fact.event_type,
        subject_id=fact.row.pk,
        sequence=sequence,
        occurred_at=fact.occurred_at,
        payload={**fact.payload, "sequence": sequence},
        deadline_at=Now() + TRIED_FOR,
    )
    transaction.on_commit(waking.wake_for_deliveries)
