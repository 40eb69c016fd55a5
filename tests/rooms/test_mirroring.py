"""Merging facts: the earliest time stands, whatever comes in whatever order, and news is told once."""

import uuid
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from rooms import mirroring
from rooms.models import Participant, Room, Session
from tests.asking import Json
from tests.rooms.orders import row

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SESSION, PERSON = uuid.uuid4(), uuid.uuid4()


def at(secs: int) -> datetime:
    return NOON + timedelta(seconds=secs)


@pytest.fixture
def room(demo_room: Json) -> Room:
    return row(demo_room)


def facts(room: Room) -> dict[str, object]:
    """What Telnyx may tell of one visit, each as a call."""
    return {
        "started": lambda: mirroring.session_started(room, SESSION, at(0)),
        "joined": lambda: mirroring.participant_joined(room, SESSION, PERSON, at(1), "context"),
        "left": lambda: mirroring.participant_left(room, SESSION, PERSON, at(5), "context", "kicked"),
        "ended": lambda: mirroring.session_ended(room, SESSION, at(6), "empty"),
    }


def shown() -> tuple[object, ...]:
    session = Session.objects.get()
    person = Participant.objects.get()
    return (
        session.started_at, session.ended_at, session.ended_reason,
        person.joined_at, person.left_at, person.left_reason, person.context,
    )  # fmt: skip


def test_any_order_with_repeats_gives_the_same_rows_and_tells_each_fact_once(room: Room) -> None:
    for order in permutations(facts(room)):
        told: list[str] = []
        for name in (*order, *order):
            told += facts(room)[name]().news
        assert shown() == (at(0), at(6), "empty", at(1), at(5), "kicked", "context"), order
        assert sorted(told) == [
            "participant.joined",
            "participant.left",
            "session.ended",
            "session.started",
        ], order
        Session.objects.all().delete()


@pytest.mark.parametrize("times", [(5, 3), (3, 5), (3, 3)])
def test_the_earliest_time_that_was_told_stands(room: Room, times: tuple[int, int]) -> None:
    for secs in times:
        mirroring.session_started(room, SESSION, at(secs))
        mirroring.participant_joined(room, SESSION, PERSON, at(secs), None)
        mirroring.participant_left(room, SESSION, PERSON, at(secs + 10), None)
        mirroring.session_ended(room, SESSION, at(secs + 20))
    assert shown() == (at(3), at(23), "", at(3), at(13), "", None)


def test_of_two_contexts_the_same_one_stands_in_either_order(room: Room) -> None:
    for contexts in (("a", "b", None), (None, "b", "a"), ("b", None, "a")):
        for context in contexts:
            mirroring.participant_joined(room, SESSION, PERSON, at(0), context)
        assert Participant.objects.get().context == "a"
        Session.objects.all().delete()


def test_a_session_of_another_room_is_not_believed(room: Room, acme: object) -> None:
    mirroring.session_started(room, SESSION, at(0))
    other = Room.objects.create(tenant=room.tenant, account=room.account)
    for tell in (
        lambda: mirroring.session_ended(other, SESSION, at(1)),
        lambda: mirroring.participant_joined(other, SESSION, PERSON, at(1), None),
        lambda: mirroring.participant_left(other, SESSION, PERSON, at(1), None),
    ):
        with pytest.raises(mirroring.ForeignSession):
            tell()
    assert Session.objects.get().is_live
    assert not Participant.objects.exists()


def test_nobody_is_present_in_a_session_that_is_over(room: Room) -> None:
    mirroring.participant_joined(room, SESSION, PERSON, at(0), None)
    assert Participant.objects.present().count() == 1
    mirroring.session_ended(room, SESSION, at(5))
    assert Participant.objects.present().count() == 0
    assert Participant.objects.select_related("session").get().gone_at == at(5)


@pytest.mark.parametrize("text", ["x" * 100_000, "a\x00b", "\ud7ff", ""])
def test_whatever_somebody_calls_themselves_is_kept_within_bounds(room: Room, text: str) -> None:
    mirroring.participant_joined(room, SESSION, PERSON, at(0), text)
    mirroring.participant_left(room, SESSION, PERSON, at(1), text, "because " * 100)
    person = Participant.objects.get()
    assert person.context == text[:4096].replace("\x00", "")
    assert len(person.left_reason) <= mirroring.MAX_REASON_CHARS
