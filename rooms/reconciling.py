"""Asking Telnyx what is true, so that a webhook which never came does no lasting harm.

Often where somebody is in, and every couple of seconds while somebody who was put out could come back; seldom for the
rest: account by account, which also finds rooms that vanished and rooms of ours that nobody needs any more.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db.models import Q
from django.utils import timezone

from rooms import counting, evicting, footage, happenings, mirroring, provisioning, stocktaking
from rooms.doorkeeping import doorkeeper
from rooms.mirroring import Changes
from rooms.models import Participant, Removal, Room, Session, Tally, TelnyxRoom
from rooms.removing import ASKED_WHILE_WATCHED
from videobroker import telnyx
from videobroker.telnyx import DateFilter, Telnyx, errors
from videobroker.tenants.keyring import KeyRingError
from videobroker.tenants.lines import line_of
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)

QUIET_ROOMS_ASKED_EVERY: Final = timedelta(minutes=10)
# How far back sessions are looked for that nobody told us of.
UNHEARD_LOOKED_FOR: Final = timedelta(days=1)
TIMEOUT_SECS: Final = 8.0
AT_ONCE: Final = 20


def reconcile_due(now: datetime) -> int:
    """Reconcile the rooms whose time has come; how many. Of several workers each room gets one."""
    due = Room.objects.filter(reconcile_due_at__lte=now).order_by("reconcile_due_at")[:AT_ONCE]
    return sum(_reconcile_in_turn(room, now) for room in due.select_related("account", "tenant"))


def _reconcile_in_turn(room: Room, now: datetime) -> int:
    """Take the room's turn by moving its due time on, and reconcile. It stays due while somebody is in or
    watched, until Telnyx was asked once more about a session that has ended, and while its recordings are made."""
    watched = Removal.objects.filter(room=room, watched_until_at__gt=now).exists()
    unsettled = Session.objects.filter(room=room).unsettled().exists()
    pause = ASKED_WHILE_WATCHED if watched else happenings.ASKED_WHILE_LIVE
    is_followed = watched or unsettled or stocktaking.followed(room, now).exists()
    following = now + pause if is_followed else None
    mine = Room.objects.filter(pk=room.pk, reconcile_due_at=room.reconcile_due_at)
    if not mine.update(reconcile_due_at=following):
        return 0
    try:
        reconcile(room, now=now)
    except (
        errors.TelnyxError, mirroring.ForeignSession, footage.ForeignFootage, ValueError, KeyRingError,
    ) as error:  # fmt: skip
        # Its next turn comes; what is known stays as it is, since not knowing is not a change.
        log.warning("room_not_reconciled", room=str(room.pk), error=str(error))
    return 1


def reconcile(room: Room, *, now: datetime) -> int:
    """Make the mirror of this room's live sessions true; how many facts were news. Raises `TelnyxError`."""
    line = line_of(room.account, timeout_secs=TIMEOUT_SECS)
    asked_at = timezone.now()
    active = [found for known in _living(room) for found in _active_in(known, line)]
    told = {UUID(session.id) for session in active}
    others = Session.objects.filter(room=room, seen_at__lt=asked_at).unsettled().exclude(telnyx_id__in=told)
    over = [found for each in others[:AT_ONCE] if (found := _asked_about(line, each, room, now)) is not None]
    changes = [change for session in (*active, *over) for change in _merge(room, session, now)]
    changes += [change for session in active for change in _ask_about_unlisted(line, room, session, asked_at)]
    changes += stocktaking.look_into(line, room, now)
    # From here on all is known: only now may follow what can only be told of people when all is known.
    answered = [session.id for session in (*active, *over)]
    Session.objects.filter(telnyx_id__in=answered).update(confirmed_at=now)
    news = _tell(*changes)
    people = Participant.objects.filter(room=room).present_or_pending()
    doorkeeper().attribute(people.select_related("room", "tenant"), now=now)
    evicting.evict_unwelcome(people, now=now)
    _note_drift(room, news)
    return news


def _note_drift(room: Room, facts: int) -> None:
    """Write down how many facts had to be found by asking."""
    if facts:
        Tally.add(Tally.Name.DRIFT_HEALED, facts)
        log.warning("drift_healed", room=str(room.pk), facts=facts)


def _living(room: Room) -> Iterable[TelnyxRoom]:
    return TelnyxRoom.objects.filter(room=room, deleted_at=None).select_related("room")


def _active_in(known: TelnyxRoom, line: Telnyx) -> Iterable[telnyx.Session]:
    """The sessions that go on in a Telnyx room; none in one that is gone, which is noted."""
    try:
        return line.list_room_sessions(known.telnyx_id, active=True, include_participants=True).items
    except errors.NotFound:
        provisioning.note_missing(known.room, str(known.telnyx_id))
        TelnyxRoom.objects.filter(pk=known.pk).update(deleted_at=timezone.now())
        return ()


def _asked_about(line: Telnyx, session: Session, room: Room, now: datetime) -> telnyx.Session | None:
    """What Telnyx says of a session that it does not list as active; one that it does not know is over."""
    try:
        return line.view_session(session.telnyx_id, include_participants=True)
    except errors.NotFound:
        Session.objects.filter(pk=session.pk).update(confirmed_at=now)
        _tell(mirroring.session_ended(room, session.telnyx_id, now, "vanished"))
        return None


def _merge(room: Room, session: telnyx.Session, now: datetime) -> list[Changes]:
    session_id = UUID(session.id)
    changes = [mirroring.session_started(room, session_id, session.created_at)]
    for person in session.participants or ():
        changes.append(
            mirroring.participant_joined(room, session_id, UUID(person.id), person.joined_at, person.context)
        )
        if person.left_at is not None:
            changes.append(
                mirroring.participant_left(room, session_id, UUID(person.id), person.left_at, person.context)
            )
    if not session.active:
        changes.append(mirroring.session_ended(room, session_id, session.ended_at or now))
    return changes


