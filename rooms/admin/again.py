"""Giving a failed order once more, where that still is what was meant."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from rooms import composing, keeping, moderation, provisioning
from rooms.admin import orders
from rooms.models import Composition, Operation, Participant, Room, Session
from rooms.moderation import Aim
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller

Kind, State = Operation.Kind, Operation.State

# These set right what is, whatever happened meanwhile, so they are never too old.
ALWAYS: Final[dict[str, Callable[[Room, Caller], Operation]]] = {
    Kind.CREATE_ROOM: provisioning.order_create,
    Kind.UPDATE_ROOM: provisioning.order_update,
    Kind.DELETE_ROOM: provisioning.order_delete,
    Kind.SEAL_ROOM: lambda room, caller: keeping.seal_room(caller, room),
}


def may_be_given_again(operation: Operation, now: datetime) -> bool:
    """Whether the order has failed, and giving it again is still sensible."""
    if operation.state != State.FAILED or operation.kind in ALWAYS:
        return operation.state == State.FAILED
    if operation.kind == Kind.COMPOSE:
        return composing.may_be_ordered_again(_composition(operation))
    if operation.kind not in Operation.URGENT:
        return False
    session_id = operation.arguments["session_id"]
    live = Session.objects.filter(pk=session_id).live().values_list("pk", flat=True)
    return not _was_given_since(operation) and again_from(
        operation,
        live={str(pk) for pk in live},
        present={str(each.pk) for each in _still_in(operation)},
        now=now,
    )


def _was_given_since(operation: Operation) -> bool:
    """Whether somebody has ordered the same meanwhile, by this button or another, and it has not failed, too."""
    later = Operation.objects.filter(
        room=operation.room_id, sequence__gt=operation.sequence, kind=operation.kind
    )
    aims = [each.arguments for each in later.exclude(state__in=[State.FAILED, State.CANCELLED])]
    named = set(operation.arguments["participants"])
    return any(aim["everybody"] or named & set(aim["participants"]) for aim in aims)


def again_from(
    operation: Operation, *, live: Collection[str], present: Collection[str], now: datetime
) -> bool:
    """The same of an order about people, where it is known already which sessions go on and who is in."""
    named = operation.arguments["participants"]
    return orders.still_wanted(
        operation,
        is_live=operation.arguments["session_id"] in live,
        still_in=any(each in present for each in named),
        now=now,
    )


def give_again(caller: Caller, operation: Operation, now: datetime) -> Operation:
    """Order the same as a new operation, about those who are still in; audited as a repetition beside the order itself.
    A ban that went with a kick holds since then, and is not made twice."""
    if operation.kind in ALWAYS:
        order = ALWAYS[operation.kind](operation.room, caller)
    elif operation.kind == Kind.COMPOSE:
        order = composing.order_again(caller, _composition(operation), operation)
    else:
        order = _about_people(caller, operation, now)
    auditing.record(
        caller, "operation.repeated", room_id=operation.room_id, subject_kind="operation", subject=operation.pk,
        details={"kind": operation.kind, "new": str(order.pk)},
    )  # fmt: skip
    return order


def _about_people(caller: Caller, operation: Operation, now: datetime) -> Operation:
    sessions = Session.objects.select_related("room__tenant", "room__account")
    session = sessions.get(pk=operation.arguments["session_id"])
    aim = _aim(operation)
    match operation.kind:
        case Kind.KICK:
            return moderation.kick(caller, session, aim, ban=None, now=now).operation
        case Kind.MUTE:
            return moderation.mute(caller, session, aim).operation
        case Kind.UNMUTE:
            return moderation.unmute(caller, session, aim).operation
    return moderation.end(caller, session).operation


def _composition(operation: Operation) -> Composition:
    compositions = Composition.objects.select_related("room__tenant", "room__account", "session")
    return compositions.get(pk=operation.arguments["composition_id"])


def _aim(operation: Operation) -> Aim:
    arguments: dict[str, Any] = operation.arguments
    if arguments["everybody"]:
        return Aim(everybody=True, exclude=frozenset(UUID(each) for each in arguments["exclude"]))
    return Aim(participants=frozenset(UUID(str(each.pk)) for each in _still_in(operation)))


def _still_in(operation: Operation) -> list[Participant]:
    named = operation.arguments["participants"]
    return list(Participant.objects.filter(room=operation.room_id, pk__in=named).present())
