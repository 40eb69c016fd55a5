"""Each fault does on the wire what it says, and to the effect what it says."""

import gzip
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.simulated import ControlError, Simulator, wait_until
from tests.videobroker.simulator.raw import Heard, hear, hear_for, request
from tests.videobroker.simulator.worlds import ROOM, World


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as executor:
        yield executor


def _create(simulator: Simulator, patience_secs: float = 10) -> Heard:
    return hear(simulator, request(simulator, "POST", "/rooms", b'{"unique_name": "standup"}'), patience_secs)


def _rooms(simulator: Simulator) -> list[Any]:
    rooms: list[Any] = simulator.state()["rooms"]
    return rooms


def test_latency_delays_the_call_and_changes_nothing_else(simulator: Simulator) -> None:
    simulator.fault("latency", secs=0.2)
    began = time.monotonic()

    heard = _create(simulator)

    assert time.monotonic() - began >= 0.2
    assert heard.head.startswith(b"HTTP/1.1 201 Created")
    assert len(_rooms(simulator)) == 1


@pytest.mark.parametrize(
    ("shape", "fields"),
    [("errors", {"errors"}), ("bare", {"code", "title", "detail"}), ("message", {"success", "message"})],
)
def test_status_answers_an_error_in_any_shape_and_does_nothing(
    simulator: Simulator, shape: str, fields: set[str]
) -> None:
    simulator.fault("status", status=503, shape=shape, code="10007", headers={"Retry-After": "3"})

    answer = simulator.api("POST", "/rooms", json={})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "3"
    assert set(answer.json()) == fields
    assert _rooms(simulator) == []


@pytest.mark.parametrize("reset", ["30", 30, "soon", -1, 1e9])
def test_rate_limit_answers_429_with_any_reset(simulator: Simulator, reset: Any) -> None:
    simulator.fault("rate_limit", reset=reset)

    answer = simulator.api("GET", "/rooms")

    assert answer.status_code == 429
    assert answer.headers["x-ratelimit-reset"] == str(reset)
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert answer.json()["errors"][0]["code"] == "10011"


def test_rate_limit_may_come_without_headers(simulator: Simulator) -> None:
    simulator.fault("rate_limit", reset=None)

    assert "x-ratelimit-reset" not in simulator.api("GET", "/rooms").headers


def test_timeout_says_nothing_and_then_hangs_up(simulator: Simulator) -> None:
    simulator.fault("timeout", secs=0.2)
    began = time.monotonic()

    heard = _create(simulator)

    assert (heard.wire, heard.ended) == (b"", "fin")
    assert time.monotonic() - began >= 0.2
    assert _rooms(simulator) == []


def test_timeout_keeps_silent_as_long_as_the_caller_waits(simulator: Simulator) -> None:
    simulator.fault("timeout")

    assert _create(simulator, patience_secs=0.2).ended == "silence"


def test_reset_ends_the_connection_with_a_reset_before_anything_is_done(simulator: Simulator) -> None:
    simulator.fault("reset")

    heard = _create(simulator)

    assert (heard.wire, heard.ended) == (b"", "reset")
    assert _rooms(simulator) == []


def test_close_ends_the_connection_politely_before_anything_is_done(simulator: Simulator) -> None:
    simulator.fault("close")

    heard = _create(simulator)

    assert (heard.wire, heard.ended) == (b"", "fin")
    assert _rooms(simulator) == []


def test_truncate_promises_more_than_it_sends(simulator: Simulator) -> None:
    simulator.fault("truncate")

    heard = _create(simulator)

    assert heard.ended == "fin"
    assert 0 < len(heard.body) < heard.promised
    assert len(_rooms(simulator)) == 1


def test_truncate_keeps_as_many_bytes_as_told(simulator: Simulator) -> None:
    simulator.fault("truncate", keep_bytes=7)

    assert len(_create(simulator).body) == 7


def test_truncate_json_is_whole_http_and_broken_json(simulator: Simulator) -> None:
    simulator.fault("truncate_json")

    heard = _create(simulator)

    assert len(heard.body) == heard.promised
    with pytest.raises(json.JSONDecodeError):
        json.loads(heard.body)
    assert len(_rooms(simulator)) == 1


