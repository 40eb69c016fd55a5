"""How the simulator says no: Telnyx's limits, codes, pointers and its three shapes of errors."""

import uuid
from typing import Any

import pytest

from tests.simulated import Simulator
from tests.videobroker.simulator.worlds import World

ROOM_LIMITS = [
    ("max_participants", 1, "10033"),
    ("max_participants", 51, "10033"),
    ("max_participants", "10", "10027"),
    ("max_participants", True, "10027"),
    ("max_participants", None, "10027"),
    ("webhook_timeout_secs", 31, "10033"),
    ("webhook_timeout_secs", -1, "10033"),
    ("enable_recording", "true", "10027"),
    ("unique_name", "", "10027"),
    ("unique_name", 7, "10027"),
    ("webhook_event_url", "example.com", "10027"),
    ("webhook_event_url", "http://[", "10027"),
    ("webhook_event_failover_url", "ftp://example.com", "10027"),
]


@pytest.mark.parametrize(("name", "value", "code"), ROOM_LIMITS)
def test_a_field_beyond_its_limits_is_refused_with_a_pointer(
    simulator: Simulator, name: str, value: Any, code: str
) -> None:
    answer = simulator.api("POST", "/rooms", json={name: value})

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["code"] == code
    assert error["source"] == {"pointer": f"/{name}"}
    assert set(error) == {"code", "title", "detail", "source"}
    assert simulator.effects("room.created") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_participants", 2),
        ("max_participants", 50),
        ("webhook_timeout_secs", 0),
        ("webhook_timeout_secs", 30),
    ],
)
def test_a_field_at_its_limit_is_taken(simulator: Simulator, name: str, value: int) -> None:
    assert simulator.create_room(**{name: value})[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("token_ttl_secs", 9),
        ("token_ttl_secs", 3601),
        ("refresh_token_ttl_secs", 59),
        ("refresh_token_ttl_secs", 86401),
    ],
)
def test_a_lifetime_beyond_its_limits_is_refused(world: World, name: str, value: int) -> None:
    path = f"/rooms/{world.room_id}/actions/generate_join_client_token"

    answer = world.simulator.api("POST", path, json={name: value})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == "10033"
    assert answer.json()["errors"][0]["source"] == {"pointer": f"/{name}"}


def test_a_name_that_is_taken_is_refused(simulator: Simulator) -> None:
    simulator.create_room(unique_name="standup")
    other = simulator.create_room(unique_name="retro")

    created = simulator.api("POST", "/rooms", json={"unique_name": "standup"})
    renamed = simulator.api("PATCH", f"/rooms/{other['id']}", json={"unique_name": "standup"})

    for answer in (created, renamed):
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "10012"
        assert answer.json()["errors"][0]["source"] == {"pointer": "/unique_name"}


@pytest.mark.parametrize("body", [b"{", b"\xff", b'{"unique_name": "\\ud800"}', b"[" * 100_000, b"NaN{"])
def test_a_body_that_is_no_json_is_refused(simulator: Simulator, body: bytes) -> None:
    answer = simulator.api("POST", "/rooms", data=body)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "10023"


@pytest.mark.parametrize("body", [b"[]", b'"room"', b"7", b"null"])
def test_a_body_that_is_no_object_is_refused(simulator: Simulator, body: bytes) -> None:
    assert simulator.api("POST", "/rooms", data=body).status_code == 422


@pytest.mark.parametrize("action", ["kick", "mute", "unmute"])
@pytest.mark.parametrize(
    "body", [{"participants": None}, {"participants": "some"}, {"participants": ["ana"]}]
)
def test_an_order_that_names_nobody_is_refused(world: World, action: str, body: Any) -> None:
    answer = world.simulator.api("POST", f"/room_sessions/{world.session_id}/actions/{action}", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"]["pointer"].startswith("/participants")
    assert len(world.simulator.present(world.room_id)) == 2


@pytest.mark.parametrize("kind", ["rooms", "room_sessions", "room_participants", "room_recordings"])
def test_what_does_not_exist_is_a_bare_404(simulator: Simulator, kind: str) -> None:
    answer = simulator.api("GET", f"/{kind}/{uuid.uuid4()}")

    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "title", "detail"}
    assert answer.json()["code"] == "10005"


