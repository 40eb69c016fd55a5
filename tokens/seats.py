"""How many may be in a room: seats are held by grants, from minting until their last client token is over."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from rooms import admission
from rooms.admission import Seats
from rooms.models import Participant, Room
from tokens.models import Grant
from videobroker.tenants.models import Tenant

# After its token has ended somebody who reconnects finds the seat kept for this long.
KEPT_AFTER_TOKEN: Final = timedelta(seconds=30)
# More devices than this nobody sits at; what a person holds beyond it is given to others when the room is full.
SEATS_PER_PERSON: Final = 5


def lock(room: Room) -> Room:
    """The room's row, fresh, and locked to the end of the transaction: seats are counted and taken one by one. (SQLite
    has no row locks and needs none: its transactions that write already run one after the other.)"""
    fresh = Room.objects.select_for_update().get(pk=room.pk)
    fresh.tenant, fresh.account = room.tenant, room.account
    return fresh


def counted(room: Room, now: datetime, *, besides: Grant | None = None) -> Seats:
    """The room's seats as they are taken at `now`, by others than the grant `besides`."""
    seated = Grant.objects.filter(room=room).seated(now)
    if besides is not None:
        seated = seated.exclude(pk=besides.pk)
    ends = sorted(seated.values_list("seated_until_at", flat=True))
    # More may be taken than there are, where the room was given fewer meanwhile.
    too_many = len(ends) - room.max_participants
    return Seats(taken=len(ends), next_free_at=ends[too_many] if too_many >= 0 else None)


def decide_on_a_seat(
    room: Room, identity: str | None, *, tenant: Tenant, now: datetime, besides: Grant | None = None
) -> admission.Admission:
    """Whether the person would be admitted to a seat of the locked room. Seats that somebody holds beyond reason, and
    does not sit on, make no room full."""
    taken = counted(room, now, besides=besides)
    decision = admission.decide(room, identity, tenant=tenant, now=now, seats=taken)
    if decision.reason == "room_full" and _reclaim(room, now):
        taken = counted(room, now, besides=besides)
        decision = admission.decide(room, identity, tenant=tenant, now=now, seats=taken)
    return decision


def _reclaim(room: Room, now: datetime) -> int:
    """Free the oldest seats that a person holds beyond SEATS_PER_PERSON and nobody has joined from; how many. Their
    grants stay: the next refresh takes a seat again, if there is one."""
    held: dict[str, list[UUID]] = defaultdict(list)
    seated = Grant.objects.filter(room=room, identity__isnull=False).seated(now).order_by("created_at", "id")
    for grant_id, identity in seated.values_list("pk", "identity"):
        held[str(identity)].append(grant_id)
    beyond = [each for ids in held.values() for each in ids[: max(0, len(ids) - SEATS_PER_PERSON)]]
    joined = Participant.objects.filter(grant_id__in=beyond).present().values_list("grant_id", flat=True)
    free = set(beyond) - set(joined)
    return Grant.objects.filter(pk__in=free).update(seated_until_at=now) if free else 0
