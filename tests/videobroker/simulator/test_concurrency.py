"""Many callers at once: limits hold, names stay unique, one session is one session."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.simulated import Simulator
from tests.videobroker.simulator.receiving import receive


@pytest.fixture
def at_once() -> Iterator[Callable[[Callable[[int], int], int], list[int]]]:
    """Calls a function that many times side by side; answers what each answered."""
    with ThreadPoolExecutor(16) as pool:
        yield lambda act, times: list(pool.map(act, range(times)))


AtOnce = Callable[[Callable[[int], int], int], list[int]]


def _post(simulator: Simulator, url: str, body: dict[str, object]) -> int:
    headers = {"Authorization": f"Bearer {simulator.api_key}"}
    return requests.post(url, json=body, headers=headers, timeout=20).status_code


def test_a_name_is_given_once(simulator: Simulator, at_once: AtOnce) -> None:
    body: dict[str, object] = {"unique_name": "standup"}

    statuses = at_once(lambda _: _post(simulator, f"{simulator.api_base}/rooms", body), 32)

    assert sorted(statuses) == [201] + [422] * 31
    assert len(simulator.effects("room.created")) == 1


def test_a_room_takes_no_more_than_it_holds_in_one_session(simulator: Simulator, at_once: AtOnce) -> None:
    room = simulator.create_room(max_participants=5)
    token = simulator.mint(room["id"])["token"]

    statuses = at_once(lambda _: _post(simulator, f"{simulator.url}/_simulator/join", {"token": token}), 32)

    assert sorted(statuses) == [201] * 5 + [403] * 27
    assert len(simulator.present(room["id"])) == 5
    assert len(simulator.effects("session.started")) == 1


def test_a_session_is_ended_once(simulator: Simulator, at_once: AtOnce) -> None:
    joined = simulator.enter(simulator.create_room()["id"])
    url = f"{simulator.api_base}/room_sessions/{joined['session_id']}/actions/end"

    statuses = at_once(lambda _: _post(simulator, url, {}), 16)

    assert sorted(statuses) == [200] + [422] * 15
    assert len(simulator.effects("session.ended")) == 1


def test_a_fault_strikes_no_more_often_than_told(simulator: Simulator, at_once: AtOnce) -> None:
    simulator.fault("status", "create_room", status=503, times=7)

    statuses = at_once(lambda _: _post(simulator, f"{simulator.api_base}/rooms", {}), 40)

    assert sorted(statuses) == [201] * 33 + [503] * 7


def test_every_event_of_a_crowd_is_delivered_once(simulator: Simulator, at_once: AtOnce) -> None:
    with receive() as receiver:
        room = simulator.create_room(max_participants=50, webhook_event_url=receiver.url)
        token = simulator.mint(room["id"])["token"]

        at_once(lambda _: _post(simulator, f"{simulator.url}/_simulator/join", {"token": token}), 40)

        received = receiver.await_count(41)
        assert len({webhook.data["id"] for webhook in received}) == len(received) == 41