def test_a_token_for_a_room_that_does_not_exist_is_a_bare_404(simulator: Simulator) -> None:
    answer = simulator.api("POST", f"/rooms/{uuid.uuid4()}/actions/generate_join_client_token", json={})

    assert answer.status_code == 404
    assert set(answer.json()) == {"code", "title", "detail"}


def test_an_action_on_what_does_not_exist_is_a_message(simulator: Simulator) -> None:
    answer = simulator.api("POST", f"/room_sessions/{uuid.uuid4()}/actions/end")

    assert answer.status_code == 404
    assert set(answer.json()) == {"success", "message"}
    assert answer.json()["success"] is False


@pytest.mark.parametrize(("kind", "code"), [("rooms", "65001"), ("room_sessions", "10006")])
def test_an_id_that_is_no_uuid_is_refused(simulator: Simulator, kind: str, code: str) -> None:
    answer = simulator.api("GET", f"/{kind}/1%27%20OR%201")

    assert answer.status_code == 404
    assert answer.json()["code"] == code


def test_an_unknown_path_is_a_404(simulator: Simulator) -> None:
    answer = simulator.api("GET", "/messages")

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "10005"


def test_a_method_the_path_does_not_take_is_a_405(simulator: Simulator) -> None:
    answer = simulator.api("PUT", "/rooms")

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST"


def test_an_ended_session_cannot_be_ended_or_moderated_again(world: World) -> None:
    path = f"/room_sessions/{world.session_id}/actions"
    world.simulator.api("POST", f"{path}/end").raise_for_status()

    for action, body in (("end", None), ("kick", {"participants": "all"})):
        answer = world.simulator.api("POST", f"{path}/{action}", json=body)
        assert answer.status_code == 422
        assert answer.json() == {"success": False, "message": "The session has already ended."}


@pytest.mark.parametrize(
    "resolution", ["15x720", "1281x16", "1280x721", "960x961", "800", "800X600", "0800x600", "800x600\n"]
)
def test_a_resolution_beyond_its_limits_is_refused(world: World, resolution: str) -> None:
    body = {"session_id": world.session_id, "resolution": resolution}

    answer = world.simulator.api("POST", "/room_compositions", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": "/resolution"}


@pytest.mark.parametrize(
    ("region", "pointer"),
    [
        ({"height": 15}, "height"),
        ({"width": 15}, "width"),
        ({"z_pos": 100}, "z_pos"),
        ({"z_pos": -100}, "z_pos"),
        ({"max_columns": 0}, "max_columns"),
        ({"max_rows": 1001}, "max_rows"),
        ({"video_sources": ["ana"]}, "video_sources/0"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_region_beyond_its_limits_is_refused(world: World, region: dict[str, Any], pointer: str) -> None:
    body = {"session_id": world.session_id, "video_layout": {"grid": region}}

    answer = world.simulator.api("POST", "/room_compositions", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": f"/video_layout/grid/{pointer}"}


def test_a_third_region_is_refused(world: World) -> None:
    body = {"session_id": world.session_id, "video_layout": {"a": {}, "b": {}, "c": {}}}

    assert world.simulator.api("POST", "/room_compositions", json=body).status_code == 422


def test_a_composition_of_an_unknown_session_or_format_is_refused(world: World) -> None:
    unknown = world.simulator.api("POST", "/room_compositions", json={"session_id": str(uuid.uuid4())})
    odd = world.simulator.api("POST", "/room_compositions", json={"format": "avi"})

    assert unknown.json()["errors"][0]["source"] == {"pointer": "/session_id"}
    assert odd.json()["errors"][0]["source"] == {"pointer": "/format"}


def test_a_body_that_is_too_large_is_refused(simulator: Simulator) -> None:
    answer = simulator.api("POST", "/rooms", data=b" " * (17 * 1024 * 1024))

    assert answer.status_code == 413
