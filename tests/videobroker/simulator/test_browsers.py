"""Pages in browsers: they may do what the client SDK does, and see what it shows; nothing else."""

import pytest
import requests

from tests.simulated import Json, Simulator
from tests.videobroker.simulator.worlds import World

PAGE = {"Origin": "https://meet.acme.example"}


def ask(simulator: Simulator, method: str, path: str, **options: Json) -> requests.Response:
    """A call as a browser makes it for a page of acme's."""
    headers = PAGE | options.pop("headers", {})
    return simulator.http.request(
        method, f"{simulator.url}/_simulator/{path}", headers=headers, timeout=10, **options
    )


def test_a_page_may_join_and_leave(simulator: Simulator) -> None:
    token = simulator.mint(simulator.create_room()["id"])["token"]
    joined = ask(
        simulator, "POST", "join", data=f'{{"token": "{token}"}}', headers={"Content-Type": "text/plain"}
    )
    assert joined.status_code == 201
    assert joined.headers["Access-Control-Allow-Origin"] == "*"
    left = ask(simulator, "POST", "leave", json={"participant_id": joined.json()["data"]["participant_id"]})
    assert left.headers["Access-Control-Allow-Origin"] == "*"


def test_a_page_may_read_why_it_is_refused(simulator: Simulator) -> None:
    refused = ask(simulator, "POST", "join", json={"token": "garbage"})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, "*")


def test_a_browser_that_asks_beforehand_is_told_yes(world: World) -> None:
    asked = ask(
        world.simulator, "OPTIONS", "renew", headers={"Access-Control-Request-Headers": "content-type"}
    )
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Headers"] == "content-type"


@pytest.mark.parametrize("path", ["state", "ledger", "settings", "faults", "webhooks"])
def test_a_page_may_read_nothing_of_what_only_tests_may_know(path: str, simulator: Simulator) -> None:
    assert "Access-Control-Allow-Origin" not in ask(simulator, "GET", path).headers
    assert ask(simulator, "OPTIONS", path).status_code == 405


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "faults"),
        ("POST", "accounts"),
        ("POST", "webhooks"),
        ("PUT", "settings"),
        ("DELETE", "state"),
    ],
)
def test_a_page_may_change_nothing_without_reading_the_answer(
    method: str, path: str, simulator: Simulator
) -> None:
    """As a form does: a browser sends it without asking first."""
    before = simulator.control("GET", "state"), simulator.control("GET", "settings")
    refused = ask(simulator, method, path, data="{}", headers={"Content-Type": "text/plain"})
    assert refused.status_code == 403
    assert (simulator.control("GET", "state"), simulator.control("GET", "settings")) == before
    assert simulator.control("GET", "faults") == []


@pytest.mark.parametrize("path", ["_simulator/state", "_simulator/participants/1/company", "v2/rooms", "x"])
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8001", "localhost.", "[evil.example]"]
)
def test_a_name_of_somebody_elses_does_not_lead_here(host: str, path: str, simulator: Simulator) -> None:
    """A page at a name that its owner has let point at this machine is of the same origin, to its browser."""
    answer = simulator.http.get(f"{simulator.url}/{path}", headers={"Host": host}, timeout=10)
    assert answer.status_code == 421
    assert "participants" not in answer.text


@pytest.mark.parametrize(
    "host", ["localhost:8001", "[::1]:8001", "10.0.0.7", "simulator:8001", "a.localhost"]
)
def test_addresses_and_names_of_ones_own_network_do(host: str, simulator: Simulator) -> None:
    answer = simulator.http.get(f"{simulator.url}/_simulator/state", headers={"Host": host}, timeout=10)
    assert answer.status_code == 200


def test_a_participant_sees_who_is_in_and_who_is_muted(world: World) -> None:
    simulator = world.simulator
    simulator.api(
        "POST", f"/room_sessions/{world.session_id}/actions/mute", json={"participants": [world.bo]}
    )
    seen = simulator.control("GET", f"participants/{world.ana}/company")
    assert seen["me"]["participant_id"] == world.ana
    assert {each["participant_id"]: each["muted"] for each in seen["participants"]} == {
        world.ana: False,
        world.bo: True,
    }


def test_who_was_put_out_sees_why_and_nobody(world: World) -> None:
    simulator = world.simulator
    simulator.api(
        "POST", f"/room_sessions/{world.session_id}/actions/kick", json={"participants": [world.bo]}
    )
    seen = simulator.control("GET", f"participants/{world.bo}/company")
    assert (seen["me"]["present"], seen["me"]["left_reason"], seen["participants"]) == (False, "kicked", [])
