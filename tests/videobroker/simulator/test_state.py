"""The state can be put with chosen ids, seen as it is, and forgotten; what does not fit together is refused."""

from pathlib import Path
from typing import Any

import pytest

from tests.simulated import Json, Simulator, start_simulator, wait_until
from tests.videobroker.simulator.worlds import World, composition

ROOM = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
SESSION = "1ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
ANA = "2ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
OTHER = "3ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
GLOBEX = "4ccc7b54-4df3-4bca-a65a-3da1ecc777f0"
EARLY, LATE = "2021-04-26T10:00:00Z", "2021-04-26T11:00:00Z"


def _put(simulator: Simulator, state: Any) -> Any:
    return simulator.http.put(f"{simulator.url}/_simulator/state", json=state, timeout=10)


def _without_links(state: Json) -> Json:
    kinds = ("recordings", "compositions")
    return state | {kind: [shown | {"download_url": None} for shown in state[kind]] for kind in kinds}


def test_a_whole_state_is_put_with_chosen_ids(simulator: Simulator) -> None:
    simulator.put_state(
        accounts=[{"id": GLOBEX, "api_key": "KEY_globex"}],
        rooms=[{"id": ROOM, "account_id": GLOBEX, "unique_name": "standup", "enable_recording": True}],
        room_sessions=[{"id": SESSION, "room_id": ROOM}],
        room_participants=[{"id": ANA, "session_id": SESSION, "context": "ana", "muted": True}],
        room_recordings=[{"id": OTHER, "participant_id": ANA, "type": "audio"}],
    )

    room = simulator.api("GET", f"/rooms/{ROOM}?include_sessions=true", key="KEY_globex").json()["data"]
    recording = simulator.api("GET", f"/room_recordings/{OTHER}", key="KEY_globex").json()["data"]
    assert room["active_session_id"] == SESSION
    assert room["sessions"][0]["participants"][0]["id"] == ANA
    assert (recording["room_id"], recording["session_id"], recording["status"]) == (
        ROOM,
        SESSION,
        "completed",
    )
    assert simulator.participant(ANA)["muted"] is True
    assert simulator.api("GET", f"/rooms/{ROOM}").status_code == 404


def test_what_is_not_said_gets_good_defaults(simulator: Simulator) -> None:
    state = simulator.put_state(rooms=[{}], recordings=[{}], compositions=[{}], accounts=[{}])

    assert state["rooms"][0]["account_id"] == simulator.account_id
    assert state["rooms"][0]["max_participants"] == 10
    assert state["recordings"][0]["download_url"].startswith(simulator.url)
    assert state["compositions"][0]["status"] == "completed"
    assert state["accounts"][1]["api_key"].startswith("KEY")


def test_what_is_put_belongs_to_the_account_of_what_it_is_part_of(simulator: Simulator) -> None:
    state = simulator.put_state(
        accounts=[{"id": GLOBEX}],
        rooms=[{"id": ROOM, "account_id": GLOBEX}],
        sessions=[{"id": SESSION, "room_id": ROOM}],
        participants=[{"id": ANA, "session_id": SESSION}],
        recordings=[{"room_id": ROOM}, {"session_id": SESSION}, {"participant_id": ANA}],
        compositions=[{"session_id": SESSION}],
    )

    kinds = ("sessions", "participants", "recordings", "compositions")
    assert {shown["account_id"] for kind in kinds for shown in state[kind]} == {GLOBEX}
    assert {shown["room_id"] for kind in kinds for shown in state[kind]} == {ROOM}


def test_what_is_put_lives_on(simulator: Simulator) -> None:
    simulator.put_state(
        rooms=[{"id": ROOM, "enable_recording": True}],
        sessions=[{"id": SESSION, "room_id": ROOM}],
        participants=[{"id": ANA, "session_id": SESSION}],
        recordings=[{"id": OTHER, "participant_id": ANA, "status": "processing"}],
    )

    simulator.leave(ANA)

    assert simulator.api("GET", f"/room_recordings/{OTHER}").json()["data"]["status"] == "completed"
    assert simulator.api("GET", f"/room_sessions/{SESSION}").json()["data"]["active"] is False


def test_a_composition_put_under_way_is_completed(simulator: Simulator) -> None:
    simulator.put_state(
        settings={"composition_secs": 0}, compositions=[{"id": OTHER, "status": "processing"}]
    )

    wait_until(lambda: composition(simulator, OTHER)["status"] == "completed")


def test_putting_again_changes_what_is_named_and_keeps_the_rest(simulator: Simulator) -> None:
    simulator.put_state(rooms=[{"id": ROOM, "unique_name": "standup", "max_participants": 5}])

    state = simulator.put_state(rooms=[{"id": ROOM, "max_participants": 6}, {"id": OTHER}])

    (room, other) = state["rooms"]
    assert (room["unique_name"], room["max_participants"]) == ("standup", 6)
    assert other["id"] == OTHER


