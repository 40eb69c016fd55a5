"""Every operation of Telnyx Video, as Telnyx's document calls it."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.simulated import Simulator
from tests.videobroker.simulator.worlds import (
    COMPOSITION,
    META,
    MINTED,
    PARTICIPANT,
    RECORDING,
    REFRESHED,
    ROOM,
    SESSION,
    World,
)

ROOM_BODY = {
    "unique_name": "My room",
    "max_participants": 10,
    "enable_recording": True,
    "webhook_event_url": "https://example.com",
    "webhook_event_failover_url": "https://failover.example.com",
    "webhook_timeout_secs": 25,
}


@dataclass
class Documented:
    """One line of the document: a request, its status, and the fields of what it returns."""

    operation: str
    method: str
    path: str
    status: int
    fields: set[str] = field(default_factory=set)
    body: dict[str, Any] | None = None
    embeds: tuple[str, set[str]] | None = None


DOCUMENTED = [
    Documented("list_room_compositions", "GET", "/room_compositions", 200, COMPOSITION),
    Documented(
        "create_room_composition",
        "POST",
        "/room_compositions",
        202,
        COMPOSITION,
        {
            "format": "mp4",
            "resolution": "800x600",
            "session_id": "{session_id}",
            "webhook_event_url": "https://example.com",
            "webhook_event_failover_url": "https://failover.example.com",
            "webhook_timeout_secs": 25,
        },
    ),
    Documented("view_room_composition", "GET", "/room_compositions/{composition_id}", 200, COMPOSITION),
    Documented("delete_room_composition", "DELETE", "/room_compositions/{composition_id}", 204),
    Documented("list_room_participants", "GET", "/room_participants", 200, PARTICIPANT),
    Documented("view_room_participant", "GET", "/room_participants/{ana}", 200, PARTICIPANT),
    Documented("list_room_recordings", "GET", "/room_recordings", 200, RECORDING),
    Documented("delete_room_recordings", "DELETE", "/room_recordings", 201, {"room_recordings"}),
    Documented("view_room_recording", "GET", "/room_recordings/{recording_id}", 200, RECORDING),
    Documented("delete_room_recording", "DELETE", "/room_recordings/{recording_id}", 204),
    Documented(
        "list_room_sessions",
        "GET",
        "/room_sessions?include_participants=True",
        200,
        SESSION | {"participants"},
        embeds=("participants", PARTICIPANT),
    ),
    Documented(
        "view_room_session",
        "GET",
        "/room_sessions/{session_id}?include_participants=True",
        200,
        SESSION | {"participants"},
        embeds=("participants", PARTICIPANT),
    ),
    Documented("end_session", "POST", "/room_sessions/{session_id}/actions/end", 200, {"result"}),
    Documented(
        "kick_participant_in_session",
        "POST",
        "/room_sessions/{session_id}/actions/kick",
        200,
        {"result"},
        {"participants": "all", "exclude": ["{bo}"]},
    ),
    Documented(
        "mute_participant_in_session",
        "POST",
        "/room_sessions/{session_id}/actions/mute",
        200,
        {"result"},
        {"participants": ["{ana}"]},
    ),
    Documented(
        "unmute_participant_in_session",
        "POST",
        "/room_sessions/{session_id}/actions/unmute",
        200,
        {"result"},
        {"participants": ["{ana}"]},
    ),
    Documented(
        "retrieve_list_room_participants",
        "GET",
        "/room_sessions/{session_id}/participants",
        200,
        PARTICIPANT,
    ),
    Documented(
        "list_rooms",
        "GET",
        "/rooms?include_sessions=True",
        200,
        ROOM | {"sessions"},
        embeds=("sessions", SESSION | {"participants"}),
    ),
    Documented("create_room", "POST", "/rooms", 201, ROOM, ROOM_BODY),
    Documented(
        "view_room",
        "GET",
        "/rooms/{room_id}?include_sessions=True",
        200,
        ROOM | {"sessions"},
        embeds=("sessions", SESSION | {"participants"}),
    ),
    Documented("update_room", "PATCH", "/rooms/{room_id}", 200, ROOM, ROOM_BODY),
    Documented("delete_room", "DELETE", "/rooms/{room_id}", 204),
    Documented(
        "create_room_client_token",
        "POST",
        "/rooms/{room_id}/actions/generate_join_client_token",
        201,
        MINTED,
        {"token_ttl_secs": 600, "refresh_token_ttl_secs": 3600},
    ),
    Documented(
        "refresh_room_client_token",
        "POST",
        "/rooms/{room_id}/actions/refresh_client_token",
        201,
        REFRESHED,
        {"token_ttl_secs": 600, "refresh_token": "{refresh_token}"},
    ),
    Documented(
        "retrieve_list_room_sessions",
        "GET",
        "/rooms/{room_id}/sessions?include_participants=True",
        200,
        SESSION | {"participants"},
        embeds=("participants", PARTICIPANT),
    ),
]


def _filled(value: Any, names: dict[str, str]) -> Any:
    """The request with the world's ids in place of their names."""
    if isinstance(value, str):
        for name, real in names.items():
            value = value.replace(f"{{{name}}}", real)
    if isinstance(value, list):
        return [_filled(inner, names) for inner in value]
    return {key: _filled(inner, names) for key, inner in value.items()} if isinstance(value, dict) else value


