"""Carrying orders out by hand, and looking at what came of them on both sides."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import psutil
from django.db.models.functions import Now

from rooms import operations
from rooms.models import Operation, Room
from tests.asking import Json
from tests.simulated import Simulator, wait_until

UNFINISHED = Operation.UNFINISHED


def path_of(room: Json) -> str:
    return f"/v2/rooms/{room['id']}"


def mint_path(room: Json) -> str:
    return f"{path_of(room)}/actions/generate_join_client_token"


def row(room: Json) -> Room:
    return Room.objects.get(pk=room["id"])


def orders(room: Json) -> list[Operation]:
    """The room's orders, the first given first."""
    return list(Operation.objects.filter(room=room["id"]).order_by("sequence"))


def states(room: Json) -> list[str]:
    return [order.state for order in orders(room)]


def last(room: Json) -> Operation:
    return orders(room)[-1]


def carry_out(room: Json) -> None:
    """Try each of the room's orders that can be tried, once."""
    for order in orders(room):
        if not order.is_finished:
            operations.carry_out(order.pk)


def make_due() -> None:
    """As if everything that waits for its next try had waited long enough."""
    Operation.objects.filter(state__in=["pending", "verifying"]).update(due_at=Now())


def settle(rounds: int = 30) -> None:
    """Carry out until nothing is left to do, without waiting between tries; fails if there is no end to it."""
    for _ in range(rounds):
        make_due()
        if not (found := operations.due(limit=100)):
            break
        for operation_id in found:
            operations.carry_out(operation_id)
    left = [(order.kind, order.state, order.last_error) for order in unfinished()]
    assert not left, f"still to be carried out after {rounds} rounds: {left}"


def await_succeeded(room: Json, secs: float) -> None:
    """Until a worker has carried out the room's last order; fails when it has not in time."""
    wait_until(lambda: last(room).state == "succeeded", secs, pause_secs=0.02)


def unfinished() -> Iterable[Operation]:
    return Operation.objects.filter(state__in=UNFINISHED)


def at_telnyx(simulator: Simulator, room: Json) -> list[Json]:
    """The Telnyx rooms there are for this room of ours."""
    name = f"vb-{room['id']}"
    return [found for found in simulator.state()["rooms"] if found["unique_name"] == name]


def made(simulator: Simulator, room: Json) -> int:
    """How many Telnyx rooms were ever made for this room."""
    named = {call["id"] for call in simulator.calls("create_room") if _named(call, room)}
    return sum(effect["call_id"] in named for effect in simulator.effects("room.created"))


def _named(call: dict[str, Any], room: Json) -> bool:
    return bool((call["body"] or {}).get("unique_name") == f"vb-{room['id']}")


def await_answers(simulator: Simulator) -> None:
    """Until Telnyx has worked off what was sent to it, also what nobody waits for any more."""
    wait_until(lambda: not _hung_up(simulator), 20)
    wait_until(lambda: all(call["status"] or call["fault"] for call in simulator.calls()))


def _hung_up(simulator: Simulator) -> bool:
    """Whether somebody has hung up, or died, and it has not noticed: what they sent may be unread, and done later."""
    port = urlsplit(simulator.url).port
    connections = psutil.net_connections("tcp")
    return any(each.laddr.port == port and each.status == psutil.CONN_CLOSE_WAIT for each in connections)


def assert_agreed(simulator: Simulator, room: Json) -> None:
    """Telnyx has the room as ours says: one as ours is, or none if ours is closed or deleted."""
    ours, there = row(room), at_telnyx(simulator, room)
    if ours.deleted_at is not None or ours.closes_at is not None:
        assert (there, ours.telnyx_id, ours.upstream) == ([], None, "absent")
        return
    assert [found["id"] for found in there] == [str(ours.telnyx_id)]
    assert ours.upstream == "ready"
    wanted = (ours.max_participants, ours.enable_recording)
    assert (there[0]["max_participants"], there[0]["enable_recording"]) == wanted
