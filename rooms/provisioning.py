"""Making rooms at Telnyx, keeping them as ours say, and deleting them.

Creating is made safe to repeat by the name: Telnyx refuses a second room of one name, and a room whose answer was
lost is found again by it (docs/decisions/0003-operations-are-rows.md).
"""

import re
import time
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from rooms import operations
from rooms.models import Operation, Room, Tally, TelnyxRoom, Upstream
from rooms.operations import Again, Attempt, Cancelled, carries_out
from videobroker import telnyx
from videobroker.telnyx import errors
from videobroker.tenants.callers import HOUSE, Caller
from videobroker.tenants.lines import line_of

log = structlog.get_logger(__name__)

Kind = Operation.Kind
# What Telnyx rooms of ours are called (`Room.telnyx_name`); a number follows where a room was sealed.
TELNYX_NAME: Final = re.compile(r"vb-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.[0-9]+)?")
# An order to make a room is good for longer than any outage we know of.
GOOD_FOR: Final = timedelta(days=1)


class NotProvisioned(Exception):
    """There is no Telnyx room for this room, and none could be made in the time there was."""


def order_create(room: Room, by: Caller) -> Operation:
    """Have the room made at Telnyx."""
    return operations.order(room, Kind.CREATE_ROOM, by=by, good_for=GOOD_FOR)


def order_update(room: Room, by: Caller) -> Operation:
    """Have the Telnyx room follow ours."""
    return operations.order(room, Kind.UPDATE_ROOM, by=by, good_for=GOOD_FOR)


def order_delete(room: Room, by: Caller) -> Operation:
    """Have the Telnyx room deleted; that ends its session and voids its tokens."""
    return operations.order(room, Kind.DELETE_ROOM, by=by)


def properties(room: Room) -> dict[str, Any]:
    """What the Telnyx room should be like. Telnyx tells us, and we tell the tenant: so the webhook addresses are ours,
    where we have one that Telnyx can reach, and never those the tenant gave."""
    wanted: dict[str, Any] = {
        "max_participants": room.max_participants,
        "enable_recording": room.enable_recording,
    }
    if settings.PUBLIC_URL:
        ours = f"{settings.PUBLIC_URL}/webhooks/telnyx/{room.account_id}"
        wanted |= {"webhook_event_url": ours, "webhook_event_failover_url": f"{ours}/failover"}
    return wanted


# --- Carrying out -----------------------------------------------------------------------------------------


@carries_out(Kind.CREATE_ROOM)
def create(attempt: Attempt) -> dict[str, Any]:
    """Make the Telnyx room, or find the one that an earlier attempt made."""
    room = attempt.operation.room
    if not room.should_exist_upstream(timezone.now()):
        raise Cancelled("the room was closed or deleted meanwhile")
    if room.telnyx_id is not None:
        return {"telnyx_id": str(room.telnyx_id)}
    line = line_of(room.account, timeout_secs=attempt.timeout_secs)
    found = _find(line, room) if attempt.outcome_unknown else None
    made = found or _make_or_find(line, room, room.telnyx_name)
    _adopt(room, made)
    return {"telnyx_id": made.id, "found_again": found is not None}


def _make_or_find(line: telnyx.Telnyx, room: Room, name: str) -> telnyx.Room:
    try:
        return line.create_room(unique_name=name, **properties(room))
    except errors.Invalid as error:
        found = _named(line, name) if error.is_duplicate else None
        if found is None:
            raise
        return found


def _find(line: telnyx.Telnyx, room: Room) -> telnyx.Room | None:
    return _named(line, room.telnyx_name)


def _named(line: telnyx.Telnyx, name: str) -> telnyx.Room | None:
    """The Telnyx room of this name. The name is compared again here: a filter that Telnyx ignored must not make
    somebody else's room ours."""
    page = line.list_rooms(unique_name=name)
    return next((found for found in page.items if found.unique_name == name), None)


def _adopt(room: Room, made: telnyx.Room) -> None:
    """Write down the Telnyx room. It may be one that an earlier attempt made with other properties."""
    with transaction.atomic():
        known, _ = TelnyxRoom.objects.get_or_create(
            telnyx_id=made.id, defaults={"room": room, "account": room.account}
        )
        if known.room_id != room.pk:
            told = f"Telnyx gave the id of another room, {made.id}; look for this one by its name"
            raise errors.GarbledAnswer(told, operation="create_room")
        Room.objects.filter(pk=room.pk, telnyx_id=None).update(telnyx_id=made.id, upstream=Upstream.READY)
    follow_if_different(room, made)


