"""Rooms are made, changed and deleted at Telnyx by their orders, whatever Telnyx does meanwhile."""

from typing import Any

import pytest

from rooms import operations
from rooms.models import Operation
from tests.asking import Json
from tests.cast import Company
from tests.rooms.orders import (
    assert_agreed,
    at_telnyx,
    carry_out,
    last,
    made,
    make_due,
    mint_path,
    path_of,
    row,
    settle,
    states,
)
from tests.simulated import Simulator
from videobroker.running.ports import free_port


def goes_away(settings: Any) -> None:
    """From now on nobody listens where Telnyx should be."""
    settings.TELNYX_API_BASE = f"http://127.0.0.1:{free_port()}/v2"


def comes_back(settings: Any, simulator: Simulator) -> None:
    settings.TELNYX_API_BASE = simulator.api_base


def test_an_order_makes_the_room_with_its_properties(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room(unique_name="standup", max_participants=4, enable_recording=True)
    settle()
    assert_agreed(simulator, room)
    assert acme.back_end.get(path_of(room)).data["upstream"] == "ready"
    assert last(room).result == {"telnyx_id": str(row(room).telnyx_id), "found_again": False}


def test_telnyx_is_not_told_what_is_the_tenants_own(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room(unique_name="board meeting", webhook_event_url="https://acme.example/hook")
    settle()
    there = at_telnyx(simulator, room)[0]
    assert there["unique_name"] == f"vb-{room['id']}"
    assert not there["webhook_event_url"]


def test_rooms_of_two_tenants_with_one_name_are_two_rooms_at_telnyx(
    acme: Company, globex: Company, simulator: Simulator
) -> None:
    rooms = [company.new_room(unique_name="standup") for company in (acme, globex)]
    settle()
    there = [at_telnyx(simulator, room)[0] for room in rooms]
    assert len({room["id"] for room in there}) == 2
    assert len({room["account_id"] for room in there}) == 2


def test_an_update_follows_what_the_room_says_last(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    settle()
    for seats in (5, 6, 7):
        acme.back_end.patch(path_of(room), {"max_participants": seats})
    carry_out(room)
    assert at_telnyx(simulator, room)[0]["max_participants"] == 7


def test_a_deleted_room_is_deleted_there(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    settle()
    acme.back_end.delete(path_of(room))
    settle()
    assert_agreed(simulator, room)
    assert states(room) == ["succeeded", "succeeded"]


def test_a_room_deleted_before_it_was_made_never_gets_made(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    acme.back_end.delete(path_of(room))
    settle()
    assert (states(room), made(simulator, room)) == (["cancelled", "succeeded"], 0)


def test_a_room_opened_again_before_its_order_to_delete_was_carried_out_stays(
    acme: Company, simulator: Simulator
) -> None:
    room = acme.new_room()
    settle()
    acme.back_end.patch(path_of(room), {"closes_at": "2020-01-01T00:00:00Z"})
    acme.back_end.patch(path_of(room), {"closes_at": None})
    settle()
    assert states(room) == ["succeeded", "cancelled", "succeeded"]
    assert_agreed(simulator, room)
    assert made(simulator, room) == 1


@pytest.mark.parametrize("then", [None, {"kind": "rate_limit"}, {"kind": "status", "status": 401}])
def test_a_room_opened_again_after_a_delete_of_which_nothing_was_heard_is_made_anew(
    acme: Company, simulator: Simulator, then: Json
) -> None:
    room = acme.new_room()
    settle()
    acme.back_end.patch(path_of(room), {"closes_at": "2020-01-01T00:00:00Z"})
    simulator.fault("lost_answer", "delete_room", how="reset", times=1)
    carry_out(room)
    if then is not None:
        simulator.fault(operation="delete_room", times=1, **then)
        make_due()
        carry_out(room)
    assert (last(room).state, at_telnyx(simulator, room)) == ("verifying", [])
    acme.back_end.patch(path_of(room), {"closes_at": None})
    settle()
    assert_agreed(simulator, room)


def test_a_room_made_while_telnyx_is_away_is_there_when_it_is_back(
    acme: Company, simulator: Simulator, settings: Any
) -> None:
    goes_away(settings)
    room = acme.new_room({"bo": "participant"})
    carry_out(room)
    assert (last(room).state, last(room).attempts) == ("pending", 1)
    assert "no connection could be made" in last(room).last_error
    assert acme.back_end.get(path_of(room)).data["upstream"] == "pending"
    comes_back(settings, simulator)
    settle()
    assert_agreed(simulator, room)


def test_while_telnyx_is_away_a_mint_says_so_and_when_to_ask_again(
    acme: Company, simulator: Simulator, settings: Any
) -> None:
    goes_away(settings)
    settings.TELNYX_TIMEOUT_SECS = 0.6
    room = acme.new_room({"bo": "participant"})
    refused = acme.person("bo").post(mint_path(room))
    assert refused.refusal == (503, "upstream_unavailable")
    assert "retry_at" in refused.error["meta"]
    comes_back(settings, simulator)
    settings.TELNYX_TIMEOUT_SECS = 8
    assert acme.person("bo").post(mint_path(room)).status == 201
    assert made(simulator, room) == 1


def test_a_mint_makes_the_room_that_no_worker_has_made(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room({"bo": "participant"})
    minted = acme.person("bo").post(mint_path(room)).data
    assert minted["telnyx_room_id"] == at_telnyx(simulator, room)[0]["id"]
    assert states(room) == ["succeeded"]


def test_a_room_of_this_name_that_is_there_already_is_adopted(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room(max_participants=4)
    there = simulator.create_room(key=acme.telnyx_key, unique_name=f"vb-{room['id']}", max_participants=9)
    settle()
    assert str(row(room).telnyx_id) == there["id"]
    assert_agreed(simulator, room)  # an order to update has brought the old room into shape


def test_a_name_that_only_looks_alike_is_not_adopted(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    simulator.create_room(key=acme.telnyx_key, unique_name=f"vb-{room['id']}x")
    settle()
    assert_agreed(simulator, room)


def test_a_list_that_shows_other_rooms_than_asked_for_does_not_mislead(
    acme: Company, simulator: Simulator
) -> None:
    other = simulator.create_room(key=acme.telnyx_key, unique_name="not made by us")
    simulator.fault("lost_answer", "create_room", how="reset", times=1)
    simulator.fault("mutate", "list_rooms", field="data", value=[other], times=1)
    room = acme.new_room()
    settle()
    assert str(row(room).telnyx_id) != other["id"]
    assert_agreed(simulator, room)


def test_a_room_that_vanished_is_made_anew_by_the_next_update(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    settle()
    gone = str(row(room).telnyx_id)
    simulator.api("DELETE", f"/rooms/{gone}", key=acme.telnyx_key)
    acme.back_end.patch(path_of(room), {"max_participants": 5})
    settle()
    assert_agreed(simulator, room)
    assert str(row(room).telnyx_id) != gone


def test_a_room_that_vanished_is_made_anew_by_the_next_mint(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room({"bo": "participant"})
    first = acme.person("bo").post(mint_path(room)).data["telnyx_room_id"]
    simulator.api("DELETE", f"/rooms/{first}", key=acme.telnyx_key)
    second = acme.person("bo").post(mint_path(room)).data["telnyx_room_id"]
    assert first != second
    assert_agreed(simulator, room)


def test_deleting_a_room_that_vanished_is_no_error(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    settle()
    simulator.api("DELETE", f"/rooms/{row(room).telnyx_id}", key=acme.telnyx_key)
    acme.back_end.delete(path_of(room))
    settle()
    assert last(room).state == "succeeded"
    assert_agreed(simulator, room)


def test_a_key_that_telnyx_does_not_know_keeps_the_order_waiting(acme: Company, simulator: Simulator) -> None:
    simulator.revoke_key(account_of(simulator, acme), acme.telnyx_key)
    room = acme.new_room()
    carry_out(room)
    assert last(room).state == "pending"
    assert "check the API key" in last(room).last_error
    assert acme.telnyx_key not in last(room).last_error


def account_of(simulator: Simulator, company: Company) -> str:
    accounts = simulator.state()["accounts"]
    return next(str(one["id"]) for one in accounts if company.telnyx_key in one["api_keys"])


def test_one_broken_account_does_not_keep_another_tenants_rooms_waiting(
    acme: Company, globex: Company, simulator: Simulator
) -> None:
    simulator.revoke_key(account_of(simulator, acme), acme.telnyx_key)
    rooms: list[Json] = [acme.new_room(), globex.new_room()]
    for operation_id in operations.due(limit=10):
        operations.carry_out(operation_id)
    assert [last(room).state for room in rooms] == ["pending", "succeeded"]


def test_an_order_holds_no_secret(acme: Company) -> None:
    room = acme.new_room()
    settle()
    order = Operation.objects.filter(pk=last(room).pk).values().get()
    for secret in (acme.telnyx_key, acme.api_key, acme.provider_secret):
        assert secret not in str(order)
