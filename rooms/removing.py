"""Putting an end to what let somebody in: their grants, and what the client tokens that are out are still good for."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from rooms.doorkeeping import doorkeeper
from rooms.models import Participant, Removal, Room
from videobroker.tenants.models import Tenant

# Clocks differ, and a client may be just connecting: the watch on a removal lasts this much longer than the tokens.
WATCH_LEEWAY: Final = timedelta(seconds=30)
# A removal is of use for so long after its last token is over: who was put out by it may still not have gone.
KEPT_FOR: Final = timedelta(days=30)
# Telnyx is asked this often who is in, while somebody who was put out could still return.
ASKED_WHILE_WATCHED: Final = timedelta(seconds=2)


def remove(
    room: Room, *, identities: set[str], grant_ids: set[UUID], because: str, now: datetime
) -> datetime | None:
    """Revoke the grants and leave the fact, in the caller's transaction: what was granted before `now` holds no more,
    and until the last token given for it is over, whoever returns with it is put out again. Gives the time when that
    token is over; None if none is out."""
    # Nobody is given a seat while this goes on: who asks meanwhile waits, and meets what was decided here.
    Room.objects.select_for_update().get(pk=room.pk)
    last = doorkeeper().revoke(room, identities=identities, grant_ids=grant_ids, because=because, now=now)
    watched_until_at = (max(last, now) if last else now) + WATCH_LEEWAY
    common: dict[str, Any] = {"room": room, "removed_at": now, "watched_until_at": watched_until_at}
    Removal.objects.bulk_create(
        [
            *(Removal(identity=identity, **common) for identity in identities),
            *(Removal(grant_id=grant_id, **common) for grant_id in grant_ids),
        ]
    )
    Room.objects.filter(pk=room.pk).filter(
        Q(reconcile_due_at=None) | Q(reconcile_due_at__gt=now + ASKED_WHILE_WATCHED)
    ).update(reconcile_due_at=now + ASKED_WHILE_WATCHED)
    return last


def remove_everywhere(tenant: Tenant, identity: str, *, because: str, now: datetime) -> datetime | None:
    """The same for one person, in every room of the tenant that they are in or could get into with what they hold."""
    present = Participant.objects.of(tenant).present().filter(identity=identity)
    room_ids = {
        *present.values_list("room_id", flat=True),
        *doorkeeper().rooms_open_to(tenant, identity, now=now),
    }
    # In one order, always: two who remove people in several rooms at once must not wait for each other.
    ends = [
        remove(room, identities={identity}, grant_ids=set(), because=because, now=now)
        for room in Room.objects.filter(pk__in=room_ids).order_by("pk")
    ]
    return max((end for end in ends if end is not None), default=None)


def forget_old(now: datetime) -> int:
    """Forget removals that put nobody out any more, some at a time; how many."""
    old = Removal.objects.filter(watched_until_at__lt=now - KEPT_FOR).order_by("watched_until_at")
    return Removal.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:500])).delete()[0]
