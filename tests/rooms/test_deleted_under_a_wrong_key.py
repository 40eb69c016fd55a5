"""Deleted under the key of another account: Telnyx has no such film there, and says so. Once the key is right again,
Telnyx lists it, and it is deleted after all."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from rooms import holding
from rooms.models import AccountCheck, Deletion, Erasure, Footage, Recording
from rooms.shredding import Gone, PutBack
from tests.cast import Company
from tests.rooms.ageing import carry_out_once, deletes, receipt, stocked
from tests.rooms.compositions import CuttingRoom, cutting_room
from tests.rooms.deletions import begun, state
from tests.rooms.films import Studio
from tests.rooms.test_erasing import carry_on, order, pseudonyms_are_of_this_database
from tests.rooms.test_reconciling import check
from videobroker.secret import Secret
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import AuditEntry

__all__ = ["cutting_room", "pseudonyms_are_of_this_database"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def film(studio: Studio) -> Recording:
    """A recording whose retention is over, of that age at Telnyx too."""
    (film,) = stocked(studio, 1, days_ago=40)
    return film


@contextmanager
def wrong_key(studio: Studio) -> Iterator[None]:
    """Meanwhile the account has the key of another one."""
    account = studio.gathering.row.account
    right = account.api_key
    account.set_api_key(Secret(studio.simulator.new_account()["api_key"]))
    account.save()
    yield
    account.set_api_key(right)
    account.save()


def deleted_there(studio: Studio, footage: Footage) -> None:
    """What is to be deleted is, as far as the other account can tell."""
    with wrong_key(studio):
        assert carry_out_once() == [Gone("404 to GET")]
    footage.refresh_from_db()
    assert footage.state == "deleted"


def time_passes(**span: float) -> None:
    """It was deleted so long ago, and everything is to be counted again."""
    Deletion.objects.filter(state="done").update(done_at=timezone.now() - timedelta(**span))
    AccountCheck.objects.update(stock_due_at=None)


@pytest.mark.parametrize("cause", ["retention", "ordered"])
def test_what_telnyx_lists_again_is_deleted_after_all(
    studio: Studio, film: Recording, cause: str, caplog: pytest.LogCaptureFixture
) -> None:
    deletion = begun(film, cause)
    deleted_there(studio, film)
    time_passes(hours=2)
    check(studio.gathering.company)
    assert state(film) == "deleting"
    assert AuditEntry.objects.get(action="deletion.reopened").subject == str(film.pk)
    assert "deletion_reopened" in caplog.text
    assert "deleted_footage_is_there" not in caplog.text
    assert carry_out_once() == [Gone("204 to DELETE")]
    assert (receipt(film).pk, receipt(film).cause) == (deletion.pk, cause)
    assert not studio.is_at_telnyx(film)


def test_but_not_by_a_list_that_may_be_older_than_the_answer(studio: Studio, film: Recording) -> None:
    begun(film)
    deleted_there(studio, film)
    check(studio.gathering.company)
    assert state(film) == "deleted"


def test_and_so_is_one_of_which_telnyx_tells_otherwise_than_before(studio: Studio, film: Recording) -> None:
    begun(film)
    deleted_there(studio, film)
    Recording.objects.update(size_mb=99.0)  # the largest size that was told stands
    time_passes(hours=2)
    check(studio.gathering.company)
    assert state(film) == "deleting"


def test_and_so_is_a_composition(studio: Studio, cutting_room: CuttingRoom) -> None:
    composition = cutting_room.completed()
    begun(composition, "ordered")
    deleted_there(studio, composition)
    time_passes(hours=2)
    check(studio.gathering.company)
    assert state(composition) == "deleting"
    assert carry_out_once() == [Gone("204 to DELETE")]


@pytest.mark.parametrize(("days", "found"), [(29, "deleting"), (31, "deleted")])
def test_the_daily_count_looks_at_its_day_for_a_month(
    studio: Studio, film: Recording, days: float, found: str
) -> None:
    begun(film)
    deleted_there(studio, film)
    time_passes(days=days)
    check(studio.gathering.company)
    assert state(film) == found


def test_a_hold_that_came_meanwhile_is_too_late_as_for_any_deletion_that_has_begun(
    studio: Studio, film: Recording
) -> None:
    begun(film)
    deleted_there(studio, film)
    row = studio.gathering.row
    holding.place(HOUSE, row.tenant, {"room": row}, reason="a quarrel", holder="dee")
    time_passes(hours=2)
    check(studio.gathering.company)
    assert carry_out_once() == [Gone("204 to DELETE")]


def test_a_retention_that_became_longer_meanwhile_keeps_it_under_such_a_hold(
    studio: Studio, film: Recording
) -> None:
    begun(film)
    deleted_there(studio, film)
    row = studio.gathering.row
    holding.place(HOUSE, row.tenant, {"room": row}, reason="a quarrel", holder="dee")
    studio.gathering.company.change(recording_retention_days=90)
    time_passes(hours=2)
    check(studio.gathering.company)
    assert isinstance(carry_out_once()[0], PutBack)
    film.refresh_from_db()
    assert (film.state, film.held) == ("kept", True)
    assert deletes(studio.simulator) == []


def test_the_films_of_somebody_who_was_erased_are_deleted_after_all(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    with wrong_key(studio):
        order(acme, "bo")
        carry_on()
    assert Erasure.objects.get().state == "finished"
    assert (state(film), receipt(film).answer) == ("deleted", "404 to GET")
    assert studio.is_at_telnyx(film)
    time_passes(days=8)
    check(acme)
    carry_out_once()
    assert (receipt(film).cause, receipt(film).answer) == ("erasure", "204 to DELETE")
    assert not studio.is_at_telnyx(film)
