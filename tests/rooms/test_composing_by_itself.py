"""Rooms that are set so have a film made of each recorded session, once, when it has ended."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rooms import autocomposing
from rooms.autocomposing import LOOKED_BACK, WAITED_FOR
from rooms.models import Composition, Recording, Room, Session
from tests.cast import Company
from tests.rooms.carriers import threads
from tests.rooms.compositions import path
from tests.rooms.films import Studio
from tests.rooms.orders import settle
from tests.scenes import remembered
from tests.simulated import Simulator
from videobroker.tenants.models import AuditEntry


@pytest.fixture
@remembered
def studio(acme: Company, simulator: Simulator) -> Studio:
    """A studio whose sessions become films by themselves."""
    return Studio.of(acme, simulator, auto_compose=True)


def composed(**later: Any) -> int:
    return autocomposing.compose_ended(timezone.now() + timedelta(**later))


def test_a_recorded_session_becomes_a_film_when_it_has_ended(studio: Studio) -> None:
    studio.recorded("bo")
    assert composed() == 0
    studio.over()
    assert composed() == 1
    film = Composition.objects.get()
    assert (film.is_automatic, film.session) == (True, studio.gathering.session)
    settle()
    assert len(studio.simulator.effects("composition.created")) == 1
    entry = AuditEntry.objects.get(action="composition.ordered")
    assert (entry.actor_kind, entry.tenant) == ("system", studio.gathering.company.row)
    shown = studio.gathering.company.back_end.get(path(film)).data
    assert shown["is_automatic"] is True


def test_there_is_one_however_often_it_is_looked_and_none_after_it_was_deleted(
    studio: Studio, acme: Company
) -> None:
    studio.recorded("bo")
    studio.over()
    assert [composed(), composed()] == [1, 0]
    assert acme.back_end.delete(path(Composition.objects.get())).status == 204
    assert composed() == 0
    assert Composition.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_there_is_one_however_many_look_at_once(studio: Studio) -> None:
    studio.recorded("bo")
    studio.over()
    with threads(6) as submit:
        looking = [submit(composed) for _ in range(6)]
        found = [each.result(30) for each in looking]
    assert sorted(found) == [0, 0, 0, 0, 0, 1]
    assert Composition.objects.count() == 1


def test_what_somebody_ordered_is_no_reason_not_to(studio: Studio, acme: Company) -> None:
    studio.recorded("bo")
    session = {"session_id": str(studio.gathering.session.pk)}
    assert acme.back_end.post("/v2/room_compositions", session).status == 202
    studio.over()
    assert composed() == 1


def test_it_waits_for_videos_that_are_not_complete_but_not_for_ever(studio: Studio) -> None:
    studio.recorded("bo")
    late = studio.recorded("ana")
    studio.over()
    Recording.objects.filter(pk=late.pk).update(completed_at=None)
    assert composed() == 0
    ended_at = studio.gathering.session.ended_at
    assert ended_at is not None
    assert autocomposing.compose_ended(ended_at + WAITED_FOR - timedelta(seconds=1)) == 0
    assert autocomposing.compose_ended(ended_at + WAITED_FOR) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda studio: Room.objects.update(auto_compose=False),
        lambda studio: Recording.objects.update(type="audio"),
        lambda studio: Recording.objects.update(state="deleting"),
        lambda studio: Session.objects.update(ended_at=timezone.now() - LOOKED_BACK - timedelta(minutes=1)),
        lambda studio: studio.gathering.company.change(status="suspended"),
    ],
    ids=["not set so", "no video", "being deleted", "long ago", "suspended"],
)
def test_other_sessions_do_not(studio: Studio, spoil: Any) -> None:
    studio.recorded("bo")
    studio.over()
    spoil(studio)
    assert composed() == 0
    assert not Composition.objects.exists()


def test_a_session_without_recordings_does_not(studio: Studio) -> None:
    studio.over()
    assert composed() == 0
