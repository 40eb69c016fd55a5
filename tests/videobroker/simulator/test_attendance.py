"""Sessions and people: who comes, who goes, who is silenced, and what becomes of the session."""

import uuid

import pytest

from tests.simulated import ControlError, Json, Simulator, wait_until
from tests.videobroker.simulator.worlds import World


def _session(simulator: Simulator, session_id: str) -> Json:
    session: Json = simulator.api("GET", f"/room_sessions/{session_id}").json()["data"]
    return session


def _room(simulator: Simulator, room_id: str) -> Json:
    room: Json = simulator.api("GET", f"/rooms/{room_id}").json()["data"]
    return room


def _order(world: World, action: str, **body: object) -> Json:
    path = f"/room_sessions/{world.session_id}/actions/{action}"
    answer = world.simulator.api("POST", path, json=body or None)
    assert answer.status_code == 200
    result: Json = answer.json()["data"]
    return result


def test_the_first_to_join_begins_the_session_and_others_share_it(simulator: Simulator) -> None:
    room = simulator.create_room()
    ana, bo = simulator.enter(room["id"], "ana"), simulator.enter(room["id"], "bo")

    assert ana["session_id"] == bo["session_id"]
    assert _room(simulator, room["id"])["active_session_id"] == ana["session_id"]
    assert _session(simulator, ana["session_id"])["active"] is True


def test_the_last_to_leave_ends_the_session(simulator: Simulator) -> None:
    room = simulator.create_room()
    ana, bo = simulator.enter(room["id"], "ana"), simulator.enter(room["id"], "bo")

    simulator.leave(ana["participant_id"])
    assert _session(simulator, ana["session_id"])["active"] is True
    simulator.leave(bo["participant_id"])

    session = _session(simulator, ana["session_id"])
    assert session["active"] is False
    assert session["ended_at"] == session["updated_at"]
    assert _room(simulator, room["id"])["active_session_id"] is None


def test_who_comes_back_later_begins_a_new_session(simulator: Simulator) -> None:
    room = simulator.create_room()
    first = simulator.enter(room["id"])
    simulator.leave(first["participant_id"])

    assert simulator.enter(room["id"])["session_id"] != first["session_id"]


def test_a_full_room_refuses_the_next(simulator: Simulator) -> None:
    room = simulator.create_room(max_participants=2)
    ana = simulator.enter(room["id"], "ana")
    simulator.enter(room["id"], "bo")

    with pytest.raises(ControlError) as refused:
        simulator.enter(room["id"], "cy")
    assert refused.value.status == 403
    simulator.leave(ana["participant_id"])
    assert simulator.enter(room["id"], "cy")["room_id"] == room["id"]


def test_a_participant_id_joins_once(simulator: Simulator) -> None:
    room = simulator.create_room()
    own_id = str(uuid.uuid4())

    assert simulator.enter(room["id"], participant_id=own_id)["participant_id"] == own_id
    with pytest.raises(ControlError) as refused:
        simulator.enter(room["id"], participant_id=own_id)
    assert refused.value.status == 409


def test_a_kick_removes_those_named_and_they_may_come_back(world: World) -> None:
    assert _order(world, "kick", participants=[world.bo]) == {"result": "ok"}

    assert [person["context"] for person in world.simulator.present(world.room_id)] == ["ana"]
    assert world.simulator.participant(world.bo)["left_reason"] == "kicked"
    assert world.simulator.enter(world.room_id, "bo")["session_id"] == world.session_id


def test_a_kick_of_all_spares_those_excluded(world: World) -> None:
    _order(world, "kick", participants="all", exclude=[world.ana])

    assert [person["context"] for person in world.simulator.present(world.room_id)] == ["ana"]


def test_a_kick_of_all_ends_the_session(world: World) -> None:
    _order(world, "kick", participants="all")

    assert _session(world.simulator, world.session_id)["active"] is False


def test_a_kick_of_who_is_not_there_changes_nothing(world: World) -> None:
    _order(world, "kick", participants=[str(uuid.uuid4())])

    assert len(world.simulator.present(world.room_id)) == 2