def follow_if_different(room: Room, found: telnyx.Room) -> bool:
    """Order the Telnyx room to be made like ours again, if it is not and nothing is ordered yet; whether it was."""
    if all(getattr(found, name) == value for name, value in properties(room).items()):
        return False
    updates = Operation.objects.filter(room=room, kind=Kind.UPDATE_ROOM, state__in=Operation.UNFINISHED)
    if updates.exists():
        return False
    with transaction.atomic():
        order_update(room, HOUSE)
    return True


@carries_out(Kind.UPDATE_ROOM)
def update(attempt: Attempt) -> dict[str, Any]:
    """Set the Telnyx room to what ours says now, not to what it said when this was ordered: the last word counts."""
    room = attempt.operation.room
    if room.telnyx_id is None:
        raise Cancelled("there is no Telnyx room; when it is made it will be as ours is then")
    line = line_of(room.account, timeout_secs=attempt.timeout_secs)
    try:
        line.update_room(str(room.telnyx_id), **properties(room))
    except errors.NotFound:
        note_missing(room, str(room.telnyx_id))
        raise Cancelled("the Telnyx room was gone; another one is being made") from None
    return {"telnyx_id": str(room.telnyx_id)}


@carries_out(Kind.DELETE_ROOM)
def delete(attempt: Attempt) -> dict[str, Any]:
    """Delete the Telnyx room; one that is gone already is as good as deleted."""
    room = attempt.operation.room
    line = line_of(room.account, timeout_secs=attempt.timeout_secs)
    if room.should_exist_upstream(timezone.now()):
        if attempt.outcome_unknown:
            _note_if_gone(line, room)
        raise Cancelled("the room was opened again meanwhile")
    telnyx_id = str(room.telnyx_id) if room.telnyx_id else _id_of_lost(line, room)
    if telnyx_id is not None:
        _delete(line, room, telnyx_id)
    now = timezone.now()
    TelnyxRoom.objects.filter(room=room, deleted_at=None).update(deleted_at=now)
    Room.objects.filter(pk=room.pk).update(telnyx_id=None, upstream=Upstream.ABSENT, reconcile_due_at=now)
    return {"telnyx_id": telnyx_id}


def _id_of_lost(line: telnyx.Telnyx, room: Room) -> str | None:
    """A room whose create was given up on may be there all the same."""
    found = _find(line, room)
    return found.id if found else None


def _delete(line: telnyx.Telnyx, room: Room, telnyx_id: str) -> None:
    """Delete by id. One that Telnyx does not know may be a wrong id of a room that is still there: its name tells."""
    try:
        line.delete_room(telnyx_id)
    except errors.NotFound as error:
        if (left := _id_of_lost(line, room)) is None:
            log.info("telnyx_room_already_gone", telnyx_id=telnyx_id)
            return
        Room.objects.filter(pk=room.pk).update(telnyx_id=left)
        raise Again(f"Telnyx did not find {telnyx_id}, but has the room as {left}", wait_secs=1) from error


def _note_if_gone(line: telnyx.Telnyx, room: Room) -> None:
    """An attempt to delete, of which nothing was heard, may have succeeded."""
    if room.telnyx_id is not None:
        try:
            line.view_room(str(room.telnyx_id))
        except errors.NotFound:
            note_missing(room, str(room.telnyx_id))


def order_seal(room: Room, by: Caller) -> Operation:
    """Have the room moved to a new Telnyx room, and the old one deleted: every token given for it is void at once."""
    return operations.order(room, Kind.SEAL_ROOM, by=by, good_for=GOOD_FOR)


