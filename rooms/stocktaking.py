"""Taking stock of what Telnyx has recorded: a webhook that never came does no harm to recordings either.

Often for rooms where somebody is recorded; every few minutes for what an account recorded of late; and once a day for
all that is kept, a day of it after another (`counting`). Only recordings of our rooms are ever taken in.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, TypeVar
from uuid import UUID

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet

from rooms import footage, mirroring, vanishing
from rooms.mirroring import Changes
from rooms.models import Composition, Deletion, Footage, Recording, Room, Session, TelnyxRoom
from videobroker import telnyx
from videobroker.telnyx import DateFilter, Telnyx, errors
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)

T = TypeVar("T")

# How long after a session's end its recordings are asked about until they are complete.
FOLLOWED_FOR: Final = timedelta(hours=1)
# How far back recordings are looked for that nobody told us of; and after how long one that Telnyx does not complete
# is taken to have ended with its session.
OF_LATE: Final = timedelta(days=1)
PAGE_SIZE: Final = 250
AT_ONCE: Final = 50
# What may have gone wrong with one recording, and must not keep the others from being known.
NOT_MERGED: Final = (footage.ForeignFootage, mirroring.ForeignSession, ValueError)
# Answers that Telnyx may give about one film alone, and among the refusals those that are not about it.
OF_ONE: Final = (errors.ServerFailed, errors.GarbledAnswer, errors.Refused)
OF_THE_ACCOUNT: Final = (errors.RateLimited, errors.Unauthorised, errors.Forbidden)


def followed(room: Room, now: datetime) -> QuerySet[Session]:
    """The room's sessions of which recordings may begin, or be completed, without our being told."""
    sessions = Session.objects.filter(room=room)
    recorded = Recording.objects.filter(session=OuterRef("pk"))
    going_on = sessions.unsettled()
    if not room.enable_recording:
        going_on = going_on.filter(Exists(recorded))
    of_late = Q(ended_at=None) | Q(ended_at__gt=now - FOLLOWED_FOR)
    return going_on | sessions.filter(of_late, Exists(recorded.kept().filter(completed_at=None)))


def look_into(line: Telnyx, room: Room, now: datetime) -> Iterator[Changes]:
    """Merge what Telnyx has recorded in the room's sessions that are `followed`. Raises `TelnyxError`."""
    for session_id in list(followed(room, now).values_list("telnyx_id", flat=True)[:AT_ONCE]):
        for found in pages(line.each_recording(session_id=session_id, page_size=PAGE_SIZE)):
            yield from merge(room.account, found, now)


def look_around(line: Telnyx, account: Account, now: datetime) -> Iterator[Changes]:
    """Merge what the account has recorded of late. Raises `TelnyxError`."""
    since = DateFilter(gte=(now - OF_LATE).date())
    for found in pages(line.each_recording(date_started_at=since, page_size=PAGE_SIZE)):
        yield from merge(account, found, now)


def ask_about_overdue(line: Telnyx, account: Account, now: datetime) -> Iterator[Changes]:
    """Ask one by one about recordings that should have been completed long ago, or of which nobody knows when they
    began. Each is asked about until Telnyx has answered once: after that it counts as ended with its session. Raises
    `TelnyxError`, but for `passing_over`."""
    overdue = Q(completed_at=None, expires_at=None, session__ended_at__lt=now - OF_LATE)
    undated = Q(started_at=None, seen_at__lt=now - OF_LATE)
    kept = Recording.objects.kept().filter(overdue | undated, room__account=account)
    for recording in kept.select_related("room", "room__tenant", "session", "participant")[:AT_ONCE]:
        changes = None
        with passing_over(recording):
            changes = ask(line, recording, now)
        if changes is not None:
            yield changes
            footage.settle_for_what_is_known(recording)


def ask(line: Telnyx, recording: Recording, now: datetime) -> Changes | None:
    """Merge what Telnyx says of this recording; None if it has it no more, which is noted. Raises `TelnyxError`."""
    try:
        found = line.view_recording(recording.telnyx_id)
    except errors.NotFound:
        vanishing.note(recording)
        return None
    return footage.recording_asked(recording, footage.facts_of(found, now=now))


@contextmanager
def passing_over(kept: Recording | Composition) -> Iterator[None]:
    """One that Telnyx cannot show keeps nobody from the others: log it, and go on. What concerns all of the account, a
    limit, the key, or that nobody answers at all, goes on up."""
    try:
        yield
    except OF_THE_ACCOUNT:
        raise
    except OF_ONE as error:
        log.warning("footage_not_shown", footage=str(kept.pk), room=str(kept.room_id), error=str(error))


def merge(account: Account, found: Sequence[telnyx.Recording], now: datetime) -> Iterator[Changes]:
    """Merge these recordings as far as they are of the account's rooms and say something that is not known."""
    ids = [UUID(each.id) for each in found]
    related = Recording.objects.select_related("room", "room__tenant", "session", "participant")
    known = {row.telnyx_id: row for row in related.filter(telnyx_id__in=ids)}
    rooms = _rooms(account, {each.room_id for each in found if each.room_id})
    for each in found:
        row = known.get(UUID(each.id))
        if row is not None:
            _look_if_undead(row, now)
        if row is not None and _is_known(row, each):
            continue
        room = rooms.get(each.room_id or "")
        try:
            changes = _merge_one(room, row, each, now)
        except NOT_MERGED as error:
            log.warning("recording_not_merged", telnyx_id=each.id, account=str(account.pk), error=str(error))
            continue
        if changes is not None:
            yield changes


def _merge_one(
    room: Room | None, row: Recording | None, found: telnyx.Recording, now: datetime
) -> Changes | None:
    """None for what is of no room of ours, or tells too little of whose it is."""
    facts = footage.facts_of(found, now=now)
    if room is None or found.session_id is None or found.participant_id is None:
        return footage.recording_asked(row, facts) if row is not None and found.room_id is None else None
    session, person = UUID(found.session_id), UUID(found.participant_id)
    return footage.recording_told(room, session, person, UUID(found.id), found.type, facts)


def _rooms(account: Account, telnyx_ids: Iterable[str]) -> dict[str, Room]:
    """The account's rooms by the ids of their Telnyx rooms, past ones too."""
    ours = TelnyxRoom.objects.filter(account=account, telnyx_id__in=telnyx_ids)
    related = ours.select_related("room", "room__tenant", "room__account")
    return {str(known.telnyx_id): known.room for known in related}


def _is_known(row: Recording, found: telnyx.Recording) -> bool:
    """Whether the row says all that Telnyx says, so that nothing has to be written."""
    return row.status == found.status and all(
        told is None or getattr(row, name) == told
        for name, told in {
            "started_at": found.started_at,
            "ended_at": found.ended_at,
            "completed_at": found.completed_at,
            "size_mb": found.size_mb,
            "duration_secs": found.duration_secs,
            "codec": found.codec,
        }.items()
    )


def _look_if_undead(row: Recording, now: datetime) -> None:
    """What was deleted here a while ago and is there still must not come back, and somebody has to know, if it is more
    than that Telnyx had not found it."""
    if row.state != Footage.State.DELETED or vanishing.believe_list(row, now):
        return
    if Deletion.objects.filter(footage_id=row.pk, done_at__lt=now - FOLLOWED_FOR).exists():
        log.error("deleted_footage_is_there", footage=str(row.pk), room=str(row.room_id))


def pages(found: Iterable[T]) -> Iterator[list[T]]:
    """What is found, so many at a time as Telnyx lists on a page."""
    left = iter(found)
    while page := list(islice(left, PAGE_SIZE)):
        yield page
