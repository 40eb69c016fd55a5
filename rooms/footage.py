"""Recordings and compositions as Telnyx tells of them: merged like sessions (`mirroring`), so that order, repetition
and loss make no difference.

Of each time the earliest that was told stands, of each measure the largest, and a status only goes forward. Nothing
told here touches `state`: what is being deleted, or was deleted, stays so however late an event comes.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from rooms import mirroring, retaining
from rooms.mirroring import Changes
from rooms.models import Composition, Participant, Recording, Room, Session
from rooms.models.footage import FootageQuerySet
from videobroker import telnyx

log = structlog.get_logger(__name__)

COMPLETED: Final = "completed"
# The words for what is not complete yet, in the order in which they follow each other. Telnyx may find others; they
# count as the first.
UNDER_WAY: Final = ("enqueued", "processing")
# How far before its room was made, or after now, a time may lie that is told of a film: clocks differ.
CLOCKS_MAY_DIFFER: Final = timedelta(days=1)
LONGEST_WORDS: Final = {"codec": 40, "type": 10, "status": 20}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What somebody told about a recording or composition; None for what they did not say."""

    status: str
    codec: str | None = None
    size_mb: float | None = None
    duration_secs: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    completed_at: datetime | None = None


def facts_of(found: telnyx.Recording | telnyx.Composition, *, now: datetime) -> Facts:
    """What Telnyx answers when it is asked. One that is complete without a time is taken to be so since it ended."""
    completed_at = found.completed_at or (found.ended_at or now if found.status == COMPLETED else None)
    return Facts(
        status=found.status,
        codec=found.codec if isinstance(found, telnyx.Recording) else None,
        size_mb=found.size_mb,
        duration_secs=found.duration_secs,
        started_at=found.started_at,
        ended_at=found.ended_at,
        completed_at=completed_at,
    )


def recording_told(
    room: Room, session_id: UUID, participant_id: UUID, telnyx_id: UUID, kind: str, facts: Facts
) -> Changes:
    """A participant's audio or video is, or was, recorded in a session of the room; ids are Telnyx's.

    Raises `ForeignFootage` or `mirroring.ForeignSession` for what is known to belong elsewhere, and `ValueError` for a
    kind that is neither audio nor video.
    """
    if kind not in Recording.Type.values:
        raise ValueError(f"a recording is of audio or video, not of {kind[:40]!r}")
    session, person, is_new_session = mirroring.participant_seen(room, session_id, participant_id)
    recording, is_new = _recording(session, person, telnyx_id, kind)
    is_complete_now = _merge(recording, facts)
    news = (
        *(("session.started",) if is_new_session else ()),
        *(("recording.started",) if is_new else ()),
        *(("recording.completed",) if is_complete_now else ()),
    )
    return Changes(session, person, news)


def recording_asked(recording: Recording, facts: Facts) -> Changes:
    """Telnyx was asked about a recording that is known."""
    is_complete_now = _merge(recording, facts)
    news = ("recording.completed",) if is_complete_now else ()
    return Changes(recording.session, recording.participant, news)


def settle_for_what_is_known(recording: Recording) -> None:
    """Telnyx has nothing more to say of a recording: it began when it was first heard of, if nobody knows better, and
    if it was never completed it ended with its session, so that it is not kept for ever."""
    rows = Recording.objects.filter(pk=recording.pk)
    mirroring.change(rows.filter(started_at=None), started_at=recording.seen_at)
    ended_at = recording.session.ended_at
    if ended_at is not None and ended_at < _first_believed(recording):
        ended_at = recording.seen_at
    _earliest(rows.filter(ended_at=None), ended_at=ended_at)
    for row in rows.select_related("room", "room__tenant"):
        retaining.begin(row)


def composition_told(composition: Composition, facts: Facts) -> Changes:
    """Telnyx tells how far a composition of ours is."""
    is_complete_now = _merge(composition, facts)
    return Changes(composition.session, None, ("composition.completed",) if is_complete_now else ())


class ForeignFootage(Exception):
    """What was told of is known to be somebody else's, or of another session."""


def _recording(session: Session, person: Participant, telnyx_id: UUID, kind: str) -> tuple[Recording, bool]:
    same: dict[str, Any] = {
        "tenant_id": session.tenant_id,
        "room_id": session.room_id,
        "session": session,
        "participant": person,
        "type": kind,
        "status": UNDER_WAY[-1],
    }
    try:
        with transaction.atomic():
            recording, is_new = Recording.objects.get_or_create(telnyx_id=telnyx_id, defaults=same)
    except IntegrityError:
        recording, is_new = Recording.objects.get(telnyx_id=telnyx_id), False
    if (recording.session_id, recording.participant_id, recording.type) != (session.pk, person.pk, kind):
        raise ForeignFootage(f"recording {telnyx_id} is known to be another's")
    recording.room = session.room
    return recording, is_new


