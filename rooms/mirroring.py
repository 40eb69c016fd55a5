"""Sessions and participants as Telnyx tells of them: merged so that order, repetition and loss make no difference.

Every fact is a time, and the earliest that was ever told stands. Each write is a conditional UPDATE that commutes with
the others, so events may be applied by several workers at once (docs/decisions/0009-the-live-mirror.md).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone

from rooms.models import Participant, Room, Session

MAX_REASON_CHARS: Final = 200


@dataclass(frozen=True)
class Changes:
    """What a fact changed. `news` names what became known for the first time, to be told to the tenant once."""

    session: Session
    participant: Participant | None
    news: tuple[str, ...]


def session_started(room: Room, telnyx_id: UUID, at: datetime | None) -> Changes:
    """A session of the room goes on, or went on, since `at`."""
    session, is_new = _session(room, telnyx_id)
    if at is not None:
        _earliest(Session.objects.filter(pk=session.pk), "started_at", at)
    return Changes(session, None, ("session.started",) if is_new else ())


def session_ended(room: Room, telnyx_id: UUID, at: datetime, reason: str = "") -> Changes:
    """A session of the room is over since `at`."""
    session, is_new = _session(room, telnyx_id)
    rows = Session.objects.filter(pk=session.pk)
    ended = _earliest(rows, "ended_at", at)
    _reason(rows, "ended_reason", reason)
    news = (*(("session.started",) if is_new else ()), *(("session.ended",) if ended else ()))
    return Changes(session, None, news)


def participant_joined(
    room: Room, session_telnyx_id: UUID, telnyx_id: UUID, at: datetime | None, context: str | None
) -> Changes:
    """Somebody is, or was, in a session since `at`."""
    session, is_new_session = _session(room, session_telnyx_id)
    person = _participant(session, telnyx_id)
    rows = Participant.objects.filter(pk=person.pk)
    joined = at is not None and _earliest(rows, "joined_at", at)
    _context(rows, context)
    if at is not None and is_new_session:
        _earliest(Session.objects.filter(pk=session.pk), "started_at", at)
    person.refresh_from_db()
    news = (*(("session.started",) if is_new_session else ()), *(("participant.joined",) if joined else ()))
    return Changes(session, person, news)


def participant_left(
    room: Room, session_telnyx_id: UUID, telnyx_id: UUID, at: datetime, context: str | None, reason: str = ""
) -> Changes:
    """Somebody is not in a session any more since `at`. Who left never comes back under the same id."""
    session, is_new_session = _session(room, session_telnyx_id)
    person = _participant(session, telnyx_id)
    rows = Participant.objects.filter(pk=person.pk)
    left = _earliest(rows, "left_at", at)
    _context(rows, context)
    _reason(rows, "left_reason", reason)
    person.refresh_from_db()
    news = (*(("session.started",) if is_new_session else ()), *(("participant.left",) if left else ()))
    return Changes(session, person, news)


def participant_seen(
    room: Room, session_telnyx_id: UUID, telnyx_id: UUID
) -> tuple[Session, Participant, bool]:
    """Somebody is or was in a session, of which nothing else is told; whether the session was not known before."""
    session, is_new_session = _session(room, session_telnyx_id)
    return session, _participant(session, telnyx_id), is_new_session


def _session(room: Room, telnyx_id: UUID) -> tuple[Session, bool]:
    try:
        with transaction.atomic():
            session, is_new = Session.objects.get_or_create(
                telnyx_id=telnyx_id, defaults={"tenant_id": room.tenant_id, "room": room}
            )
    except IntegrityError:
        session, is_new = Session.objects.get(telnyx_id=telnyx_id), False
    if session.room_id != room.pk:
        raise ForeignSession(f"session {telnyx_id} belongs to another room")
    session.room = room
    return session, is_new


class ForeignSession(Exception):
    """The session that was told of is known to be of another room."""


def _participant(session: Session, telnyx_id: UUID) -> Participant:
    same: dict[str, Any] = {"tenant_id": session.tenant_id, "room_id": session.room_id}
    return Participant.objects.get_or_create(session=session, telnyx_id=telnyx_id, defaults=same)[0]


def change(rows: models.QuerySet[Any], **values: Any) -> bool:
    """Write these values, and that the rows have changed now; whether there was a row to write them to."""
    return bool(rows.update(**values, updated_at=timezone.now()))


def _earliest(rows: models.QuerySet[Any], column: str, at: datetime) -> bool:
    """Let `column` be the earlier of what it is and `at`; whether it was empty before."""
    if change(rows.filter(**{column: None}), **{column: at}):
        return True
    change(rows.filter(**{f"{column}__gt": at}), **{column: at})
    return False


def _context(rows: models.QuerySet[Participant], context: str | None) -> None:
    """The first of two contexts in the alphabet, so that the order of telling does not matter; there is but one."""
    if context is not None:
        cut = context[:4096].replace("\x00", "")
        change(rows.filter(Q(context=None) | Q(context__gt=cut)), context=cut)


def _reason(rows: models.QuerySet[Any], column: str, reason: str) -> None:
    if reason:
        change(rows.filter(**{column: ""}), **{column: reason[:MAX_REASON_CHARS]})