def _request(world: World, documented: Documented) -> Any:
    names = {
        "room_id": world.room_id,
        "session_id": world.session_id,
        "ana": world.ana,
        "bo": world.bo,
        "recording_id": world.recording_id,
        "composition_id": world.composition_id,
        "refresh_token": world.simulator.mint(world.room_id)["refresh_token"],
    }
    path, body = _filled(documented.path, names), _filled(documented.body, names)
    return world.simulator.api(documented.method, path, json=body)


def test_there_are_25_operations() -> None:
    assert len({documented.operation for documented in DOCUMENTED}) == 25


@pytest.mark.parametrize("documented", DOCUMENTED, ids=lambda documented: documented.operation)
def test_it_answers_the_documented_status_and_fields(world: World, documented: Documented) -> None:
    answer = _request(world, documented)

    assert answer.status_code == documented.status
    assert world.simulator.calls(documented.operation)[-1]["status"] == documented.status
    if documented.status == 204:
        assert answer.content == b""
        return
    data = answer.json()["data"]
    shown = data[0] if isinstance(data, list) else data
    assert set(shown) == documented.fields
    if isinstance(data, list):
        assert set(answer.json()["meta"]) == META
    if documented.embeds:
        name, fields = documented.embeds
        assert set(shown[name][0]) == fields


@pytest.mark.parametrize("documented", DOCUMENTED, ids=lambda documented: documented.operation)
def test_it_asks_for_a_key_unless_a_refresh_token_is_enough(world: World, documented: Documented) -> None:
    world.simulator.api_key, key = "KEY_of_nobody", world.simulator.api_key
    try:
        path = _filled(documented.path, {"room_id": world.room_id, "session_id": world.session_id})
        answer = world.simulator.api(documented.method, path, json=documented.body)
    finally:
        world.simulator.api_key = key

    if documented.operation == "refresh_room_client_token":
        assert answer.status_code == 403  # the refresh token in the body is none
    else:
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["code"] == "10009"


def test_embedded_lists_are_absent_unless_asked_for(world: World) -> None:
    simulator = world.simulator

    assert set(simulator.api("GET", f"/rooms/{world.room_id}").json()["data"]) == ROOM
    assert set(simulator.api("GET", f"/room_sessions/{world.session_id}").json()["data"]) == SESSION


@pytest.mark.parametrize("written", ["true", "True"])
def test_either_spelling_of_true_includes(world: World, written: str) -> None:
    answer = world.simulator.api("GET", f"/rooms/{world.room_id}?include_sessions={written}")

    assert answer.json()["data"]["sessions"][0]["id"] == world.session_id


def test_a_new_room_has_telnyx_defaults(simulator: Simulator) -> None:
    room = simulator.create_room()

    assert room["max_participants"] == 10
    assert room["enable_recording"] is False
    assert room["unique_name"] is None
    assert room["active_session_id"] is None
    assert room["webhook_timeout_secs"] is None
    assert room["webhook_event_failover_url"] == ""


def test_an_update_changes_only_what_it_names(simulator: Simulator) -> None:
    room = simulator.create_room(unique_name="standup", max_participants=5)

    updated = simulator.api("PATCH", f"/rooms/{room['id']}", json={"max_participants": 6}).json()["data"]

    assert updated["max_participants"] == 6
    assert updated["unique_name"] == "standup"
    assert updated["updated_at"] > room["updated_at"]
    assert updated["created_at"] == room["created_at"]


def test_bulk_delete_without_filter_takes_every_recording_of_the_account(world: World) -> None:
    answer = world.simulator.api("DELETE", "/room_recordings")

    assert answer.json() == {"data": {"room_recordings": 1}}
    assert world.simulator.api("GET", "/room_recordings").json()["data"] == []


def test_bulk_delete_takes_what_the_filter_names(world: World) -> None:
    kept = world.simulator.api("DELETE", "/room_recordings?filter[type]=video")

    assert kept.json() == {"data": {"room_recordings": 0}}
    assert world.simulator.api("GET", f"/room_recordings/{world.recording_id}").status_code == 200


def test_every_answer_says_when_and_which(simulator: Simulator) -> None:
    answer = simulator.api("GET", "/nowhere")

    assert "GMT" in answer.headers["Date"]
    assert len(answer.headers["x-request-id"]) == 36
