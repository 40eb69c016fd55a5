"""How many may be in a room: seats are held by grants, from minting until their last client token is over."""

from datetime import datetime, timedelta
from typing import Final

from rooms.admission import Seats
from rooms.models import Room
from tokens.models import Grant

# After its token has ended somebody who reconnects finds the seat kept for this long.
KEPT_AFTER_TOKEN: Final = timedelta(seconds=30)


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