def test_malformed_answers_whatever_it_is_told(simulator: Simulator) -> None:
    simulator.fault("malformed", times=1)
    simulator.fault("malformed", body="{", content_type="application/json", status=201, times=1)
    simulator.fault("malformed", body_base64="//4=", times=1)

    answers = [simulator.api("POST", "/rooms", json={}) for _ in range(3)]

    assert answers[0].status_code == 200
    assert answers[0].headers["Content-Type"] == "text/html"
    assert (answers[1].status_code, answers[1].content) == (201, b"{")
    assert answers[2].content == b"\xff\xfe"
    assert _rooms(simulator) == []


def test_empty_answers_a_status_and_no_body(simulator: Simulator) -> None:
    simulator.fault("empty", status=201)

    heard = _create(simulator)

    assert heard.head.startswith(b"HTTP/1.1 201")
    assert heard.promised == 0
    assert _rooms(simulator) == []


def test_redirect_points_elsewhere(simulator: Simulator) -> None:
    simulator.fault("redirect", location="http://127.0.0.1:1/")

    answer = simulator.api("POST", "/rooms", json={})

    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:1/")
    assert _rooms(simulator) == []


def test_drip_sends_the_answer_byte_by_byte(simulator: Simulator) -> None:
    simulator.fault("drip", bytes_per_sec=100)

    heard = hear_for(simulator, request(simulator, "POST", "/rooms", b"{}"), secs=0.3)

    assert b"HTTP/1.1 201".startswith(heard[:12])
    assert 2 <= len(heard) <= 30
    assert len(_rooms(simulator)) == 1


def test_huge_sends_as_many_bytes_as_told(simulator: Simulator) -> None:
    simulator.fault("huge", bytes=3_000_000)

    heard = _create(simulator)

    assert len(heard.body) == heard.promised == 3_000_000
    assert set(json.loads(heard.body)) == {"data"}
    assert len(_rooms(simulator)) == 1


def test_gzip_bomb_unpacks_to_as_many_bytes_as_told(simulator: Simulator) -> None:
    simulator.fault("gzip_bomb", bytes=5_000_000)

    heard = hear(simulator, request(simulator, "GET", "/rooms"))

    assert b"Content-Encoding: gzip" in heard.head
    assert len(heard.body) < 50_000
    assert len(gzip.decompress(heard.body)) == 5_000_000


def test_mutate_sets_and_drops_fields_of_the_true_answer(simulator: Simulator) -> None:
    simulator.fault("mutate", "create_room", field="data.max_participants", value="ten")
    simulator.fault("mutate", "create_room", field="data.unique_name", drop=True)
    simulator.fault("mutate", "list_rooms", field="data.0.id", value=None)
    simulator.fault("mutate", "list_rooms", field="data.7.id", value="nobody")

    created = simulator.create_room()

    assert created["max_participants"] == "ten"
    assert set(created) == ROOM - {"unique_name"}
    assert simulator.api("GET", "/rooms").json()["data"][0]["id"] is None
    assert _rooms(simulator)[0]["max_participants"] == 10


def test_swap_id_answers_with_anothers_id(simulator: Simulator) -> None:
    globex = simulator.new_account()
    theirs = simulator.create_room(key=globex["api_key"])
    ours, other = simulator.create_room(), simulator.create_room()
    simulator.fault("swap_id")

    assert simulator.api("GET", f"/rooms/{ours['id']}").json()["data"]["id"] == theirs["id"]
    assert simulator.api("GET", "/rooms").json()["data"][0]["id"] == theirs["id"] != other["id"]


def test_swap_id_makes_an_id_up_when_there_is_no_other(simulator: Simulator) -> None:
    simulator.fault("swap_id", times=1)

    shown = simulator.create_room()

    assert str(uuid.UUID(shown["id"])) != _rooms(simulator)[0]["id"]


@pytest.mark.parametrize(
    ("how", "seen"),
    [
        ({"how": "reset"}, lambda heard: (heard.wire, heard.ended) == (b"", "reset")),
        ({"how": "close"}, lambda heard: (heard.wire, heard.ended) == (b"", "fin")),
        ({"how": "timeout", "secs": 0.1}, lambda heard: (heard.wire, heard.ended) == (b"", "fin")),
        ({"how": "status", "status": 502}, lambda heard: heard.head.startswith(b"HTTP/1.1 502")),
        ({"how": "truncate"}, lambda heard: len(heard.body) < heard.promised),
    ],
)
def test_a_lost_answer_leaves_its_effect(
    simulator: Simulator, how: dict[str, Any], seen: Callable[[Heard], bool]
) -> None:
    simulator.fault("lost_answer", "create_room", times=1, **how)

    assert seen(_create(simulator))
    assert [room["unique_name"] for room in _rooms(simulator)] == ["standup"]
    assert [entry["fault"] for entry in simulator.calls("create_room")] == ["lost_answer"]
    assert len(simulator.effects("room.created")) == 1
    assert simulator.api("POST", "/rooms", json={"unique_name": "standup"}).status_code == 422


