"""The ledger counts exactly: every call once, every effect once, in order, and no secret in it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.simulated import Simulator
from tests.videobroker.simulator.worlds import World


def test_a_call_is_entered_with_what_was_asked_and_answered(simulator: Simulator) -> None:
    room = simulator.create_room(unique_name="standup")
    simulator.api("GET", "/rooms?filter[unique_name]=standup&page[size]=1")

    created, listed = simulator.calls()
    assert created["operation"] == "create_room"
    assert (created["method"], created["path"], created["status"]) == ("POST", "/v2/rooms", 201)
    assert created["body"] == {"unique_name": "standup"}
    assert created["account_id"] == simulator.account_id
    assert created["effect"] == "room.created"
    assert created["ids"]["room_id"] == created["room_id"] == room["id"]
    assert created["fault"] is None
    assert listed["query"] == {"filter[unique_name]": "standup", "page[size]": "1"}
    assert listed["effect"] is None


def test_effects_follow_their_call_in_order(simulator: Simulator) -> None:
    room = simulator.create_room()
    simulator.enter(room["id"], "ana")
    simulator.enter(room["id"], "bo")
    simulator.api("DELETE", f"/rooms/{room['id']}").raise_for_status()

    entries = simulator.ledger()
    deleted = next(entry for entry in entries if entry["operation"] == "delete_room")
    caused = [entry["effect"] for entry in entries if entry["call_id"] == deleted["id"]]

    assert caused == ["participant.left", "participant.left", "session.ended", "room.deleted"]
    assert [entry["id"] for entry in entries] == sorted(entry["id"] for entry in entries)
    assert deleted["effect"] == "participant.left"


def test_what_browsers_do_is_an_effect_without_a_call(simulator: Simulator) -> None:
    room = simulator.create_room()
    joined = simulator.enter(room["id"])
    simulator.leave(joined["participant_id"])

    effects = [entry for entry in simulator.effects(room_id=room["id"]) if entry["call_id"] is None]

    assert [entry["effect"] for entry in effects] == [
        "session.started",
        "participant.joined",
        "participant.left",
        "session.ended",
    ]
    assert effects[1]["ids"]["participant_id"] == joined["participant_id"]


def test_a_refused_call_has_its_status_and_no_effect(simulator: Simulator) -> None:
    simulator.api("POST", "/rooms", json={"max_participants": 99})
    simulator.api("GET", "/rooms", key="KEY_of_nobody")
    simulator.api("GET", "/messages")

    entries = simulator.ledger()

    assert [(entry["operation"], entry["status"]) for entry in entries] == [
        ("create_room", 422),
        ("list_rooms", 401),
        (None, 404),
    ]
    assert {entry["effect"] for entry in entries} == {None}


def test_no_token_and_no_key_is_written_down(world: World) -> None:
    minted = world.simulator.mint(world.room_id)
    path = f"/rooms/{world.room_id}/actions/refresh_client_token"
    world.simulator.api("POST", path, json={"refresh_token": minted["refresh_token"]}).raise_for_status()
    world.simulator.api("POST", path, data='{"refresh_token": "' + minted["refresh_token"])

    written = world.simulator.http.get(f"{world.simulator.url}/_simulator/ledger", timeout=10).text

    assert minted["refresh_token"] not in written
    assert minted["token"] not in written
    assert world.simulator.api_key not in written
    assert world.simulator.calls("refresh_room_client_token")[0]["body"] == {"refresh_token": "***"}


def test_entries_are_narrowed_by_number_operation_and_room(world: World) -> None:
    simulator = world.simulator
    last = simulator.ledger()[-1]["id"]
    simulator.api("GET", f"/rooms/{world.room_id}")
    simulator.api("GET", "/rooms")

    assert [entry["operation"] for entry in simulator.ledger(since=last)] == ["view_room", "list_rooms"]
    assert [entry["operation"] for entry in simulator.ledger(since=last, room_id=world.room_id)] == [
        "view_room"
    ]
    assert len(simulator.ledger("list_rooms")) == 1


@pytest.mark.parametrize("query", [{"colour": "red"}, {"since": "x"}, {"since": "9" * 30}, {"entry": "row"}])
def test_a_query_without_meaning_is_refused(simulator: Simulator, query: dict[str, str]) -> None:
    answer = simulator.http.get(f"{simulator.url}/_simulator/ledger", params=query, timeout=10)

    assert answer.status_code == 422


def test_the_summary_counts_by_operation_and_status(simulator: Simulator) -> None:
    simulator.create_room()
    simulator.create_room()
    simulator.api("POST", "/rooms", json={"max_participants": 99})
    simulator.fault("reset", "list_rooms")
    with pytest.raises(requests.ConnectionError):
        simulator.api("GET", "/rooms")
    simulator.api("GET", "/messages")

    assert simulator.control("GET", "ledger/summary") == {
        "create_room": {"201": 2, "422": 1},
        "list_rooms": {"unanswered": 1},
        "unknown": {"404": 1},
    }


def test_an_emptied_ledger_counts_on(simulator: Simulator) -> None:
    simulator.create_room()
    last = simulator.ledger()[-1]["id"]
    simulator.control("DELETE", "ledger")

    assert simulator.ledger() == []
    simulator.create_room()
    assert simulator.ledger()[0]["id"] > last


def test_many_callers_at_once_are_all_counted_once(simulator: Simulator) -> None:
    room = simulator.create_room()

    def mint(_: int) -> int:
        headers = {"Authorization": f"Bearer {simulator.api_key}"}
        url = f"{simulator.api_base}/rooms/{room['id']}/actions/generate_join_client_token"
        return requests.post(url, json={}, headers=headers, timeout=20).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(mint, range(200)))

    calls = simulator.calls("create_room_client_token")
    effects = simulator.effects("token.minted")
    assert statuses == [201] * 200
    assert len(calls) == len(effects) == 200
    assert sorted(effect["call_id"] for effect in effects) == sorted(call["id"] for call in calls)
