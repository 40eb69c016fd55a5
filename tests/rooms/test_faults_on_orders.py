"""Every fault of Telnyx against making, changing and deleting a room.

The request itself is answered at once, whatever Telnyx does. While the fault lasts the order waits or is looked
up; when it ends, both sides agree, and there never was a second Telnyx room.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from rooms import provisioning
from rooms.models import Room
from tests.asking import Answer, Json
from tests.cast import Company
from tests.rooms.orders import (
    assert_agreed,
    at_telnyx,
    await_answers,
    carry_out,
    last,
    made,
    mint_path,
    path_of,
    settle,
)
from tests.simulated import Simulator

# What an order may take of Telnyx's time here; the slow faults take longer.
PATIENCE_SECS = 0.3
SLOW = 0.5

FAULTS: dict[str, Json] = {
    "latency": {"kind": "latency", "secs": SLOW},
    "hold-before": {"kind": "hold"},
    "hold-after": {"kind": "hold", "where": "after"},
    "400": {"kind": "status", "status": 400},
    "401": {"kind": "status", "status": 401},
    "403": {"kind": "status", "status": 403, "shape": "bare"},
    "404": {"kind": "status", "status": 404, "shape": "message"},
    "409": {"kind": "status", "status": 409},
    "422": {"kind": "status", "status": 422},
    "500": {"kind": "status", "status": 500},
    "503": {"kind": "status", "status": 503},
    "500-when-done": {"kind": "status", "status": 500, "where": "after"},
    "rate_limit": {"kind": "rate_limit", "reset": "1"},
    "timeout": {"kind": "timeout", "secs": SLOW},
    "reset": {"kind": "reset"},
    "close": {"kind": "close"},
    "malformed": {"kind": "malformed", "body": "<html>"},
    "empty": {"kind": "empty"},
    "redirect": {"kind": "redirect", "location": "/v2/rooms"},
    "gzip_bomb": {"kind": "gzip_bomb", "bytes": 20_000_000},
    "truncate": {"kind": "truncate"},
    "truncate_json": {"kind": "truncate_json"},
    "drip": {"kind": "drip", "bytes_per_sec": 5},
    "huge": {"kind": "huge", "bytes": 2_000_000},
    "lost-by-reset": {"kind": "lost_answer", "how": "reset"},
    "lost-by-close": {"kind": "lost_answer", "how": "close"},
    "lost-by-timeout": {"kind": "lost_answer", "how": "timeout", "secs": SLOW},
    "lost-by-502": {"kind": "lost_answer", "how": "status", "status": 502},
    "lost-by-truncate": {"kind": "lost_answer", "how": "truncate"},
    "no-id": {"kind": "mutate", "field": "data.id", "drop": True},
    "no-uuid": {"kind": "mutate", "field": "data.id", "value": "17"},
    "no-object": {"kind": "mutate", "field": "data", "value": []},
}
# A plain no. Whoever reads the order sees it; nothing is sent again and again.
FINAL = {"400", "409", "422"}
every_fault = pytest.mark.parametrize("fault", FAULTS)


@pytest.fixture(autouse=True)
def short_patience(settings: Any) -> None:
    settings.TELNYX_TASK_TIMEOUT_SECS = PATIENCE_SECS


def strike(simulator: Simulator, fault: str, operation: str) -> None:
    told = dict(FAULTS[fault])
    simulator.fault(told.pop("kind"), operation, **told)


def at_once(simulator: Simulator, operation: str, ask: Callable[[], Answer]) -> Answer:
    """The answer, for which Telnyx was not even asked."""
    answer = ask()
    assert simulator.calls(operation) == []
    return answer


def survive(simulator: Simulator, room: Json) -> None:
    """Two tries under the fault, then its end, and what is left to be done."""
    carry_out(room)
    carry_out(room)
    simulator.clear_faults()
    settle()
    await_answers(simulator)


@every_fault
def test_making_a_room(acme: Company, simulator: Simulator, fault: str) -> None:
    strike(simulator, fault, "create_room")
    asked = at_once(simulator, "create_room", lambda: acme.back_end.post("/v2/rooms"))
    room = asked.data
    assert (asked.status, room["upstream"]) == (201, "pending")
    acme.back_end.post(f"{path_of(room)}/members", {"identity": "bo"})
    survive(simulator, room)
    if fault in FINAL | {"404"}:
        assert last(room).state == "failed"
        assert f"refused ({fault})" in last(room).last_error
    assert acme.person("bo").post(mint_path(room)).status == 201
    settle()
    assert_agreed(simulator, room)
    assert made(simulator, room) == 1


@every_fault
def test_changing_a_room(acme: Company, simulator: Simulator, fault: str) -> None:
    room = acme.new_room()
    settle()
    strike(simulator, fault, "update_room")
    asked = at_once(
        simulator, "update_room", lambda: acme.back_end.patch(path_of(room), {"max_participants": 7})
    )
    assert (asked.status, asked.data["max_participants"]) == (200, 7)
    survive(simulator, room)
    if fault in FINAL:
        assert last(room).state == "failed"
        assert f"refused ({fault})" in last(room).last_error
        return
    assert_agreed(simulator, room)
    assert made(simulator, room) == 1


@every_fault
def test_deleting_a_room(acme: Company, simulator: Simulator, fault: str) -> None:
    room = acme.new_room()
    settle()
    strike(simulator, fault, "delete_room")
    assert at_once(simulator, "delete_room", lambda: acme.back_end.delete(path_of(room))).status == 204
    assert acme.back_end.get(path_of(room)).status == 404
    survive(simulator, room)
    if fault in FINAL:
        assert last(room).state == "failed"
        provisioning.follow_schedules(timezone.now())
        settle()
    assert_agreed(simulator, room)


@pytest.mark.parametrize("fault", ["500", "reset", "malformed", "timeout", "truncate_json", "rate_limit"])
def test_looking_for_a_lost_room_may_fail_as_well(acme: Company, simulator: Simulator, fault: str) -> None:
    simulator.fault("lost_answer", "create_room", how="reset", times=1)
    strike(simulator, fault, "list_rooms")
    room = acme.new_room()
    carry_out(room)
    survive(simulator, room)
    assert_agreed(simulator, room)
    assert made(simulator, room) == 1


@pytest.mark.parametrize("how", ["reset", "close", "timeout", "status", "truncate"])
def test_a_room_whose_answer_was_lost_is_found_again_and_not_sent_again(
    acme: Company, simulator: Simulator, how: str
) -> None:
    more: Json = {"status": 503} if how == "status" else {"secs": SLOW} if how == "timeout" else {}
    simulator.fault("lost_answer", "create_room", how=how, times=1, **more)
    room = acme.new_room()
    carry_out(room)
    assert (last(room).state, Room.objects.get(pk=room["id"]).telnyx_id) == ("verifying", None)
    settle()
    assert last(room).result == {"telnyx_id": at_telnyx(simulator, room)[0]["id"], "found_again": True}
    assert len(simulator.calls("create_room")) == 1


def test_an_answer_about_another_room_is_not_believed(
    acme: Company, globex: Company, simulator: Simulator
) -> None:
    foreign = simulator.create_room(key=globex.telnyx_key)
    simulator.fault("swap_id", "create_room", times=1)
    room = acme.new_room({"bo": "participant"})
    settle()
    assert acme.person("bo").post(mint_path(room)).status == 201
    assert at_telnyx(simulator, room)[0]["id"] != foreign["id"]
    assert_agreed(simulator, room)


def test_an_answer_about_another_room_of_ours_is_not_believed(acme: Company, simulator: Simulator) -> None:
    other = acme.new_room()
    settle()
    simulator.fault("swap_id", "create_room", times=1)
    room = acme.new_room()
    settle()
    assert_agreed(simulator, other)
    assert_agreed(simulator, room)


def test_a_room_with_a_believed_wrong_id_is_deleted_all_the_same(
    acme: Company, globex: Company, simulator: Simulator
) -> None:
    foreign = simulator.create_room(key=globex.telnyx_key, unique_name="theirs")
    simulator.fault("swap_id", "create_room", times=1)
    room = acme.new_room()
    settle()
    acme.back_end.delete(path_of(room))
    settle()
    assert_agreed(simulator, room)
    assert foreign["id"] in {one["id"] for one in simulator.state()["rooms"]}
