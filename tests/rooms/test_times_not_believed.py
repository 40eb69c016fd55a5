"""Times that cannot be, as broken programs tell them (the year 1, 1970, the end of all times): nothing expires early of
them, and nothing stands still."""

from datetime import timedelta

import pytest
from django.utils import timezone

from rooms.models import Deletion, Recording, Session
from tests.cast import Company
from tests.rooms.ageing import purge
from tests.rooms.films import Studio
from tests.rooms.test_reconciling import check

LIST = "list_room_recordings"
VIEW = "view_room_recording"
NO_TIMES = ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]


def days_left(company: Company) -> list[float]:
    found = company.back_end.get("/v2/room_recordings").data
    rows = Recording.objects.in_bulk([each["id"] for each in found])
    return [(row.expires_at - timezone.now()) / timedelta(days=1) for row in rows.values() if row.expires_at]


@pytest.mark.parametrize("when", NO_TIMES)
@pytest.mark.parametrize("field", ["completed_at", "ended_at", "started_at"])
def test_a_film_that_was_complete_at_no_time_is_kept_from_now(
    acme: Company, studio: Studio, when: str, field: str
) -> None:
    studio.completes(studio.starts("bo"))
    studio.simulator.fault("mutate", LIST, field=f"data.0.{field}", value=when)
    studio.gathering.asks()
    assert days_left(acme) == [pytest.approx(30, abs=0.1)]
    purge(timezone.now())
    assert not Deletion.objects.exists()


@pytest.mark.parametrize("when", NO_TIMES)
def test_nor_does_a_webhook_make_it_expire_early(acme: Company, studio: Studio, when: str) -> None:
    film = studio.filming("bo")
    studio.completes(str(film.telnyx_id))
    news = [event for event in studio.gathering.told() if event["event_type"].endswith("recording.completed")]
    studio.gathering.post.deliver([{**event, "occurred_at": when} for event in news])
    assert days_left(acme) == [pytest.approx(30, abs=0.1)]


@pytest.mark.parametrize("when", NO_TIMES)
def test_a_session_that_ended_at_no_time_ends_no_film_early(acme: Company, studio: Studio, when: str) -> None:
    film = studio.filming("bo")
    Session.objects.update(ended_at=when, confirmed_at=timezone.now())
    check(acme)
    film.refresh_from_db()
    assert film.expires_at is None or film.expires_at > timezone.now() + timedelta(days=29)
