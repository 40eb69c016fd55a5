"""How long recordings are kept: as the tenant says, or the room, or until a time of their own."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from rooms import footage, retaining
from rooms.models import Recording, Room
from tests.asking import Answer, Asker
from tests.cast import Company
from tests.rooms.ageing import purge, stocked
from tests.rooms.films import Studio, row, studio
from tests.tokens.passing import Time
from videobroker.tenants.models import AuditEntry

__all__ = ["studio"]


def expiry(company: Company, film: Recording) -> datetime:
    shown = company.back_end.get(f"/v2/room_recordings/{film.pk}").data["expires_at"]
    return datetime.fromisoformat(shown)


def after(film: Recording, days: float) -> datetime:
    assert film.completed_at is not None
    return film.completed_at + timedelta(days=days)


def retain(asker: Asker, film: Recording, until: datetime | None) -> Answer:
    body = {"retain_until": until.isoformat() if until else None}
    return asker.patch(f"/v2/room_recordings/{film.pk}", body)


def keep_room(company: Company, studio: Studio, days: int | None) -> None:
    answer = company.back_end.patch(f"/v2/rooms/{studio.room['id']}", {"recording_retention_days": days})
    assert answer.status == 200, answer


def about(moment: datetime) -> tuple[datetime, datetime]:
    return moment - timedelta(minutes=1), moment + timedelta(minutes=1)


def is_about(found: datetime, moment: datetime) -> bool:
    start, end = about(moment)
    return start < found < end


def test_the_tenants_retention_holds_where_nothing_else_is_said(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    assert is_about(expiry(acme, film), after(film, 30))


def test_a_film_that_is_not_complete_has_no_end_yet(acme: Company, studio: Studio) -> None:
    film = studio.filming("bo")
    assert acme.back_end.get(f"/v2/room_recordings/{film.pk}").data["expires_at"] is None


def test_a_rooms_retention_goes_before_the_tenants(acme: Company, studio: Studio) -> None:
    keep_room(acme, studio, 7)
    film = studio.recorded("bo")
    assert is_about(expiry(acme, film), after(film, 7))


@pytest.mark.parametrize("whose", ["tenant", "room"])
def test_a_film_is_kept_for_a_day_even_if_it_were_to_be_kept_for_none(
    acme: Company, studio: Studio, whose: str
) -> None:
    """No form or request lets a retention be of no days; somebody wrote it into the database."""
    if whose == "tenant":
        acme.change(recording_retention_days=0)
    else:
        Room.objects.filter(pk=studio.room["id"]).update(recording_retention_days=0)
    film = studio.recorded("bo")
    assert expiry(acme, film) >= after(film, 1)
    retaining.follow_tenants(timezone.now())
    assert expiry(acme, film) >= after(film, 1)


def test_a_longer_retention_holds_at_once_and_without_one_the_tenants_holds_again(
    acme: Company, studio: Studio
) -> None:
    film = studio.recorded("bo")
    keep_room(acme, studio, 90)
    assert is_about(expiry(acme, film), after(film, 90))
    keep_room(acme, studio, None)
    assert is_about(expiry(acme, film), after(film, 30))


def test_a_shorter_retention_deletes_nothing_for_a_day(acme: Company, studio: Studio, time: Time) -> None:
    film = studio.recorded("bo")
    time.passes(timedelta(days=10).total_seconds())
    keep_room(acme, studio, 1)
    assert is_about(expiry(acme, film), datetime.now(UTC) + timedelta(days=1))
    keep_room(acme, studio, 30)
    assert is_about(expiry(acme, film), after(film, 30))


def test_a_tenants_shorter_retention_deletes_nothing_for_a_day_either(
    acme: Company, studio: Studio, time: Time
) -> None:
    film = studio.recorded("bo")
    retaining.follow_tenants(timezone.now())
    time.passes(timedelta(days=10).total_seconds())
    acme.change(recording_retention_days=2)
    retaining.follow_tenants(timezone.now())
    assert is_about(expiry(acme, film), datetime.now(UTC) + timedelta(days=1))


def test_a_tenants_change_reaches_every_one_of_very_many(acme: Company, studio: Studio) -> None:
    films = stocked(studio, retaining.MOVED_AT_ONCE + 5, days_ago=3)
    acme.change(recording_retention_days=90)
    retaining.follow_tenants(timezone.now())
    ends = set(Recording.objects.values_list("expires_at", flat=True))
    assert len(films) == Recording.objects.count()
    assert all(is_about(end, after(films[0], 90)) for end in ends)


def test_a_recording_has_a_time_of_its_own(acme: Company, studio: Studio) -> None:
    film, until = studio.recorded("bo"), datetime(2040, 1, 1, tzinfo=UTC)
    kept = retain(acme.back_end, film, until)
    assert kept.status == 200
    assert datetime.fromisoformat(kept.data["retain_until"]) == until
    assert datetime.fromisoformat(kept.data["expires_at"]) == until
    keep_room(acme, studio, 7)
    assert expiry(acme, film) == until
    assert AuditEntry.objects.get(action="recording.retained").details == {"until": until.isoformat()}


def test_without_its_own_time_the_rooms_retention_holds_again(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    retain(acme.back_end, film, datetime(2040, 1, 1, tzinfo=UTC))
    released = retain(acme.back_end, film, None)
    assert (released.status, released.data["retain_until"]) == (200, None)
    assert is_about(expiry(acme, film), after(film, 30))


def test_no_recording_expires_within_a_day(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    refused = retain(acme.back_end, film, datetime.now(UTC) + timedelta(hours=23))
    assert (refused.refusal, refused.error["source"]) == ((422, "invalid"), {"pointer": "/retain_until"})
    assert retain(acme.back_end, film, datetime.now(UTC) + timedelta(hours=25)).status == 200


def completed_long_ago(film: Recording, days: float) -> Recording:
    """We hear only now that it was complete so long ago; its room is older still."""
    Room.objects.filter(pk=film.room_id).update(created_at=timezone.now() - timedelta(days=days + 9))
    at = timezone.now() - timedelta(days=days)
    footage.recording_asked(row(str(film.telnyx_id)), footage.Facts(status="completed", completed_at=at))
    return row(str(film.telnyx_id))


def test_what_is_heard_of_late_is_kept_for_another_day(acme: Company, studio: Studio) -> None:
    acme.change(recording_retention_days=1)
    film = completed_long_ago(studio.filming("bo"), 2)
    assert is_about(expiry(acme, film), timezone.now() + timedelta(days=1))


def test_what_was_complete_earlier_than_we_knew_is_kept_for_another_day(
    acme: Company, studio: Studio
) -> None:
    acme.change(recording_retention_days=2)
    film = studio.recorded("bo")
    assert is_about(expiry(acme, film), timezone.now() + timedelta(days=2))
    film = completed_long_ago(film, 5)
    assert is_about(expiry(acme, film), timezone.now() + timedelta(days=1))


def test_a_retention_that_was_shortened_before_it_was_complete_leaves_a_day(
    acme: Company, studio: Studio
) -> None:
    film = studio.filming("bo")
    retaining.follow_tenants(timezone.now())
    acme.change(recording_retention_days=1)
    retaining.follow_tenants(timezone.now())
    film = completed_long_ago(film, 2)
    purge()
    assert row(str(film.telnyx_id)).state == "kept"


def test_a_clock_that_is_behind_ends_nothing_early(acme: Company, studio: Studio) -> None:
    acme.change(recording_retention_days=1)
    film, now = studio.filming("bo"), timezone.now()
    with time_machine.travel(now - timedelta(days=3), tick=True):
        footage.recording_asked(film, footage.Facts(status="completed", ended_at=now, completed_at=now))
    assert is_about(expiry(acme, film), now + timedelta(days=1))


def test_a_time_has_to_be_said(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    assert acme.back_end.patch(f"/v2/room_recordings/{film.pk}", {}).refusal == (422, "required")


def test_moderators_do_not_say_how_long_it_is_kept(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    until = datetime(2040, 1, 1, tzinfo=UTC)
    assert retain(acme.person("ana"), film, until).refusal == (403, "back_end_only")
    assert acme.back_end.get(f"/v2/room_recordings/{film.pk}").data["retain_until"] is None


def test_another_tenants_recording_is_not_found(acme: Company, globex: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    until = datetime(2040, 1, 1, tzinfo=UTC)
    assert retain(globex.back_end, film, until).refusal == (404, "not_found")


def test_another_tenants_retention_moves_nothing_here(acme: Company, globex: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    retaining.follow_tenants(timezone.now())
    globex.change(recording_retention_days=300)
    retaining.follow_tenants(timezone.now())
    assert is_about(expiry(acme, film), after(film, 30))
