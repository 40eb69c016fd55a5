"""Accounts are kept apart, keys come and go, and limits hold for each account by itself."""

import pytest

from tests.simulated import ControlError, Json, Simulator
from tests.videobroker.simulator.worlds import World, make_world


@pytest.fixture
def globex(simulator: Simulator) -> Json:
    return simulator.new_account()


def test_a_key_looks_like_telnyx_makes_them(simulator: Simulator) -> None:
    head, _, tail = simulator.api_key.partition("_")

    assert head.startswith("KEY01") or (len(head) == 35 and int(head[3:], 16))
    assert len(tail) == 22


def test_one_account_never_sees_what_is_anothers(world: World, globex: Json) -> None:
    simulator = world.simulator
    objects = {
        "rooms": world.room_id,
        "room_sessions": world.session_id,
        "room_participants": world.ana,
        "room_recordings": world.recording_id,
        "room_compositions": world.composition_id,
    }
    for kind, own_id in objects.items():
        viewed = simulator.api("GET", f"/{kind}/{own_id}", key=globex["api_key"])
        listed = simulator.api("GET", f"/{kind}", key=globex["api_key"]).json()
        assert (viewed.status_code, viewed.json()["code"]) == (404, "10005")
        assert (listed["data"], listed["meta"]["total_results"]) == ([], 0)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/rooms/{room}"),
        ("DELETE", "/rooms/{room}"),
        ("POST", "/rooms/{room}/actions/generate_join_client_token"),
        ("GET", "/rooms/{room}/sessions"),
        ("GET", "/room_sessions/{session}/participants"),
        ("POST", "/room_sessions/{session}/actions/end"),
        ("POST", "/room_sessions/{session}/actions/kick"),
        ("DELETE", "/room_recordings/{recording}"),
        ("DELETE", "/room_compositions/{composition}"),
    ],
)
def test_one_account_never_touches_what_is_anothers(
    world: World, globex: Json, method: str, path: str
) -> None:
    before = world.simulator.state()
    path = path.format(
        room=world.room_id,
        session=world.session_id,
        recording=world.recording_id,
        composition=world.composition_id,
    )

    answer = world.simulator.api(method, path, key=globex["api_key"], json={"participants": "all"})

    assert answer.status_code == 404
    after = world.simulator.state()
    assert [after[kind] for kind in ("rooms", "sessions")] == [before[kind] for kind in ("rooms", "sessions")]
    assert len(after["recordings"]) == len(after["compositions"]) == 1


def test_bulk_delete_stays_in_its_account(world: World, globex: Json) -> None:
    theirs = make_world(world.simulator, key=globex["api_key"])

    world.simulator.api("DELETE", "/room_recordings").raise_for_status()

    (left,) = world.simulator.state()["recordings"]
    assert left["id"] == theirs.recording_id


def test_a_composition_of_anothers_session_is_refused(world: World, globex: Json) -> None:
    body = {"session_id": world.session_id}

    answer = world.simulator.api("POST", "/room_compositions", key=globex["api_key"], json=body)

    assert answer.status_code == 422


def test_two_accounts_may_use_the_same_name(simulator: Simulator, globex: Json) -> None:
    ours = simulator.create_room(unique_name="standup")
    theirs = simulator.create_room(key=globex["api_key"], unique_name="standup")

    assert ours["id"] != theirs["id"]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic {key}", "{key}", "Bearer {key}x"])
def test_a_key_that_is_missing_or_unknown_is_refused(simulator: Simulator, authorization: str) -> None:
    header = authorization.format(key=simulator.api_key)

    answer = simulator.api("GET", "/rooms", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "10009"


def test_keys_can_be_rotated_without_a_gap(simulator: Simulator, globex: Json) -> None:
    new = simulator.add_key(globex["id"])
    assert {simulator.api("GET", "/rooms", key=key).status_code for key in (globex["api_key"], new)} == {200}

    simulator.revoke_key(globex["id"], globex["api_key"])

    old = simulator.api("GET", "/rooms", key=globex["api_key"])
    assert (old.status_code, old.json()["errors"][0]["code"]) == (401, "20002")
    assert simulator.api("GET", "/rooms", key=new).status_code == 200


def test_a_key_can_be_chosen_but_not_anothers(simulator: Simulator, globex: Json) -> None:
    assert simulator.add_key(globex["id"], api_key="KEY_chosen") == "KEY_chosen"

    for attempt in (
        lambda: simulator.add_key(simulator.account_id, api_key="KEY_chosen"),
        lambda: simulator.new_account(api_key="KEY_chosen"),
        lambda: simulator.new_account(id=globex["id"]),
    ):
        with pytest.raises(ControlError) as refused:
            attempt()
        assert refused.value.status == 422


def test_a_key_of_nobody_cannot_be_revoked(simulator: Simulator, globex: Json) -> None:
    with pytest.raises(ControlError) as refused:
        simulator.revoke_key(globex["id"], simulator.api_key)
    assert refused.value.status == 404


def test_without_a_limit_there_are_no_limit_headers(simulator: Simulator) -> None:
    assert "x-ratelimit-limit" not in simulator.api("GET", "/rooms").headers


def test_a_limit_counts_down_and_then_refuses(simulator: Simulator) -> None:
    simulator.settings(rate_limit={"limit": 2, "per_secs": 60})

    answers = [simulator.api("GET", "/rooms") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"2"}
    assert all(0 < int(answer.headers["x-ratelimit-reset"]) <= 60 for answer in answers)
    assert answers[2].json()["errors"][0]["code"] == "10011"


def test_a_refused_call_counts_and_tells_the_limit_too(simulator: Simulator) -> None:
    simulator.settings(rate_limit={"limit": 5, "per_secs": 60})

    answer = simulator.api("POST", "/rooms", json={"max_participants": 99})

    assert answer.headers["x-ratelimit-remaining"] == "4"


def test_each_account_has_its_own_limit(simulator: Simulator, globex: Json) -> None:
    simulator.put_state(accounts=[{"id": globex["id"], "rate_limit": {"limit": 0, "per_secs": 60}}])

    assert simulator.api("GET", "/rooms", key=globex["api_key"]).status_code == 429
    assert simulator.api("GET", "/rooms").status_code == 200


def test_a_window_that_is_over_begins_anew(simulator: Simulator) -> None:
    simulator.settings(rate_limit={"limit": 1, "per_secs": 0.05})
    assert simulator.api("GET", "/rooms").status_code == 200

    simulator.settings(rate_limit={"limit": 1, "per_secs": 0.06})

    assert simulator.api("GET", "/rooms").status_code == 200