def test_who_is_muted_cannot_be_heard_until_unmuted(world: World) -> None:
    _order(world, "mute", participants="all", exclude=[world.bo])

    with pytest.raises(ControlError) as refused:
        world.simulator.speak(world.ana)
    assert refused.value.status == 409
    assert world.simulator.speak(world.bo)["audio_level"] > 0
    assert world.simulator.participant(world.ana)["muted"] is True
    _order(world, "unmute", participants=[world.ana])
    assert world.simulator.speak(world.ana)["muted"] is False


def test_ending_the_session_makes_everyone_leave(world: World) -> None:
    _order(world, "end")

    assert world.simulator.present(world.room_id) == []
    assert world.simulator.participant(world.ana)["left_reason"] == "session_ended"
    assert _session(world.simulator, world.session_id)["active"] is False


def test_deleting_the_room_makes_everyone_leave(world: World) -> None:
    assert world.simulator.api("DELETE", f"/rooms/{world.room_id}").status_code == 204

    assert world.simulator.participant(world.bo)["left_reason"] == "room_deleted"
    assert _session(world.simulator, world.session_id)["active"] is False
    assert world.simulator.api("GET", f"/rooms/{world.room_id}").status_code == 404


def test_who_has_left_cannot_leave_or_speak(world: World) -> None:
    world.simulator.leave(world.ana)

    for act in (world.simulator.leave, world.simulator.speak):
        with pytest.raises(ControlError) as refused:
            act(world.ana)
        assert refused.value.status == 409


def test_a_participant_whose_token_ran_out_stays_unless_told_otherwise(world: World) -> None:
    world.simulator.settings(clock_offset_secs=700)

    assert world.simulator.participant(world.ana)["present"] is True


def test_a_participant_whose_token_ran_out_is_dropped_when_told_so(world: World) -> None:
    simulator = world.simulator
    simulator.renew(world.bo, simulator.mint(world.room_id, token_ttl_secs=3600)["token"])

    simulator.settings(clock_offset_secs=700, expire_participants=True)

    dropped = wait_until(lambda: _gone(simulator, world.ana))
    assert dropped["left_reason"] == "token_expired"
    assert simulator.participant(world.bo)["present"] is True


def test_grace_keeps_a_participant_whose_token_ran_out_a_little_longer(world: World) -> None:
    world.simulator.settings(clock_offset_secs=700, expire_grace_secs=300, expire_participants=True)
    assert world.simulator.participant(world.ana)["present"] is True

    world.simulator.settings(clock_offset_secs=1000)

    wait_until(lambda: _gone(world.simulator, world.ana))


def _gone(simulator: Simulator, participant_id: str) -> Json | None:
    person = simulator.participant(participant_id)
    return None if person["present"] else person


@pytest.mark.parametrize("context", [None, "", "ana", "é\u202e💥", "x" * 65_536])
def test_any_context_comes_back_as_it_was(simulator: Simulator, context: str | None) -> None:
    joined = simulator.enter(simulator.create_room()["id"], context)

    shown = simulator.api("GET", f"/room_participants/{joined['participant_id']}").json()["data"]
    assert shown["context"] == context


@pytest.mark.parametrize("context", [7, "x" * 65_537])
def test_a_context_that_is_none_is_refused(simulator: Simulator, context: object) -> None:
    token = simulator.mint(simulator.create_room()["id"])["token"]

    with pytest.raises(ControlError) as refused:
        simulator.control("POST", "join", token=token, context=context)
    assert refused.value.status == 422


def test_a_slip_in_a_control_call_is_pointed_at(simulator: Simulator) -> None:
    answer = simulator.http.post(f"{simulator.url}/_simulator/join", json={"tokn": "x"}, timeout=10)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": "/tokn"}
    assert "participant_id" in answer.json()["errors"][0]["detail"]


def test_a_kick_without_a_body_means_everybody(world: World) -> None:
    answer = world.simulator.api("POST", f"/room_sessions/{world.session_id}/actions/kick")

    assert (answer.status_code, answer.json()) == (200, {"data": {"result": "ok"}})
    assert world.simulator.present(world.room_id) == []


def test_a_kick_of_all_but_some_may_name_the_exceptions_alone(world: World) -> None:
    _order(world, "kick", exclude=[world.ana])

    assert [person["id"] for person in world.simulator.present(world.room_id)] == [world.ana]
