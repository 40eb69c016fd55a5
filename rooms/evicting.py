"""Putting out who may not be in: the banned, the removed, those of a suspended tenant, and whom nobody can name.

One rule, asked whenever somebody joins and again in the workers' rounds, so that a removal sticks: until the last
token is over that somebody may still hold, they are put out as often as they come back.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from rooms import moderation
from rooms.models import Attribution, Ban, Operation, Participant, Removal, Room
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import IdentityMode, TenantStatus, User

log = structlog.get_logger(__name__)

# An order to remove somebody gets this long to work before it is given again.
ORDERED_AGAIN_AFTER: Final = timedelta(seconds=2)

UNATTRIBUTED: Final = (
    Attribution.MISSING, Attribution.FORGED, Attribution.LATE, Attribution.FOREIGN, Attribution.CLAIMED,
)  # fmt: skip


def unwelcome(people: QuerySet[Participant], *, now: datetime) -> QuerySet[Participant]:
    """Those of `people` who are present and may not be, with the reason as `because`."""
    bans = Ban.objects.filter(
        Q(room=None) | Q(room=OuterRef("room")),
        Q(until=None) | Q(until__gt=now),
        tenant=OuterRef("tenant"),
        identity=OuterRef("identity"),
        lifted_at=None,
    )
    removals = Removal.objects.filter(
        # A grant that was removed never holds again; a person may have been given another one since.
        Q(grant_id=OuterRef("grant_id"))
        | Q(identity=OuterRef("identity"), removed_at__gt=OuterRef("granted_at")),
        room=OuterRef("room"),
    )
    deactivated = User.objects.filter(
        tenant=OuterRef("tenant"), identity=OuterRef("identity"), is_active=False
    )
    watched = Removal.objects.filter(
        room=OuterRef("room"), watched_until_at__gt=now, removed_at__lt=OuterRef("joined_at")
    )
    present = people.present().annotate(  # type: ignore[attr-defined]  # a ParticipantQuerySet, which stubs lose here
        is_banned=Exists(bans),
        is_removed=Exists(removals),
        is_deactivated=Exists(deactivated),
        is_watched=Exists(watched),
    )
    nameless = Q(attribution__in=UNATTRIBUTED)
    enforced = nameless & (Q(tenant__identity_mode=IdentityMode.ENFORCE) | Q(is_watched=True))
    found: QuerySet[Participant] = present.filter(
        Q(tenant__status=TenantStatus.SUSPENDED)
        | Q(is_banned=True)
        | Q(is_deactivated=True)
        | Q(is_removed=True)
        | enforced
    )
    return found


def evict_unwelcome(people: QuerySet[Participant], *, now: datetime) -> int:
    """Order the removal of those who may not be in; how many. Nobody's removal is ordered twice at the same time."""
    retry_before = now - ORDERED_AGAIN_AFTER
    due = unwelcome(people, now=now).filter(Q(evicted_at=None) | Q(evicted_at__lt=retry_before))
    ordered = 0
    for person in due.select_related("session", "session__room", "tenant"):
        ordered += _evict(person, retry_before=retry_before, now=now)
    return ordered


def _evict(person: Participant, *, retry_before: datetime, now: datetime) -> int:
    with transaction.atomic():
        # The room first, as whoever kicks and bans does: else two could wait for each other.
        Room.objects.select_for_update().get(pk=person.room_id)
        mine = Participant.objects.filter(Q(evicted_at=None) | Q(evicted_at__lt=retry_before), pk=person.pk)
        if not mine.update(evicted_at=now) or _is_being_removed(person):
            return 0
        moderation.order_kick(HOUSE, person.session, [person], because=_because(person))
    log.info(
        "eviction_ordered", participant=str(person.pk), room=str(person.room_id), because=_because(person)
    )
    return 1


def _is_being_removed(person: Participant) -> bool:
    """Whether an order to remove them is still to be carried out. While Telnyx is away a second one would do no more,
    and one every few seconds for everybody would bury us."""
    kicks = Operation.objects.filter(
        room=person.room_id, kind=Operation.Kind.KICK, state__in=Operation.UNFINISHED
    )
    return any(
        str(person.pk) in arguments["participants"] for arguments in kicks.values_list("arguments", flat=True)
    )


def _because(person: Participant) -> str:
    marks = person.__dict__
    if person.tenant.is_suspended:
        return "tenant_suspended"
    if marks["is_banned"]:
        return "banned"
    if marks["is_deactivated"]:
        return "user_deactivated"
    return "removed" if marks["is_removed"] else f"context_{person.attribution}"
