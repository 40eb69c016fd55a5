"""Who may come in now. One decision, for minting, refreshing and explaining alike."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rooms.models import Access, Ban, Member, Role, Room
from videobroker.tenants.deactivating import is_deactivated
from videobroker.tenants.models import Tenant

# What `decide` refuses with, in the order in which it asks.
REASONS: Final = (
    "tenant_suspended", "closed", "not_a_member", "user_deactivated", "banned", "not_open_yet", "locked", "room_full",
)  # fmt: skip


@dataclass(frozen=True)
class Admission:
    """The answer: admitted as a role, or refused for a reason, with the time when asking again may help."""

    admitted: bool
    reason: str
    detail: str
    role: str | None = None
    display_name: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True)
class Seats:
    """How full a room is: `taken` of the room's seats by others, and when the next one falls free at the latest."""

    taken: int
    next_free_at: datetime | None = None


def decide(
    room: Room, identity: str | None, *, tenant: Tenant, now: datetime, seats: Seats | None
) -> Admission:
    """Whether `identity` may be in `room` at `now`; None is the tenant's back end asking for itself.

    `seats` is None for somebody who already has a seat: neither a full nor a locked room puts those out who are in.
    """
    if tenant.is_suspended:
        return _refused("tenant_suspended", "this tenant is suspended: ask who runs this service")
    if room.deleted_at is not None or room.is_closed(now):
        return _refused("closed", "this room is closed")
    member = _member(room, identity)
    if identity is not None:
        if member is None and room.access != Access.TENANT:
            return _refused("not_a_member", "not a member of this room: a moderator can add you")
        if is_deactivated(room.tenant_id, identity):
            return _refused("user_deactivated", "this person was deactivated: ask who runs this service")
        if (ban := _longest_ban(room, identity, now)) is not None:
            return _refused("banned", "banned from this room", retry_at=ban.until)
    if room.is_not_open_yet(now):
        return _refused("not_open_yet", "this room has not opened yet", retry_at=room.opens_at)
    if seats is not None:
        if room.locked:
            return _refused(
                "locked", "this room is locked: nobody new may enter until a moderator unlocks it"
            )
        if seats.taken >= room.max_participants:
            detail = f"all {room.max_participants} seats of this room are taken"
            return _refused("room_full", detail, retry_at=seats.next_free_at)
    role = member.role if member else Role.PARTICIPANT
    return Admission(True, "admitted", "may enter", role, member.display_name if member else "")


def _refused(reason: str, detail: str, retry_at: datetime | None = None) -> Admission:
    return Admission(False, reason, detail, retry_at=retry_at)


def _member(room: Room, identity: str | None) -> Member | None:
    return None if identity is None else Member.objects.filter(room=room, identity=identity).first()


def _longest_ban(room: Room, identity: str, now: datetime) -> Ban | None:
    """The ban that ends last, one without an end before all others."""
    bans = Ban.objects.against(room.tenant_id, identity).from_room(room.pk).in_force(now)
    return max(bans, key=lambda ban: (ban.until is None, ban.until or now), default=None)