def _believable(footage: Recording | Composition, facts: Facts, now: datetime) -> Facts:
    """The facts without times that cannot be: of such a beginning of all times it would follow that the film has long
    expired. One that is complete since such a time is taken to be so since it ended, or else since now."""
    earliest, latest = _first_believed(footage), now + CLOCKS_MAY_DIFFER
    told = {"started_at": facts.started_at, "ended_at": facts.ended_at, "completed_at": facts.completed_at}
    wrong = {name: at for name, at in told.items() if at is not None and not earliest <= at <= latest}
    if not wrong:
        return facts
    shown = {name: at.isoformat() for name, at in wrong.items()}
    log.warning("time_not_believed", footage=str(footage.pk), **shown)
    right: dict[str, Any] = dict.fromkeys(wrong)
    if "completed_at" in wrong:
        right["completed_at"] = now if "ended_at" in wrong else facts.ended_at or now
    return replace(facts, **right)


def _first_believed(footage: Recording | Composition) -> datetime:
    return footage.room.created_at - CLOCKS_MAY_DIFFER


def _merge(footage: Recording | Composition, facts: Facts) -> bool:
    """Let the row say what is known with these facts; whether it is complete since now."""
    facts = _believable(footage, facts, timezone.now())
    rows: FootageQuerySet[Any] = type(footage).objects.filter(pk=footage.pk)
    # Telnyx's webhook does not say when it ended, and its next answer does; by then it was complete.
    ended_at = min((at for at in (facts.ended_at, facts.completed_at) if at is not None), default=None)
    _earliest(rows, started_at=facts.started_at, ended_at=ended_at)
    _largest(rows, size_mb=facts.size_mb, duration_secs=facts.duration_secs)
    if facts.codec and isinstance(footage, Recording):
        codec = facts.codec[: LONGEST_WORDS["codec"]].replace("\x00", "")
        mirroring.change(rows.filter(Q(codec="") | Q(codec__gt=codec)), codec=codec)
    _forward(rows, COMPLETED if facts.completed_at else facts.status)
    is_complete_now = facts.completed_at is not None and _complete(rows, footage.room, facts.completed_at)
    footage.refresh_from_db(fields=["status", "started_at", "ended_at", "completed_at", "state"])
    return is_complete_now


def _earliest(rows: models.QuerySet[Any], **told: datetime | None) -> None:
    for column, at in told.items():
        if at is not None:
            mirroring.change(rows.filter(Q(**{column: None}) | Q(**{f"{column}__gt": at})), **{column: at})


def _largest(rows: models.QuerySet[Any], **told: float | None) -> None:
    for column, value in told.items():
        if value is not None and value >= 0:
            mirroring.change(
                rows.filter(Q(**{column: None}) | Q(**{f"{column}__lt": value})), **{column: value}
            )


def _forward(rows: models.QuerySet[Any], status: str) -> None:
    if status == COMPLETED:
        mirroring.change(rows.exclude(status=COMPLETED), status=COMPLETED)
    elif status == UNDER_WAY[-1]:
        mirroring.change(rows.filter(status=UNDER_WAY[0]), status=status)


def _complete(rows: FootageQuerySet[Any], room: Room, at: datetime) -> bool:
    """Let it be complete since `at`, or since earlier, and be kept from then on; whether it was not complete before."""
    is_news = mirroring.change(rows.filter(completed_at=None), completed_at=at)
    if not is_news:
        _move_completion(rows, room, at)
        return False
    # One that Telnyx seemed never to complete may have been given an end already, counted from when it ended.
    until = at + timedelta(days=retaining.days_of(room))
    rows.filter(retain_until=None).exclude(expires_at=None).update(
        expires_at=Greatest(F("expires_at"), until, output_field=models.DateTimeField())
    )
    for footage in rows.select_related("room", "room__tenant"):
        retaining.begin(footage)
    return True


def _move_completion(rows: FootageQuerySet[Any], room: Room, at: datetime) -> None:
    """It was complete earlier than was told before. An end that was counted from then is counted from `at`, but comes
    no sooner than a day from now because of it; one that follows from anything else stands, which keeps longer and
    never less."""
    for was in rows.filter(completed_at__gt=at).values_list("completed_at", flat=True):
        kept_for = timedelta(days=retaining.days_of(room))
        counted = rows.filter(retain_until=None, completed_at=was, expires_at=was + kept_for)
        with transaction.atomic():
            retaining.move(counted, Value(at + kept_for), timezone.now())
        mirroring.change(rows.filter(completed_at=was), completed_at=at)