@pytest.mark.parametrize("kind", ["status", "reset", "close", "malformed", "empty"])
def test_most_faults_can_be_told_to_strike_after_the_effect(simulator: Simulator, kind: str) -> None:
    told = {"status": 500} if kind == "status" else {}
    simulator.fault(kind, where="after", **told)

    _create(simulator)

    assert len(_rooms(simulator)) == 1


def test_hold_before_lets_a_test_act_while_a_call_is_under_way(
    simulator: Simulator, pool: ThreadPoolExecutor
) -> None:
    room = simulator.create_room()
    fault = simulator.fault("hold", "create_room_client_token", times=1)
    minting = pool.submit(_mint_status, simulator, room["id"])
    simulator.await_held(fault)

    assert simulator.calls("create_room_client_token")[0]["status"] is None
    simulator.api("DELETE", f"/rooms/{room['id']}").raise_for_status()
    simulator.release(fault)

    assert minting.result(10) == 404
    assert simulator.see_fault(fault)["held"] == 0
    assert simulator.see_fault(fault)["fired"] == 1


def test_hold_after_keeps_the_answer_while_the_effect_is_done(
    simulator: Simulator, pool: ThreadPoolExecutor
) -> None:
    room = simulator.create_room()
    fault = simulator.fault("hold", "create_room_client_token", where="after")
    minting = [pool.submit(_mint_status, simulator, room["id"]) for _ in range(3)]
    simulator.await_held(fault, calls=3)

    assert len(simulator.effects("token.minted")) == 3
    simulator.clear_faults()

    assert [answer.result(10) for answer in minting] == [201] * 3


def test_hold_ends_by_itself_after_its_time(simulator: Simulator) -> None:
    simulator.fault("hold", secs=0.05)

    assert simulator.api("GET", "/rooms").status_code == 200


def _mint_status(simulator: Simulator, room_id: str) -> int:
    path = f"{simulator.api_base}/rooms/{room_id}/actions/generate_join_client_token"
    headers = {"Authorization": f"Bearer {simulator.api_key}"}
    return requests.post(path, json={}, headers=headers, timeout=10).status_code


def test_a_fault_strikes_what_it_matches(world: World) -> None:
    simulator = world.simulator
    globex = simulator.new_account()
    other = simulator.create_room()
    matches = [
        ({"operation": ["view_room", "list_rooms"]}, "GET", f"/rooms/{world.room_id}", "/room_sessions"),
        ({"method": "DELETE"}, "DELETE", f"/room_recordings/{uuid.uuid4()}", "/rooms"),
        (
            {"path": "/actions/.*_token$"},
            "POST",
            f"/rooms/{world.room_id}/actions/refresh_client_token",
            "/rooms",
        ),
        ({"account_id": globex["id"]}, "GET", "", "/rooms"),
        ({"room_id": world.room_id}, "GET", f"/rooms/{world.room_id}", f"/rooms/{other['id']}"),
        ({"room_id": world.room_id}, "GET", f"/room_sessions/{world.session_id}", "/room_sessions"),
        ({"room_id": world.room_id}, "GET", f"/room_recordings/{world.recording_id}", "/room_recordings"),
        ({"room_id": world.room_id}, "GET", f"/room_participants?filter[room_id]={world.room_id}", "/rooms"),
    ]
    for match, method, meant, spared in matches:
        simulator.fault("status", match=match, status=599)
        key = globex["api_key"] if "account_id" in match else None
        assert simulator.api(method, meant or "/rooms", key=key, json={}).status_code == 599
        assert simulator.api("GET", spared).status_code == 200
        simulator.clear_faults()


def test_times_and_after_count_the_matches(simulator: Simulator) -> None:
    fault = simulator.fault("status", "list_rooms", status=500, after=2, times=2)

    answers = [simulator.api("GET", "/rooms").status_code for _ in range(6)]

    assert answers == [200, 200, 500, 500, 200, 200]
    assert simulator.see_fault(fault)["fired"] == 2


