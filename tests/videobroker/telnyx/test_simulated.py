"""The line against the simulated Telnyx: every operation for real, and every fault it can be told to have."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.simulated import Simulator, wait_until
from videobroker.secret import Secret
from videobroker.telnyx import DateFilter, Telnyx, Transport, VideoRegion, errors

TIMEOUT_SECS = 5.0
TODAY = DateFilter(gte=datetime.now(UTC).date())


@pytest.fixture
def telnyx(simulator: Simulator) -> Iterator[Telnyx]:
    with closing(Transport(pool_size=2)) as transport:
        yield Telnyx(simulator.api_base, Secret(simulator.api_key), transport, TIMEOUT_SECS)


@dataclass(frozen=True)
class Lecture:
    """A room where ana and bo are in, with a recording of each that is complete, and a composition."""

    room: str
    session: str
    ana: str
    bo: str
    recording: str
    composition: str


@pytest.fixture
def lecture(simulator: Simulator, telnyx: Telnyx) -> Lecture:
    room = telnyx.create_room(unique_name="vb-lecture", enable_recording=True)
    token = telnyx.generate_join_client_token(room.id, token_ttl_secs=600)
    ana = simulator.join(token.token.reveal(), "ana")
    bo = simulator.join(token.token.reveal(), "bo")
    recordings = [simulator.start_recording(one["participant_id"], "audio")["id"] for one in (ana, bo)]
    for recording in recordings:
        simulator.complete_recording(recording)
    composition = telnyx.create_composition(session_id=ana["session_id"])
    return Lecture(
        room.id, ana["session_id"], ana["participant_id"], bo["participant_id"], recordings[0], composition.id
    )


def test_a_room_lives_and_dies(telnyx: Telnyx) -> None:
    made = telnyx.create_room(unique_name="vb-1", max_participants=4, webhook_timeout_secs=None)
    assert telnyx.view_room(made.id) == made
    assert [room.id for room in telnyx.list_rooms(unique_name="vb-1", date_created_at=TODAY).items] == [
        made.id
    ]

    changed = telnyx.update_room(made.id, max_participants=5, webhook_timeout_secs=7)
    assert (changed.max_participants, changed.webhook_timeout_secs) == (5, 7)
    assert telnyx.update_room(made.id, webhook_timeout_secs=None).webhook_timeout_secs is None

    telnyx.delete_room(made.id)
    with pytest.raises(errors.NotFound):
        telnyx.view_room(made.id)


def test_a_name_that_is_taken_is_a_duplicate(telnyx: Telnyx) -> None:
    telnyx.create_room(unique_name="vb-1")
    with pytest.raises(errors.Refused) as caught:
        telnyx.create_room(unique_name="vb-1")
    assert caught.value.is_duplicate


def test_a_value_out_of_range_is_invalid_and_pointed_at(telnyx: Telnyx) -> None:
    with pytest.raises(errors.Invalid) as caught:
        telnyx.create_room(max_participants=51)
    assert caught.value.pointer == "/max_participants"


def test_tokens_open_the_room_and_can_be_renewed(telnyx: Telnyx, simulator: Simulator) -> None:
    room = telnyx.create_room()
    token = telnyx.generate_join_client_token(room.id, token_ttl_secs=60, refresh_token_ttl_secs=120)
    assert 0 < (token.token_expires_at - datetime.now(UTC)).total_seconds() <= 61
    renewed = telnyx.refresh_client_token(room.id, token.refresh_token, 90)
    assert renewed.token_expires_at > token.token_expires_at
    assert simulator.join(renewed.token.reveal(), "bo")["room_id"] == room.id


def test_a_session_and_its_participants_are_seen(telnyx: Telnyx, lecture: Lecture) -> None:
    session = telnyx.view_session(lecture.session, include_participants=True)
    assert session.active
    assert {person.context for person in session.participants or ()} == {"ana", "bo"}
    assert telnyx.view_session(lecture.session).participants is None
    assert telnyx.view_room(lecture.room).active_session_id == lecture.session
    (room,) = telnyx.each_room(include_sessions=True)
    assert [one.id for one in room.sessions or ()] == [lecture.session]

    for listed in (
        telnyx.each_session(room_id=lecture.room, active=True, date_created_at=TODAY),
        telnyx.each_room_session(lecture.room, active=True, date_updated_at=TODAY),
    ):
        assert [one.id for one in listed] == [lecture.session]
    assert telnyx.list_sessions(active=False).items == ()

    for people in (
        telnyx.each_participant(session_id=lecture.session, context="bo", date_joined_at=TODAY),
        telnyx.each_session_participant(lecture.session, context="bo", page_size=1),
    ):
        assert [person.id for person in people] == [lecture.bo]
    assert telnyx.view_participant(lecture.bo).joined_at is not None


def test_moderation_takes_effect(telnyx: Telnyx, simulator: Simulator, lecture: Lecture) -> None:
    assert telnyx.mute(lecture.session, "all", exclude=[lecture.ana]) == "ok"
    wait_until(lambda: simulator.participant(lecture.bo)["muted"])
    assert not simulator.participant(lecture.ana)["muted"]
    telnyx.unmute(lecture.session, [lecture.bo])
    wait_until(lambda: not simulator.participant(lecture.bo)["muted"])
    telnyx.kick(lecture.session, [lecture.bo])
    wait_until(lambda: telnyx.view_participant(lecture.bo).left_at is not None)
    telnyx.end_session(lecture.session)
    wait_until(lambda: not telnyx.view_session(lecture.session).active)


def test_a_session_is_ended_only_once(telnyx: Telnyx, lecture: Lecture) -> None:
    telnyx.end_session(lecture.session)
    wait_until(lambda: not telnyx.view_session(lecture.session).active)
    with pytest.raises(errors.Refused) as caught:
        telnyx.end_session(lecture.session)
    assert caught.value.already_over


def test_recordings_are_found_and_deleted(telnyx: Telnyx, lecture: Lecture) -> None:
    recording = telnyx.view_recording(lecture.recording)
    assert (recording.room_id, recording.session_id) == (lecture.room, lecture.session)
    assert recording.download_url
    found = telnyx.each_recording(
        room_id=lecture.room, participant_id=lecture.ana, type="audio", status="completed", page_size=1
    )
    assert [one.id for one in found] == [lecture.recording]
    telnyx.delete_recording(lecture.recording)
    with pytest.raises(errors.NotFound):
        telnyx.delete_recording(lecture.recording)
    assert telnyx.delete_recordings(session_id=lecture.session) == 1
    assert telnyx.list_recordings().total_results == 0


def test_compositions_are_made_and_deleted(telnyx: Telnyx, lecture: Lecture) -> None:
    region = VideoRegion(height=720, width=1280, video_sources="*")
    made = telnyx.create_composition(session_id=lecture.session, video_layout={"stage": region})
    assert made.session_id == lecture.session
    assert telnyx.view_composition(made.id).video_layout is not None
    listed = telnyx.each_composition(session_id=lecture.session, date_created_at=TODAY)
    assert {composition.id for composition in listed} == {made.id, lecture.composition}
    telnyx.delete_composition(made.id)
    with pytest.raises(errors.NotFound):
        telnyx.view_composition(made.id)


def test_another_accounts_key_finds_nothing(telnyx: Telnyx, simulator: Simulator, lecture: Lecture) -> None:
    with closing(Transport()) as transport:
        globex = Telnyx(simulator.api_base, Secret(simulator.new_account()["api_key"]), transport)
        with pytest.raises(errors.NotFound):
            globex.view_room(lecture.room)
        unknown = Telnyx(simulator.api_base, Secret("KEYunknown"), transport)
        with pytest.raises(errors.Unauthorised):
            unknown.list_rooms()


def test_the_clocks_agree(telnyx: Telnyx) -> None:
    offset_secs = telnyx.clock_offset_secs()
    assert offset_secs is not None
    assert abs(offset_secs) < 2


CALLS: dict[str, Callable[[Telnyx, Lecture], object]] = {
    "create_room": lambda t, _: t.create_room(unique_name="vb-new"),
    "list_rooms": lambda t, _: t.list_rooms(),
    "view_room": lambda t, it: t.view_room(it.room),
    "update_room": lambda t, it: t.update_room(it.room, max_participants=9),
    "delete_room": lambda t, it: t.delete_room(it.room),
    "list_room_sessions": lambda t, it: t.list_room_sessions(it.room),
    "generate_join_client_token": lambda t, it: t.generate_join_client_token(it.room),
    "refresh_client_token": lambda t, it: t.refresh_client_token(it.room, Secret("eyJ.refresh.token")),
    "list_sessions": lambda t, _: t.list_sessions(),
    "view_session": lambda t, it: t.view_session(it.session),
    "end_session": lambda t, it: t.end_session(it.session),
    "kick": lambda t, it: t.kick(it.session, "all"),
    "mute": lambda t, it: t.mute(it.session, "all"),
    "unmute": lambda t, it: t.unmute(it.session, "all"),
    "list_session_participants": lambda t, it: t.list_session_participants(it.session),
    "list_participants": lambda t, _: t.list_participants(),
    "view_participant": lambda t, it: t.view_participant(it.bo),
    "list_recordings": lambda t, _: t.list_recordings(),
    "view_recording": lambda t, it: t.view_recording(it.recording),
    "delete_recording": lambda t, it: t.delete_recording(it.recording),
    "delete_recordings": lambda t, it: t.delete_recordings(room_id=it.room),
    "list_compositions": lambda t, _: t.list_compositions(),
    "create_composition": lambda t, it: t.create_composition(session_id=it.session),
    "view_composition": lambda t, it: t.view_composition(it.composition),
    "delete_composition": lambda t, it: t.delete_composition(it.composition),
}
FAULTS: list[tuple[str, dict[str, Any], type[errors.TelnyxError]]] = [
    ("latency", {"secs": 30}, errors.TimedOut),
    ("hold", {}, errors.TimedOut),
    ("timeout", {"secs": 30}, errors.TimedOut),
    ("status", {"status": 401}, errors.Unauthorised),
    ("status", {"status": 403, "shape": "bare"}, errors.Forbidden),
    ("status", {"status": 404, "shape": "message"}, errors.NotFound),
    ("status", {"status": 409}, errors.Conflict),
    ("status", {"status": 422}, errors.Invalid),
    ("status", {"status": 500}, errors.ServerFailed),
    ("status", {"status": 503}, errors.ServerFailed),
    ("rate_limit", {"reset": "3"}, errors.RateLimited),
    ("rate_limit", {"reset": "-1"}, errors.RateLimited),
    ("rate_limit", {"reset": None}, errors.RateLimited),
    ("reset", {}, errors.ConnectionLost),
    ("close", {}, errors.ConnectionLost),
    ("malformed", {}, errors.GarbledAnswer),
    ("malformed", {"body": '{"data": 5}', "content_type": "application/json"}, errors.GarbledAnswer),
    ("empty", {"status": 200}, errors.GarbledAnswer),
    ("redirect", {"location": "/v2/rooms"}, errors.GarbledAnswer),
    ("gzip_bomb", {"bytes": 50_000_000, "where": "before"}, errors.GarbledAnswer),
    ("huge", {"bytes": 300_000_000, "where": "before"}, errors.GarbledAnswer),
    ("lost_answer", {"how": "reset"}, errors.ConnectionLost),
    ("lost_answer", {"how": "close"}, errors.ConnectionLost),
    ("lost_answer", {"how": "timeout"}, errors.TimedOut),
    ("lost_answer", {"how": "status", "status": 502}, errors.ServerFailed),
]


@pytest.mark.parametrize(("kind", "parameters", "expected"), FAULTS)
def test_each_fault_ends_in_time_with_its_error(
    kind: str,
    parameters: dict[str, Any],
    expected: type[errors.TelnyxError],
    telnyx: Telnyx,
    simulator: Simulator,
    lecture: Lecture,
) -> None:
    fault = simulator.fault(kind, **parameters)
    started = time.monotonic()
    with pytest.raises(errors.TelnyxError) as caught:
        telnyx.create_room(unique_name="vb-new", timeout_secs=0.3 if expected is errors.TimedOut else None)
    assert type(caught.value) is expected
    assert time.monotonic() - started < TIMEOUT_SECS + 0.5
    assert simulator.see_fault(fault)["fired"] == 1, "nothing is ever sent twice"


def test_there_is_a_call_for_each_operation() -> None:
    assert len(CALLS) == 25


@pytest.mark.parametrize("name", CALLS)
def test_every_operation_has_the_same_errors(
    name: str, telnyx: Telnyx, simulator: Simulator, lecture: Lecture
) -> None:
    """With faults that strike before anything is done, so that one lecture will do for all of them."""
    for kind, parameters, expected in FAULTS:
        if kind != "lost_answer" and expected is not errors.TimedOut:
            simulator.clear_faults()
            simulator.fault(kind, **parameters)
            with pytest.raises(errors.TelnyxError) as caught:
                CALLS[name](telnyx, lecture)
            assert (caught.value.operation, type(caught.value)) == (name, expected)


LASTING = [name for name in CALLS if not name.startswith(("delete", "refresh", "end", "kick"))]


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [("truncate", {}), ("truncate_json", {}), ("drip", {"bytes_per_sec": 20})],
)
def test_half_an_answer_is_no_answer(
    kind: str, parameters: dict[str, Any], simulator: Simulator, lecture: Lecture
) -> None:
    with closing(Transport()) as transport:
        hasty = Telnyx(simulator.api_base, Secret(simulator.api_key), transport, timeout_secs=0.1)
        for name in LASTING:
            simulator.fault(kind, times=1, **parameters)
            with pytest.raises(errors.OutcomeUnknown) as caught:
                CALLS[name](hasty, lecture)
            assert caught.value.operation == name


def test_a_create_whose_answer_is_lost_is_found_again(telnyx: Telnyx, simulator: Simulator) -> None:
    simulator.fault("lost_answer", "create_room", how="reset", times=1)
    with pytest.raises(errors.OutcomeUnknown):
        telnyx.create_room(unique_name="vb-lost")
    (found,) = telnyx.list_rooms(unique_name="vb-lost").items
    assert found.unique_name == "vb-lost"


def test_another_accounts_thing_is_not_accepted(
    telnyx: Telnyx, simulator: Simulator, lecture: Lecture
) -> None:
    simulator.create_room(key=simulator.new_account()["api_key"])
    simulator.fault("swap_id", "view_room")
    with pytest.raises(errors.GarbledAnswer, match=r"data\.id is not the one asked for"):
        telnyx.view_room(lecture.room)