def test_telnyxs_own_objects_can_be_put_as_they_are(world: World, tmp_path: Path) -> None:
    rooms = world.simulator.api("GET", "/rooms?include_sessions=True").json()["data"]
    recordings = world.simulator.api("GET", "/room_recordings").json()["data"]
    compositions = world.simulator.api("GET", "/room_compositions").json()["data"]

    with start_simulator(tmp_path) as copy:
        copy.put_state(rooms=rooms, room_recordings=recordings, room_compositions=compositions)

        assert copy.api("GET", "/rooms?include_sessions=True").json()["data"] == rooms
        assert copy.api("GET", f"/room_participants/{world.ana}").json()["data"]["context"] == "ana"


def test_what_one_simulator_shows_another_takes(world: World, tmp_path: Path) -> None:
    state = world.simulator.state()

    with start_simulator(tmp_path, "--api-key", "KEY_of_the_copy") as copy:
        taken = copy.put_state(**state)

        own = [account for account in taken["accounts"] if account["id"] == copy.account_id]
        taken["accounts"] = [account for account in taken["accounts"] if account not in own]
        assert _without_links(taken) == _without_links(state)
        assert copy.join(world.simulator.mint(world.room_id)["token"])["session_id"] == world.session_id


def test_nothing_is_announced_of_a_past_that_is_put(simulator: Simulator) -> None:
    simulator.put_state(rooms=[{"id": ROOM}], sessions=[{"id": SESSION, "room_id": ROOM}])

    assert simulator.webhooks() == []
    assert [entry["effect"] for entry in simulator.effects()] == ["state.put"]


WRONG = [
    ({"room": []}, "/room"),
    ({"rooms": {}}, "/rooms"),
    ({"rooms": [7]}, "/rooms/0"),
    ({"rooms": [{"id": "x"}]}, "/rooms/0/id"),
    ({"rooms": [{}, {"colour": "red"}]}, "/rooms/1/colour"),
    ({"rooms": [{"max_participants": 51}]}, "/rooms/0/max_participants"),
    ({"rooms": [{"created_at": "yesterday"}]}, "/rooms/0/created_at"),
    ({"rooms": [{"account_id": OTHER}]}, "/rooms/0/account_id"),
    ({"rooms": [{"unique_name": "a"}, {"unique_name": "a"}]}, "/rooms/1/id"),
    ({"sessions": [{}]}, "/sessions/0/room_id"),
    ({"participants": [{}]}, "/participants/0/session_id"),
    ({"sessions": [{"room_id": OTHER}]}, "/sessions/0/room_id"),
    ({"rooms": [{"id": ROOM}], "sessions": [{"room_id": ROOM}, {"room_id": ROOM}]}, "/sessions/1/id"),
    ({"sessions": [{"room_id": ROOM, "active": True, "ended_at": LATE}]}, "/sessions/0/ended_at"),
    ({"sessions": [{"room_id": ROOM, "created_at": LATE, "ended_at": EARLY}]}, "/sessions/0/ended_at"),
    ({"participants": [{"session_id": OTHER}]}, "/participants/0/session_id"),
    (
        {
            "sessions": [{"id": SESSION, "room_id": ROOM, "created_at": EARLY, "ended_at": LATE}],
            "participants": [{"session_id": SESSION}],
        },
        "/participants/0/left_at",
    ),
    (
        {
            "sessions": [{"id": SESSION, "room_id": ROOM, "created_at": EARLY, "ended_at": LATE}],
            "recordings": [{"session_id": SESSION, "room_id": OTHER}],
        },
        "/recordings/0/room_id",
    ),
    ({"accounts": [{"private_key": "x"}]}, "/accounts/0/private_key"),
    ({"accounts": [{"public_key": "x"}]}, "/accounts/0/public_key"),
    ({"accounts": [{"api_key": "KEY_a"}, {"api_key": "KEY_a"}]}, "/accounts/1/api_key"),
    ({"settings": {"composition_secs": -1}}, "/settings/composition_secs"),
    ({"settings": {"webhook_retry_secs": [1, "x"]}}, "/settings/webhook_retry_secs/1"),
    ({"settings": {"tempo": 1}}, "/settings/tempo"),
]


@pytest.mark.parametrize(("state", "pointer"), WRONG)
def test_what_does_not_fit_together_is_refused_and_changes_nothing(
    simulator: Simulator, state: Json, pointer: str
) -> None:
    before = simulator.state()

    answer = _put(simulator, state)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": pointer}
    assert simulator.state() == before


def test_an_object_does_not_change_hands(simulator: Simulator) -> None:
    simulator.put_state(rooms=[{"id": ROOM}], accounts=[{"id": GLOBEX}])

    answer = _put(simulator, {"rooms": [{"id": ROOM, "account_id": GLOBEX}]})

    assert answer.json()["errors"][0]["source"] == {"pointer": "/rooms/0/account_id"}


def test_forgetting_keeps_the_accounts_unless_told_otherwise(simulator: Simulator) -> None:
    simulator.new_account()
    simulator.create_room()
    simulator.fault("reset", times=1, match={"operation": "view_room"})
    simulator.settings(composition_secs=9)

    state = simulator.control("DELETE", "state")

    assert len(state["accounts"]) == 2
    assert state["rooms"] == []
    assert state["settings"]["composition_secs"] == 0.2
    assert simulator.ledger() == simulator.control("GET", "faults") == []
    simulator.clear()
    assert [account["id"] for account in simulator.state()["accounts"]] == [simulator.account_id]
