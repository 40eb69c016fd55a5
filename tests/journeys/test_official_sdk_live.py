"""Telnyx's own Python SDK, at its strictest, on sessions and participants: only host and key are others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telnyx import NotFoundError, Telnyx, UnprocessableEntityError

from tests.asking import Json
from tests.cast import Company
from tests.journeys.test_official_sdk import given, sdk_of
from tests.rooms.gatherings import Gathering
from tests.rooms.orders import settle
from tests.simulated import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sdk(acme: Company, live_server: Any) -> Iterator[Telnyx]:
    with sdk_of(acme, live_server) as client:
        yield client


@pytest.fixture
def gathering(acme: Company, simulator: Simulator, demo_room: Json) -> Gathering:
    """Ana and bo are in."""
    made = Gathering.of(acme, simulator, demo_room)
    made.comes("ana")
    made.comes("bo")
    made.hear()
    return made


def present(gathering: Gathering) -> list[str]:
    return [str(each["id"]) for each in gathering.simulator.present(str(gathering.row.telnyx_id))]


def test_sessions_are_listed_viewed_and_filtered(sdk: Telnyx, gathering: Gathering) -> None:
    sessions = sdk.rooms.sessions
    session_id, room_id = str(gathering.session.pk), gathering.room["id"]
    everywhere = list(sessions.list_0(filter={"active": True, "room_id": room_id}, include_participants=True))
    in_room = list(sessions.list_1(room_id))
    viewed = given(sessions.retrieve(session_id, include_participants=True))
    assert [each.id for each in everywhere] == [each.id for each in in_room] == [session_id]
    assert in_room[0].participants is None
    assert (viewed.active, viewed.ended_at, viewed.room_id) == (True, None, room_id)
    assert {person.id for person in viewed.participants} == {
        person.id for person in sessions.retrieve_participants(session_id)
    }
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    assert list(sessions.list_0(filter={"active": False})) == []
    assert list(sessions.list_0(filter={"date_created_at": {"gte": tomorrow}})) == []


def test_participants_are_listed_viewed_and_filtered(sdk: Telnyx, gathering: Gathering) -> None:
    people = list(sdk.room_participants.list(page_size=1))
    assert len(people) == 2
    viewed = given(sdk.room_participants.retrieve(people[0].id))
    assert viewed == people[0]
    assert viewed.session_id == str(gathering.session.pk)
    assert viewed.left_at is None
    assert viewed.context
    found = sdk.room_participants.list(filter={"context": viewed.context, "session_id": viewed.session_id})
    assert [each.id for each in found] == [viewed.id]


def test_people_are_muted_unmuted_and_kicked_and_the_session_ended(sdk: Telnyx, gathering: Gathering) -> None:
    actions, session_id = sdk.rooms.sessions.actions, str(gathering.session.pk)
    anas, bos = (str(person.pk) for person in gathering.session.participants.order_by("identity"))
    told = [given(actions.mute(session_id, participants="all", exclude=[anas]))]
    settle()
    assert [each["muted"] for each in sorted_by_identity(gathering)] == [False, True]
    told.append(given(actions.unmute(session_id, participants=[bos])))
    settle()
    assert [each["muted"] for each in sorted_by_identity(gathering)] == [False, False]
    told.append(given(actions.kick(session_id, participants=[bos])))
    settle()
    assert len(present(gathering)) == 1
    told.append(given(actions.end(session_id)))
    settle()
    assert present(gathering) == []
    assert [each.result for each in told] == ["ok"] * 4


def sorted_by_identity(gathering: Gathering) -> list[Json]:
    people = gathering.session.participants.order_by("identity")
    return [gathering.simulator.participant(str(person.telnyx_id)) for person in people]


def test_nobody_reaches_another_tenants_sessions(
    gathering: Gathering, globex: Company, live_server: Any
) -> None:
    session_id = str(gathering.session.pk)
    person_id = str(gathering.session.participants.first().pk)
    with sdk_of(globex, live_server) as theirs:
        assert list(theirs.rooms.sessions.list_0()) == list(theirs.room_participants.list()) == []
        for reach in (
            lambda: theirs.rooms.sessions.retrieve(session_id),
            lambda: theirs.rooms.sessions.actions.end(session_id),
            lambda: theirs.rooms.sessions.actions.kick(session_id, participants="all"),
            lambda: theirs.room_participants.retrieve(person_id),
            lambda: list(theirs.rooms.sessions.retrieve_participants(session_id)),
        ):
            with pytest.raises(NotFoundError):
                reach()
    settle()
    assert len(present(gathering)) == 2


def test_a_list_of_nobody_is_pointed_at(sdk: Telnyx, gathering: Gathering) -> None:
    with pytest.raises(UnprocessableEntityError) as refused:
        sdk.rooms.sessions.actions.mute(str(gathering.session.pk), participants=["not an id"])
    assert refused.value.body["errors"][0]["source"] == {"pointer": "/participants/0"}