def test_a_seeded_chance_repeats_itself(simulator: Simulator) -> None:
    def play() -> list[int]:
        simulator.clear_faults()
        simulator.fault("status", status=500, probability=0.5, seed=7)
        return [simulator.api("GET", "/rooms").status_code for _ in range(20)]

    first = play()

    assert play() == first
    assert set(first) == {200, 500}


def test_the_first_fault_that_decides_wins_and_the_next_keeps_its_count(simulator: Simulator) -> None:
    simulator.fault("latency", secs=0)
    simulator.fault("status", status=500, times=1)
    later = simulator.fault("status", status=502, times=1)

    assert simulator.api("GET", "/rooms").status_code == 500
    assert simulator.see_fault(later)["fired"] == 0
    assert simulator.api("GET", "/rooms").status_code == 502
    assert simulator.calls("list_rooms")[0]["fault"] == "latency+status"


def test_faults_are_listed_and_removed(simulator: Simulator) -> None:
    kept, removed = simulator.fault("reset"), simulator.fault("close")
    simulator.control("DELETE", f"faults/{removed}")

    listed = simulator.control("GET", "faults")

    assert [fault["id"] for fault in listed] == [kept]
    with pytest.raises(ControlError) as refused:
        simulator.see_fault(removed)
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("fault", "pointer"),
    [
        ({"kind": "earthquake"}, "/kind"),
        ({"kind": "latency"}, "/secs"),
        ({"kind": "latency", "secs": "long"}, "/secs"),
        ({"kind": "reset", "sex": 1}, "/sex"),
        ({"kind": "reset", "match": {"operation": "make_room"}}, "/match/operation"),
        ({"kind": "reset", "match": {"path": "("}}, "/match/path"),
        ({"kind": "reset", "match": {"rooms": 1}}, "/match/rooms"),
        ({"kind": "mutate", "field": "data.id"}, "/field"),
        ({"kind": "mutate", "field": "data.id", "value": 1, "drop": True}, "/field"),
        ({"kind": "lost_answer"}, "/how"),
        ({"kind": "lost_answer", "how": "status"}, "/status"),
        ({"kind": "truncate", "where": "before"}, "/where"),
        ({"kind": "status", "status": 99}, "/status"),
        ({"kind": "status", "status": 500, "headers": {"X": "a\r\nY: b"}}, "/headers/X"),
        ({"kind": "malformed", "body_base64": "?"}, "/body_base64"),
        ({"kind": "reset", "probability": 2}, "/probability"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(
    simulator: Simulator, fault: dict[str, Any], pointer: str
) -> None:
    answer = simulator.http.post(f"{simulator.url}/_simulator/faults", json=fault, timeout=10)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": pointer}
    assert simulator.control("GET", "faults") == []


def test_the_connection_goes_on_after_an_answer_that_is_whole(simulator: Simulator) -> None:
    simulator.fault("status", status=500, times=1)
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {simulator.api_key}"
        statuses = [session.get(f"{simulator.api_base}/rooms", timeout=10).status_code for _ in range(2)]

    assert statuses == [500, 200]


def test_many_lost_answers_are_all_counted(simulator: Simulator, pool: ThreadPoolExecutor) -> None:
    simulator.fault("lost_answer", "create_room", how="reset", probability=0.5, seed=1)
    lost = threading.Semaphore(0)

    def create(number: int) -> None:
        try:
            _post_room(simulator, f"room-{number}")
        except requests.ConnectionError:
            lost.release()

    list(pool.map(create, range(60)))

    unanswered = [entry for entry in simulator.calls("create_room") if entry["status"] is None]
    assert len(_rooms(simulator)) == len(simulator.effects("room.created")) == 60
    assert 10 < len(unanswered) < 50
    assert sum(lost.acquire(blocking=False) for _ in range(61)) == len(unanswered)


def _post_room(simulator: Simulator, name: str) -> None:
    headers = {"Authorization": f"Bearer {simulator.api_key}"}
    url = f"{simulator.api_base}/rooms"
    requests.post(url, json={"unique_name": name}, headers=headers, timeout=10).raise_for_status()


def test_nobody_is_held_any_more_when_the_state_is_cleared(
    simulator: Simulator, pool: ThreadPoolExecutor
) -> None:
    fault = simulator.fault("hold", "list_rooms")
    listing = pool.submit(simulator.api, "GET", "/rooms")
    wait_until(lambda: simulator.control("GET", f"faults/{fault}")["held"] == 1)

    simulator.clear()

    assert listing.result(10).status_code == 200
