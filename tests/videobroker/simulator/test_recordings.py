"""Recordings, compositions, and the links to their files."""

import pytest

from tests.simulated import ControlError, Json, Simulator, wait_until
from tests.videobroker.simulator.worlds import World, composition


def _recording(simulator: Simulator, recording_id: str) -> Json:
    recording: Json = simulator.api("GET", f"/room_recordings/{recording_id}").json()["data"]
    return recording


def test_a_recording_runs_until_it_is_completed(world: World) -> None:
    started = world.simulator.start_recording(world.bo, "video")
    running = _recording(world.simulator, started["recording_id"])
    world.simulator.complete_recording(started["id"], duration_secs=60, size_mb=9.5)
    done = _recording(world.simulator, started["id"])

    assert (running["status"], running["download_url"], running["ended_at"]) == ("processing", None, None)
    assert (done["status"], done["duration_secs"], done["size_mb"]) == ("completed", 60, 9.5)
    assert done["codec"] == "vp8"
    assert done["ended_at"] == done["completed_at"] >= done["started_at"]


def test_leaving_completes_what_is_being_recorded(world: World) -> None:
    started = world.simulator.start_recording(world.bo)

    world.simulator.leave(world.bo)

    assert _recording(world.simulator, started["id"])["status"] == "completed"
    assert _recording(world.simulator, started["id"])["duration_secs"] >= 1


def test_a_recording_is_completed_once(world: World) -> None:
    with pytest.raises(ControlError) as refused:
        world.simulator.complete_recording(world.recording_id)
    assert refused.value.status == 409


def test_a_room_without_recording_is_not_recorded(simulator: Simulator) -> None:
    ana = simulator.enter(simulator.create_room()["id"])

    with pytest.raises(ControlError) as refused:
        simulator.start_recording(ana["participant_id"])
    assert refused.value.status == 409


def test_a_link_gives_the_file_for_an_hour(world: World) -> None:
    simulator = world.simulator
    link = _recording(simulator, world.recording_id)["download_url"]

    answer = simulator.http.get(link, timeout=10)
    simulator.settings(clock_offset_secs=3601)
    late = simulator.http.get(link, timeout=10)

    assert answer.status_code == 200
    assert len(answer.content) == 500_000
    assert late.status_code == 403


def test_every_reading_makes_a_fresh_link_to_the_same_file(world: World) -> None:
    links = {_recording(world.simulator, world.recording_id)["download_url"] for _ in range(3)}

    assert len(links) == 3
    assert len({world.simulator.http.get(link, timeout=10).content for link in links}) == 1


def test_a_link_that_was_tampered_with_gives_nothing(world: World) -> None:
    link = _recording(world.simulator, world.recording_id)["download_url"]
    tampered = [
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.replace("expires=", "expires=9"),
        link.split("?")[0],
    ]

    assert {world.simulator.http.get(url, timeout=10).status_code for url in tampered} == {403}


def test_the_link_of_a_deleted_recording_gives_nothing(world: World) -> None:
    link = _recording(world.simulator, world.recording_id)["download_url"]
    world.simulator.api("DELETE", f"/room_recordings/{world.recording_id}").raise_for_status()

    assert world.simulator.http.get(link, timeout=10).status_code == 404


def test_a_composition_goes_through_its_states_by_itself(world: World) -> None:
    simulator = world.simulator
    simulator.settings(composition_secs=0.2)
    ordered = simulator.api("POST", "/room_compositions", json={"session_id": world.session_id}).json()[
        "data"
    ]

    seen = wait_until(lambda: _done(simulator, ordered["id"]))

    assert ordered["status"] == "enqueued"
    assert ordered["download_url"] is None
    assert seen["duration_secs"] >= 1
    assert seen["size_mb"] > 0
    assert seen["started_at"] < seen["completed_at"]
    assert simulator.http.get(seen["download_url"], timeout=10).status_code == 200
    effects = [
        entry["effect"] for entry in simulator.effects() if entry["ids"].get("composition_id") == seen["id"]
    ]
    assert effects == ["composition.created", "composition.processing", "composition.completed"]


def test_a_deleted_composition_is_never_completed(world: World) -> None:
    simulator = world.simulator
    simulator.settings(composition_secs=0.1)
    ordered = simulator.api("POST", "/room_compositions", json={"session_id": world.session_id}).json()[
        "data"
    ]
    simulator.api("DELETE", f"/room_compositions/{ordered['id']}").raise_for_status()
    later = simulator.api("POST", "/room_compositions", json={"session_id": world.session_id}).json()["data"]
    wait_until(lambda: _done(simulator, later["id"]))

    completed = simulator.effects("composition.completed")

    assert ordered["id"] not in {entry["ids"]["composition_id"] for entry in completed}


def _done(simulator: Simulator, composition_id: str) -> Json | None:
    shown = composition(simulator, composition_id)
    return shown if shown["status"] == "completed" else None


def test_a_layout_is_kept_with_its_defaults(world: World) -> None:
    region = {"height": 360, "width": 480, "video_sources": ["*"], "z_pos": -99}
    body = {"session_id": world.session_id, "video_layout": {"main": region}}

    made = world.simulator.api("POST", "/room_compositions", json=body).json()["data"]

    assert made["video_layout"]["main"] == region | {"x_pos": 0, "y_pos": 0}
    assert made["resolution"] == "1280x720"
    assert made["room_id"] == world.room_id
    assert made["user_id"] == world.simulator.account_id
