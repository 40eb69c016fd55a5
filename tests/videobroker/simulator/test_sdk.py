"""The official Python SDK of Telnyx speaks to the simulator, with its strictest reading of answers."""

from collections.abc import Iterator

import pytest
from telnyx import NotFoundError, Telnyx, UnprocessableEntityError

from tests.simulated import Simulator
from tests.videobroker.simulator.worlds import World


@pytest.fixture
def sdk(simulator: Simulator) -> Iterator[Telnyx]:
    with Telnyx(
        base_url=simulator.api_base,
        api_key=simulator.api_key,
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


def test_rooms_are_made_listed_viewed_updated_and_deleted(sdk: Telnyx) -> None:
    room = sdk.rooms.create(unique_name="standup", max_participants=4).data
    assert room is not None
    assert room.id is not None

    listed = list(sdk.rooms.list(filter={"unique_name": "standup"}, include_sessions=True))
    viewed = sdk.rooms.retrieve(room.id).data
    updated = sdk.rooms.update(room.id, max_participants=5).data
    sdk.rooms.delete(room.id)

    assert [found.id for found in listed] == [room.id]
    assert listed[0].sessions == []
    assert viewed is not None
    assert viewed.created_at == room.created_at
    assert updated is not None
    assert updated.max_participants == 5
    with pytest.raises(NotFoundError):
        sdk.rooms.retrieve(room.id)


def test_tokens_are_minted_and_refreshed(sdk: Telnyx, world: World) -> None:
    minted = sdk.rooms.actions.generate_join_client_token(world.room_id, token_ttl_secs=60).data
    assert minted is not None
    assert minted.refresh_token is not None

    refreshed = sdk.rooms.actions.refresh_client_token(
        world.room_id, refresh_token=minted.refresh_token, token_ttl_secs=90
    ).data

    assert refreshed is not None
    assert refreshed.token is not None
    assert refreshed.token_expires_at is not None
    assert minted.token_expires_at is not None
    assert refreshed.token_expires_at > minted.token_expires_at
    assert world.simulator.join(refreshed.token)["room_id"] == world.room_id


def test_sessions_are_listed_viewed_moderated_and_ended(sdk: Telnyx, world: World) -> None:
    sessions = sdk.rooms.sessions
    everywhere = list(sessions.list_0(filter={"active": True}, include_participants=True))
    in_room = list(sessions.list_1(world.room_id))
    viewed = sessions.retrieve(world.session_id, include_participants=True).data
    people = list(sessions.retrieve_participants(world.session_id))
    results = [
        sessions.actions.mute(world.session_id, participants="all"),
        sessions.actions.unmute(world.session_id, participants=[world.ana]),
        sessions.actions.kick(world.session_id, participants="all", exclude=[world.ana]),
        sessions.actions.end(world.session_id),
    ]

    assert [session.id for session in everywhere] == [session.id for session in in_room] == [world.session_id]
    assert viewed is not None
    assert {person.context for person in viewed.participants or []} == {"ana", "bo"}
    assert {person.id for person in people} == {world.ana, world.bo}
    assert [result.data.result for result in results if result.data] == ["ok"] * 4


def test_participants_are_listed_and_viewed(sdk: Telnyx, world: World) -> None:
    listed = list(sdk.room_participants.list(filter={"context": "bo"}))
    viewed = sdk.room_participants.retrieve(world.ana).data

    assert [person.id for person in listed] == [world.bo]
    assert viewed is not None
    assert viewed.context == "ana"


def test_recordings_are_listed_viewed_and_deleted(sdk: Telnyx, world: World) -> None:
    listed = list(sdk.room_recordings.list(filter={"participant_id": world.ana, "duration_secs": 84}))
    viewed = sdk.room_recordings.retrieve(world.recording_id).data
    sdk.room_recordings.delete(world.recording_id)
    bulk = sdk.room_recordings.delete_bulk(filter={"room_id": world.room_id}).data

    assert [recording.id for recording in listed] == [world.recording_id]
    assert viewed is not None
    assert viewed.duration_secs == 84
    assert bulk is not None
    assert bulk.room_recordings == 0


def test_compositions_are_made_listed_viewed_and_deleted(sdk: Telnyx, world: World) -> None:
    layout = {"grid": {"height": 360, "width": 480, "video_sources": [world.recording_id]}}
    made = sdk.room_compositions.create(
        session_id=world.session_id, resolution="800x600", video_layout=layout
    ).data
    assert made is not None
    assert made.id is not None
    listed = list(sdk.room_compositions.list(filter={"session_id": world.session_id}))
    viewed = sdk.room_compositions.retrieve(made.id).data
    sdk.room_compositions.delete(made.id)

    assert made.id in {composition.id for composition in listed}
    assert viewed is not None
    assert viewed.video_layout is not None
    assert viewed.video_layout["grid"].z_pos == 0
    with pytest.raises(NotFoundError):
        sdk.room_compositions.retrieve(made.id)


def test_the_sdk_walks_through_all_pages(sdk: Telnyx, simulator: Simulator) -> None:
    made = {simulator.create_room()["id"] for _ in range(5)}

    assert {room.id for room in sdk.rooms.list(page_size=2)} == made


def test_the_sdk_reads_a_refusal(sdk: Telnyx) -> None:
    with pytest.raises(UnprocessableEntityError) as refused:
        sdk.rooms.create(max_participants=51)

    assert refused.value.body == {
        "errors": [
            {
                "code": "10033",
                "title": "Out of range",
                "detail": "max_participants must be from 2 to 50.",
                "source": {"pointer": "/max_participants"},
            }
        ]
    }
