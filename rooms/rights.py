"""What a caller may do in a room. Read from our rows at every call; nothing a client holds grants a right."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.utils import timezone

from rooms.models import Access, Ban, Member, Role, Room
from videobroker.api.problems import Problem, forbidden, not_found
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller

# What `require_moderator` refuses with; `require_sight` with the first of them.
MODERATORS_ONLY: Final = ("not_a_member", "not_a_moderator")


def find_room(caller: Caller, room_id: UUID) -> Room:
    """The living room of the caller's tenant. Raises `not_found` for any other id, be it another tenant's or none."""
    room = Room.objects.of(caller.the_tenant).living().select_related("account").filter(pk=room_id).first()
    if room is None:
        raise not_found()
    room.tenant = caller.the_tenant  # the row is known to be this tenant's: no need to load it again
    return room


def role_in(room: Room, caller: Caller) -> str | None:
    """The caller's role in the room, or None. A back end has none: its scopes say what it may do."""
    if caller.is_back_end:
        return None
    member = Member.objects.filter(room=room, identity=caller.identity).first()
    if member is not None:
        return member.role
    return Role.PARTICIPANT if room.access == Access.TENANT else None


def require_sight(room: Room, caller: Caller) -> None:
    """Raise unless the caller may see the room: back ends, its members, or everybody where access is `tenant`."""
    if not caller.is_back_end and role_in(room, caller) is None:
        raise forbidden("not_a_member", "not a member of this room: a moderator can add you")


def is_moderator(room: Room, caller: Caller) -> bool:
    """Whether the caller may decide about others in the room (a back end may what its scopes say)."""
    return caller.is_back_end or (caller.identity is not None and decides(room, caller.identity))


def decides(room: Room, identity: str) -> bool:
    """Whether this person decides about others in the room now: a moderator does. Who is banned from it does not, or
    they would lift the ban themselves."""
    if not Member.objects.filter(room=room, identity=identity, role=Role.MODERATOR).exists():
        return False
    bans = Ban.objects.against(room.tenant_id, identity).from_room(room.pk)
    return not bans.in_force(timezone.now()).exists()


def require_moderator(room: Room, caller: Caller) -> None:
    """Raise unless `is_moderator`."""
    require_sight(room, caller)
    if not is_moderator(room, caller):
        raise forbidden("not_a_moderator", "only moderators of this room may do this")


@contextmanager
def refusals_audited(
    caller: Caller, action: str, room: Room, *, subject_kind: str = "room", subject: str | UUID | None = None
) -> Iterator[None]:
    """Write into the audit that the block refused `action`, if it does: who tries what is not theirs to do should be
    seen trying. Outside of a transaction only: with the refusal it would be rolled back, and the entry with it."""
    try:
        yield
    except Problem as problem:
        if problem.status == 403 or problem.faults[0].reason == "held":
            auditing.record(
                caller, action, tenant=room.tenant, room_id=room.pk, subject_kind=subject_kind,
                subject=room.pk if subject is None else subject, refused_because=problem.faults[0].reason,
            )  # fmt: skip
        raise
