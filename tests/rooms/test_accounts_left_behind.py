"""A tenant that is given another account leaves its rooms in the one before. That one is looked after until they have
gone, and what was recorded there with them."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from rooms import lingering, rounds
from rooms.models import AccountCheck, Room, Session
from tests.cast import Company
from tests.rooms.ageing import carry_out_once
from tests.rooms.films import Studio, row
from tests.rooms.orders import settle
from tests.rooms.test_erasing import IDENTITY, carry_on, order, pseudonyms_are_of_this_database, studio
from videobroker.tenants.models import Account

__all__ = ["pseudonyms_are_of_this_database", "studio"]


@pytest.fixture
def left_behind(acme: Company, globex: Company, studio: Studio) -> Account:
    """Acme's account until now; from now on acme uses another."""
    account = acme.row.account
    acme.change(account=globex.row.account)
    return account


def is_looked_after(account: Account) -> bool:
    """Whether an account whose turn it is gets it."""
    a_while_ago = timezone.now() - timedelta(seconds=1)
    AccountCheck.objects.update_or_create(account=account, defaults={"due_at": a_while_ago})
    rounds.check_accounts(timezone.now())
    return AccountCheck.objects.get(account=account).due_at > a_while_ago


def is_gone(studio: Studio, company: Company, *, days_ago: float) -> None:
    """The room was deleted so long ago, here and at Telnyx, and nobody heard of what Telnyx told since."""
    assert company.back_end.delete(f"/v2/rooms/{studio.room['id']}").status == 204
    settle()
    Room.objects.filter(upstream="absent").update(deleted_at=F("deleted_at") - timedelta(days=days_ago))


def test_a_recording_that_no_webhook_told_of_is_found_there(left_behind: Account, studio: Studio) -> None:
    telnyx_id = studio.starts("ana")
    studio.completes(telnyx_id)
    assert is_looked_after(left_behind)
    assert row(telnyx_id).status == "completed"


def test_one_that_is_never_completed_gets_an_end_there(left_behind: Account, studio: Studio) -> None:
    film = studio.filming("ana")
    Session.objects.update(ended_at=timezone.now() - timedelta(days=3))
    assert is_looked_after(left_behind)
    film.refresh_from_db()
    assert film.expires_at is not None


def test_a_late_film_of_somebody_who_was_erased_is_found_there_though_the_room_is_gone(
    acme: Company, left_behind: Account, studio: Studio
) -> None:
    telnyx_id = studio.starts(IDENTITY)
    studio.completes(telnyx_id)
    is_gone(studio, acme, days_ago=0)
    order(acme, IDENTITY)
    carry_on()
    assert is_looked_after(left_behind)
    lingering.delete_late_films(timezone.now())
    assert row(telnyx_id).state == "deleting"


def test_it_is_looked_after_for_as_long_as_anything_is_kept_there(
    acme: Company, left_behind: Account, studio: Studio
) -> None:
    film = studio.recorded("ana")
    is_gone(studio, acme, days_ago=400)
    assert is_looked_after(left_behind)
    assert acme.back_end.delete(f"/v2/room_recordings/{film.pk}").status == 204
    assert is_looked_after(left_behind)
    carry_out_once()
    assert not is_looked_after(left_behind)


def test_and_for_a_month_after_the_last_room_is_gone(
    acme: Company, left_behind: Account, studio: Studio
) -> None:
    is_gone(studio, acme, days_ago=30)
    assert is_looked_after(left_behind)
    Room.objects.update(deleted_at=F("deleted_at") - timedelta(days=2))
    assert not is_looked_after(left_behind)


def test_an_account_that_nobody_has_used_is_left_alone(acme: Company) -> None:
    assert not is_looked_after(Account.objects.create(name="spare"))
    assert is_looked_after(acme.row.account)
