"""`updated_at` of what is mirrored: since when it is as it is shown, however it came to be so."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from rooms.models import Participant, Recording, Session
from tests.cast import Company
from tests.rooms.films import Studio, studio

__all__ = ["studio"]

Read = Callable[[str], list[Any]]


def changed_today(company: Company) -> Read:
    today = timezone.now().date().isoformat()
    query = {"filter[date_updated_at][gte]": today}
    return lambda path: [each["id"] for each in company.back_end.get(path, query).data]


def days_pass() -> None:
    """What is there was last changed three days ago."""
    for model in (Session, Participant, Recording):
        model._default_manager.update(updated_at=F("updated_at") - timedelta(days=3))


def test_a_session_and_its_people_have_changed_when_it_ends(acme: Company, studio: Studio) -> None:
    ana = studio.person("ana")
    read = changed_today(acme)
    days_pass()
    assert read("/v2/room_sessions") == read("/v2/room_participants") == []
    studio.gathering.leaves(str(ana.telnyx_id))
    studio.gathering.hear()
    assert read("/v2/room_participants") == [str(ana.pk)]
    assert read("/v2/room_sessions") == []
    studio.over()
    assert read("/v2/room_sessions") == [str(studio.gathering.session.pk)]


def test_somebody_has_changed_when_it_is_known_who_they_are(acme: Company, studio: Studio) -> None:
    ana = studio.person("ana")
    Participant.objects.filter(pk=ana.pk).update(attribution="pending", identity=None, role="")
    read = changed_today(acme)
    days_pass()
    studio.gathering.asks()
    assert read("/v2/room_participants") == [str(ana.pk)]


def test_a_recording_has_changed_when_it_is_kept_for_longer(acme: Company, studio: Studio) -> None:
    film = studio.recorded("ana")
    days_pass()
    until = (timezone.now() + timedelta(days=400)).isoformat()
    kept = acme.back_end.patch(f"/v2/room_recordings/{film.pk}", {"retain_until": until}).data
    assert datetime.fromisoformat(kept["updated_at"]) > timezone.now() - timedelta(days=1)


def test_a_recording_that_is_complete_has_ended_though_telnyx_has_not_said_when(
    acme: Company, studio: Studio
) -> None:
    film = studio.recorded("ana")
    yesterday = (timezone.now() - timedelta(days=1)).date().isoformat()
    (found,) = acme.back_end.get("/v2/room_recordings", {"filter[date_ended_at][gte]": yesterday}).data
    assert (found["id"], found["ended_at"]) == (str(film.pk), found["completed_at"])
    studio.gathering.asks()
    film.refresh_from_db()
    [telnyx] = [each for each in studio.simulator.state()["recordings"] if each["id"] == str(film.telnyx_id)]
    assert film.ended_at == datetime.fromisoformat(telnyx["ended_at"])