def _ask_about_unlisted(
    line: Telnyx, room: Room, session: telnyx.Session, asked_at: datetime
) -> Iterator[Changes]:
    """Ask one by one about those who to our knowledge are in and whom Telnyx does not list with their session."""
    listed = [UUID(person.id) for person in session.participants or ()]
    known = Participant.objects.filter(session__telnyx_id=session.id, seen_at__lt=asked_at).present()
    for telnyx_id in known.exclude(telnyx_id__in=listed).values_list("telnyx_id", flat=True)[:AT_ONCE]:
        if (left_at := _left_at(line, telnyx_id)) is not None:
            yield mirroring.participant_left(room, UUID(session.id), telnyx_id, left_at, None)


def _left_at(line: Telnyx, telnyx_id: UUID) -> datetime | None:
    """When somebody left, or None while they are in. Whom Telnyx does not know is not in."""
    try:
        return line.view_participant(telnyx_id).left_at
    except errors.NotFound:
        return timezone.now()


def _tell(*changes: Changes) -> int:
    """Have what follows from the changes follow; how many facts were news."""
    news = [change for change in changes if change.news]
    for change in news:
        happenings.happened(change)
    return sum(len(change.news) for change in news)


# --- Quiet rooms, account by account ----------------------------------------------------------------------


def check_account(account: Account, *, now: datetime) -> None:
    """Go through all Telnyx rooms of an account: note those of ours that vanished, look at those where somebody is in
    unknown to us, and delete those we made and need no more. Raises `TelnyxError`."""
    line = line_of(account, timeout_secs=TIMEOUT_SECS)
    started_at = timezone.now()
    seen: dict[UUID, telnyx.Room] = {UUID(found.id): found for found in line.each_room()}
    _note_vanished(account, seen, started_at)
    _look_where_somebody_is(seen, now)
    _hear_of_the_unheard(account, line, now)
    _follow_changed(seen)
    _delete_orphans(account, seen.values(), line)
    take_stock(account, line, now)


def take_stock(account: Account, line: Telnyx, now: datetime) -> None:
    """Hear of recordings that no webhook told of, and note what Telnyx has no more. Raises `TelnyxError`."""
    for look in (stocktaking.look_around, stocktaking.ask_about_overdue, counting.count):
        for changes in look(line, account, now):
            _note_drift(changes.session.room, _tell(changes))


def _note_vanished(account: Account, seen: Iterable[UUID], before: datetime) -> None:
    """Rooms that should be there and are not. Those made while the list was read may be missing from it rightly."""
    ours = TelnyxRoom.objects.filter(
        account=account, deleted_at=None, created_at__lt=before - timedelta(seconds=30)
    )
    for known in ours.exclude(telnyx_id__in=list(seen)).select_related("room"):
        if known.room.telnyx_id == known.telnyx_id:
            provisioning.note_missing(known.room, str(known.telnyx_id))
        TelnyxRoom.objects.filter(pk=known.pk).update(deleted_at=timezone.now())


def _look_where_somebody_is(seen: dict[UUID, telnyx.Room], now: datetime) -> None:
    busy = [telnyx_id for telnyx_id, room in seen.items() if room.active_session_id]
    Room.objects.filter(telnyx_id__in=busy, reconcile_due_at=None).update(reconcile_due_at=now)


def _hear_of_the_unheard(account: Account, line: Telnyx, now: datetime) -> None:
    """Sessions of late that came and went while no webhook of them arrived."""
    since = DateFilter(gte=(now - UNHEARD_LOOKED_FOR).date())
    for found in line.each_session(date_created_at=since, include_participants=True):
        rooms = TelnyxRoom.objects.filter(account=account, telnyx_id=found.room_id)
        known = rooms.select_related("room", "room__tenant", "room__account").first()
        if known is None or Session.objects.filter(telnyx_id=found.id).exists():
            continue
        _note_drift(known.room, _tell(*_merge(known.room, found, now)))


def _follow_changed(seen: dict[UUID, telnyx.Room]) -> None:
    """Rooms that somebody changed at Telnyx, past us, are made as ours say again."""
    for room in Room.objects.filter(telnyx_id__in=list(seen)).select_related("account", "tenant"):
        found = seen.get(room.telnyx_id) if room.telnyx_id else None
        if (
            found is not None
            and not provisioning.is_busy(room)
            and provisioning.follow_if_different(room, found)
        ):
            log.warning("room_changed_at_telnyx", room=str(room.pk), telnyx_id=found.id)


def _delete_orphans(account: Account, seen: Iterable[telnyx.Room], line: Telnyx) -> None:
    """A Telnyx room that bears the name of a room of ours, but is not the one that room uses. Rooms whose name names no
    room in our database are somebody else's, perhaps of another installation on the same account, and left alone."""
    for found in seen:
        room = _named_by(found, account)
        if room is None or str(room.telnyx_id) == found.id or provisioning.is_busy(room):
            continue
        log.warning("orphan_deleted", room=str(room.pk), telnyx_id=found.id)
        try:
            line.delete_room(found.id)
            Tally.add(Tally.Name.ORPHANS_DELETED)
        except errors.NotFound:
            log.info("orphan_already_gone", telnyx_id=found.id)
        TelnyxRoom.objects.filter(telnyx_id=found.id).update(deleted_at=timezone.now())


def _named_by(found: telnyx.Room, account: Account) -> Room | None:
    name = provisioning.TELNYX_NAME.fullmatch(found.unique_name or "")
    if name is None:
        return None
    return Room.objects.filter(Q(pk=name[1]), account=account).first()