@carries_out(Kind.SEAL_ROOM)
def seal(attempt: Attempt) -> dict[str, Any]:
    """Make another Telnyx room, let ours be that one, and delete those before it. Its name bears the order's number, so
    an attempt that is repeated finds what an earlier one made."""
    operation = attempt.operation
    room = operation.room
    if not room.should_exist_upstream(timezone.now()):
        raise Cancelled("the room was closed or deleted meanwhile")
    line = line_of(room.account, timeout_secs=attempt.timeout_secs)
    name = f"{room.telnyx_name}.{operation.sequence}"
    made = _named(line, name) or _make_or_find(line, room, name)
    with transaction.atomic():
        TelnyxRoom.objects.get_or_create(telnyx_id=made.id, defaults={"room": room, "account": room.account})
        Room.objects.filter(pk=room.pk).update(telnyx_id=made.id, upstream=Upstream.READY)
    for former in TelnyxRoom.objects.filter(room=room, deleted_at=None).exclude(telnyx_id=made.id):
        _delete_former(line, former)
    now = timezone.now()
    Room.objects.filter(pk=room.pk).update(sealed_at=now, reconcile_due_at=now)
    return {"telnyx_id": made.id}


def _delete_former(line: telnyx.Telnyx, former: TelnyxRoom) -> None:
    try:
        line.delete_room(former.telnyx_id)
    except errors.NotFound:
        log.info("telnyx_room_already_gone", telnyx_id=str(former.telnyx_id))
    TelnyxRoom.objects.filter(pk=former.pk).update(deleted_at=timezone.now())


# --- What happens by itself -------------------------------------------------------------------------------


def note_missing(room: Room, telnyx_id: str) -> None:
    """Telnyx has no such room any more. Have it made anew, if it should be there; whoever notices first does."""
    with transaction.atomic():
        gone = Room.objects.filter(pk=room.pk, telnyx_id=telnyx_id)
        if gone.update(telnyx_id=None, upstream=Upstream.PENDING):
            Tally.add(Tally.Name.ROOMS_VANISHED)
            log.warning("telnyx_room_vanished", room=str(room.pk), telnyx_id=telnyx_id)
            order_create(room, HOUSE)


def ensure(room: Room, *, by: Caller, timeout_secs: float) -> str:
    """The id of the room's Telnyx room. While there is none, its orders are carried out here and now: nobody who wants
    to come in should have to wait for a worker. Raises `NotProvisioned` when the time is over."""
    until = time.monotonic() + timeout_secs
    _order_if_nobody_did(room, by)
    while (left := until - time.monotonic()) > 0:
        if (first := next(operations.unfinished(room, "upstream"), None)) is not None:
            operations.carry_out(first, timeout_secs=min(left, settings.TELNYX_TIMEOUT_SECS))
        # In this order: an order that another process finishes between the two has made the room by the second.
        is_waiting = next(operations.unfinished(room, "upstream"), None) is not None
        telnyx_id = Room.objects.values_list("telnyx_id", flat=True).get(pk=room.pk)
        if telnyx_id is not None:
            return str(telnyx_id)
        if not is_waiting:
            break
        time.sleep(min(0.1, max(0.0, left)))  # another process has the lease, or the next try is not due yet
    raise NotProvisioned(f"room {room.pk} has no Telnyx room yet")


def _order_if_nobody_did(room: Room, by: Caller) -> None:
    with transaction.atomic():
        Room.objects.select_for_update().get(pk=room.pk)
        pending = Operation.objects.filter(room=room, kind=Kind.CREATE_ROOM, state__in=Operation.UNFINISHED)
        if Room.objects.filter(pk=room.pk, telnyx_id=None).exists() and not pending.exists():
            order_create(room, by)


def is_busy(room: Room) -> bool:
    """Whether an order about the room's Telnyx room is still to be carried out."""
    return Operation.objects.filter(room=room, queue="upstream", state__in=Operation.UNFINISHED).exists()


def follow_schedules(now: datetime) -> None:
    """Order the Telnyx rooms deleted of rooms that have closed, and made of rooms that were opened again."""
    busy = Operation.objects.filter(room=OuterRef("pk"), queue="upstream", state__in=Operation.UNFINISHED)
    idle = Room.objects.filter(~Exists(busy))
    shut = Q(closes_at__lte=now) | Q(deleted_at__isnull=False)
    for room in idle.filter(shut, ~Q(upstream=Upstream.ABSENT))[:500]:
        with transaction.atomic():
            order_delete(room, HOUSE)
    for room in idle.exclude(shut).filter(upstream=Upstream.ABSENT)[:500]:
        with transaction.atomic():
            order_create(room, HOUSE)
