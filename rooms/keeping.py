"""Rooms, members and bans as their tenant keeps them: every change with its audit entry and its order to Telnyx, in
one transaction. These functions decide nothing about who may call them; `rights` does."""

from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction

from rooms import holding, provisioning, removing, retaining
from rooms.models import Ban, Member, Operation, Room
from videobroker.api.problems import conflict, forbidden, invalid
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller

# A change of these has to be told to Telnyx.
TOLD_TO_TELNYX: Final = frozenset({"max_participants", "enable_recording"})


def create_room(caller: Caller, values: dict[str, Any], *, now: datetime) -> Room:
    """A new room, and the order to make it at Telnyx. Raises `Problem` for a name in use or too many rooms."""
    tenant = caller.the_tenant
    if Room.objects.of(tenant).living().count() >= tenant.max_rooms:
        raise forbidden("too_many_rooms", f"this tenant may have {tenant.max_rooms} rooms: delete one first")
    room = Room(tenant=tenant, account=tenant.account, **values)
    with transaction.atomic():
        _save(room)
        auditing.record(caller, "room.created", room_id=room.pk, subject_kind="room", subject=room.pk)
        if room.should_exist_upstream(now):
            provisioning.order_create(room, caller)
    room.refresh_from_db(fields=["created_at", "updated_at"])
    return room


def update_room(caller: Caller, room: Room, values: dict[str, Any], *, now: datetime) -> Room:
    """Change the room, and have Telnyx follow where it has to. Raises `Problem` for a name in use."""
    changed = {name: value for name, value in values.items() if getattr(room, name) != value}
    existed = room.should_exist_upstream(now)
    for name, value in changed.items():
        setattr(room, name, value)
    with transaction.atomic():
        _save(room, update_fields=[*changed, "updated_at"])
        if changed:
            auditing.record(
                caller, "room.updated", room_id=room.pk, subject_kind="room", subject=room.pk,
                details={"changed": sorted(changed)},
            )  # fmt: skip
        if "recording_retention_days" in changed:
            retaining.follow_room(room, now=now)
        _order_what_follows(room, caller, existed=existed, told=bool(TOLD_TO_TELNYX & set(changed)), now=now)
    return room


def _order_what_follows(room: Room, caller: Caller, *, existed: bool, told: bool, now: datetime) -> None:
    exists = room.should_exist_upstream(now)
    if existed and not exists:
        provisioning.order_delete(room, caller)
    elif exists and not existed:
        provisioning.order_create(room, caller)
    elif exists and told:
        provisioning.order_update(room, caller)


def seal_room(caller: Caller, room: Room) -> Operation:
    """Order every token void that was given for the room so far."""
    with transaction.atomic():
        operation = provisioning.order_seal(room, caller)
        auditing.record(
            caller, "room.sealed", room_id=room.pk, subject_kind="room", subject=room.pk,
            details={"operation_id": str(operation.pk)},
        )  # fmt: skip
    return operation


def delete_room(caller: Caller, room: Room, *, now: datetime) -> None:
    """Forget the room: its name is free again, nobody can enter, and its Telnyx room is ordered deleted. Raises
    `Problem` (409 `held`) while a hold covers the room, or anything that is kept of what was recorded in it."""
    with transaction.atomic():
        holding.take_turn(room.tenant)
        if holds := holding.holds_in(room):
            raise conflict(
                "held", f"{holding.told(holds)}. Lift what holds it before the room can be deleted"
            )
        if not Room.objects.filter(pk=room.pk, deleted_at=None).update(deleted_at=now):
            return
        auditing.record(caller, "room.deleted", room_id=room.pk, subject_kind="room", subject=room.pk)
        provisioning.order_delete(room, caller)


def _save(room: Room, **kwargs: Any) -> None:
    try:
        with transaction.atomic():
            room.save(**kwargs)
    except IntegrityError as error:
        if "opens_before" in str(error):
            told = "a room closes after it opens: somebody else has just changed the other time"
            raise invalid(told, "/closes_at") from error
        if "room_names" not in str(error) and "unique_name" not in str(error):
            raise
        raise invalid(
            f"another room of yours is named {room.unique_name!r}: choose another name",
            "/unique_name", reason="duplicate", code="10012",
        ) from error  # fmt: skip


def add_member(caller: Caller, room: Room, values: dict[str, Any]) -> Member:
    """A new member. Raises `Problem` if the identity is one already."""
    member = Member(tenant_id=room.tenant_id, room=room, **values)
    with transaction.atomic():
        _insert(member)
        _audit_member(caller, "member.added", member)
    member.refresh_from_db(fields=["created_at"])
    return member


def _insert(member: Member) -> None:
    try:
        with transaction.atomic():
            member.save(force_insert=True)
    except IntegrityError as error:
        raise invalid(
            f"{member.identity} is a member already: change the member instead",
            "/identity", reason="duplicate", code="10012",
        ) from error  # fmt: skip


def change_member(caller: Caller, member: Member, values: dict[str, Any]) -> Member:
    """Change a member's role or name; it holds from the next request on."""
    for name, value in values.items():
        setattr(member, name, value)
    with transaction.atomic():
        member.save(update_fields=[*values, "updated_at"])
        _audit_member(caller, "member.changed", member)
    return member


def remove_member(caller: Caller, member: Member) -> None:
    """No member any more: the next mint or refresh is refused."""
    with transaction.atomic():
        _audit_member(caller, "member.removed", member)
        member.delete()


def _audit_member(caller: Caller, action: str, member: Member) -> None:
    auditing.record(
        caller, action, room_id=member.room_id, subject_kind="identity", subject=member.identity,
        details={"role": member.role},
    )  # fmt: skip


def ban(caller: Caller, room: Room | None, values: dict[str, Any], *, now: datetime) -> Ban:
    """Keep a person out of the room, or with None of all rooms of the tenant, from now on: what let them in is revoked.
    Putting out who is in at this moment is `banning`'s work."""
    with transaction.atomic():
        made = Ban.objects.create(
            tenant=caller.the_tenant,
            room=room,
            created_by=f"{caller.kind}:{caller.subject}",
            tokens_end_at=_revoke_for_ban(caller, room, values["identity"], now),
            **values,
        )
        _audit_ban(caller, "ban.created", made)
    made.refresh_from_db(fields=["created_at"])
    return made


def _revoke_for_ban(caller: Caller, room: Room | None, identity: str, now: datetime) -> datetime | None:
    if room is None:
        return removing.remove_everywhere(caller.the_tenant, identity, because="banned", now=now)
    return removing.remove(room, identities={identity}, grant_ids=set(), because="banned", now=now)


def lift_ban(caller: Caller, banned: Ban, *, now: datetime) -> None:
    """Let the person in again. A ban that is lifted already stays as it is."""
    with transaction.atomic():
        in_force = Ban.objects.filter(pk=banned.pk, lifted_at=None)
        if in_force.update(lifted_at=now, lifted_by=f"{caller.kind}:{caller.subject}"):
            _audit_ban(caller, "ban.lifted", banned)


def _audit_ban(caller: Caller, action: str, banned: Ban) -> None:
    auditing.record(
        caller, action, room_id=banned.room_id, subject_kind="identity", subject=banned.identity,
        details={"ban_id": str(banned.pk), "reason": banned.reason},
    )  # fmt: skip
