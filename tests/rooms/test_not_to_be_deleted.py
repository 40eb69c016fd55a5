"""What is not ours, or not to be deleted any more, stays: each film is looked at first, and judged by what holds
then."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from rooms import deleting, holding, shredding
from rooms.models import Composition, Deletion, Recording
from rooms.shredding import ASKED, Blocked, Gone, PutBack, Wait
from tests.cast import Company
from tests.rooms.ageing import (
    carry_out_once,
    deleted_at_telnyx,
    deletes,
    receipt,
)
from tests.rooms.deletions import (
    DELETE,
    LOOK,
    begun,
    composed,
    film,
    state,
)
from tests.rooms.films import Studio
from videobroker.tenants.callers import HOUSE

__all__ = ["film"]
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("field", ["session_id", "room_id", "participant_id"])
def test_another_film_under_this_id_is_set_aside_and_never_deleted(
    studio: Studio, film: Recording, field: str
) -> None:
    simulator = studio.simulator
    deletion = begun(film)
    foreign = str(uuid4())
    fault = simulator.fault("mutate", LOOK, field=f"data.{field}", value=foreign)
    (outcome,) = carry_out_once()
    assert isinstance(outcome, Blocked)
    deletion.refresh_from_db()
    assert deletion.state == "blocked"
    assert outcome.why == deletion.last_error
    assert foreign not in deletion.last_error  # the tenant reads it, and this may be another tenant's
    assert carry_out_once() == []
    assert deletes(simulator) == []
    assert studio.is_at_telnyx(film)

    simulator.control("DELETE", f"faults/{fault}")
    assert deleting.unblock(HOUSE, deletion)
    assert not deleting.unblock(HOUSE, deletion)
    assert carry_out_once() == [Gone("204 to DELETE")]


def test_an_answer_about_another_id_deletes_nothing(studio: Studio, film: Recording) -> None:
    studio.recorded("ana")
    begun(film)
    fault = studio.simulator.fault("swap_id", LOOK)
    assert isinstance(carry_out_once()[0], Wait)
    assert deletes(studio.simulator) == []
    studio.simulator.control("DELETE", f"faults/{fault}")
    assert carry_out_once() == [Gone("204 to DELETE")]


def test_the_same_room_name_of_another_tenant_is_no_matter(
    studio: Studio, film: Recording, globex: Company
) -> None:
    theirs = Studio.of(globex, studio.simulator, {"gus": "moderator"})
    foreign = theirs.recorded("gus")
    begun(film)
    carry_out_once()
    assert deleted_at_telnyx(studio.simulator) == [str(film.telnyx_id)]
    assert theirs.is_at_telnyx(foreign)


def test_a_retention_that_became_longer_keeps_it_and_leaves_no_receipt(
    studio: Studio, film: Recording
) -> None:
    begun(film)
    studio.gathering.company.change(recording_retention_days=90)
    (outcome,) = carry_out_once()
    assert isinstance(outcome, PutBack)
    assert state(film) == "kept"
    assert not Deletion.objects.exists()
    assert deletes(studio.simulator) == []

    studio.gathering.company.change(recording_retention_days=1)
    begun(film)
    carry_out_once()
    assert state(film) == "deleted"
    assert receipt(film).attempts == 1


@pytest.mark.parametrize("minutes", [6, -6])
def test_a_clock_that_differs_from_telnyxs_by_more_than_five_minutes_keeps_it(
    studio: Studio, film: Recording, minutes: float
) -> None:
    begun(film)
    (outcome,) = carry_out_once(timezone.now() + timedelta(minutes=minutes))
    assert isinstance(outcome, PutBack)
    assert "clock" in outcome.why
    assert state(film) == "kept"
    assert deletes(studio.simulator) == []


@pytest.mark.parametrize("minutes", [4, -4])
def test_by_less_it_may_differ(studio: Studio, film: Recording, minutes: float) -> None:
    begun(film)
    assert carry_out_once(timezone.now() + timedelta(minutes=minutes)) == [Gone("204 to DELETE")]


def test_what_somebody_ordered_does_not_ask_what_time_it_is(studio: Studio) -> None:
    film = studio.recorded("bo")
    begun(film, "ordered")
    assert carry_out_once(timezone.now() + timedelta(days=3650)) == [Gone("204 to DELETE")]


def test_a_hold_that_came_while_it_was_being_deleted_holds_it_once_it_is_kept_again(
    studio: Studio, film: Recording
) -> None:
    begun(film)
    row = studio.gathering.row
    placed = holding.place(HOUSE, row.tenant, {"room": row}, reason="a quarrel", holder="dee")
    assert [each.pk for each in placed.too_late_for] == [film.pk]
    studio.gathering.company.change(recording_retention_days=90)
    assert isinstance(carry_out_once()[0], PutBack)
    film.refresh_from_db()
    assert (film.state, film.held) == ("kept", True)
    studio.gathering.company.change(recording_retention_days=1)
    assert deleting.begin(film, cause=Deletion.Cause.RETENTION, ordered_by="x:y") is None


def test_an_order_takes_over_what_would_have_been_kept_again(studio: Studio, film: Recording) -> None:
    begun(film)
    studio.gathering.company.change(recording_retention_days=90)
    taken = begun(film, "ordered")
    assert Deletion.objects.count() == 1
    assert (taken.cause, taken.pk) == ("ordered", Deletion.objects.get().pk)
    assert carry_out_once() == [Gone("204 to DELETE")]
    assert deleting.begin(film, cause=Deletion.Cause.ORDERED, ordered_by="x:y") is None


@pytest.mark.parametrize("of", ["tenant", "room", "film", "end", "completion"])
def test_a_retention_that_became_longer_after_it_was_read_keeps_it(
    studio: Studio, film: Recording, of: str
) -> None:
    begun(film)
    (case,) = shredding.cases_of(deleting.due())
    row = studio.gathering.row
    if of == "tenant":
        studio.gathering.company.change(recording_retention_days=90)
    elif of == "room":
        type(row).objects.filter(pk=row.pk).update(recording_retention_days=90)
    else:
        later = {"film": "retain_until", "end": "expires_at", "completion": "completed_at"}[of]
        Recording.objects.filter(pk=film.pk).update(**{later: timezone.now() + timedelta(days=9)})
    outcome = deleting.carry_out(case, now=timezone.now())
    assert isinstance(outcome, Wait)
    assert isinstance(carry_out_once()[0], PutBack)
    assert state(film) == "kept"
    assert deletes(studio.simulator) == []


@pytest.mark.parametrize("is_there", [True, False])
def test_a_composition_that_is_another_at_telnyx_than_was_read_is_looked_for_again(
    studio: Studio, is_there: bool
) -> None:
    film, other = composed(studio), composed(studio)
    begun(film, "ordered")
    Composition.objects.filter(pk=other.pk).delete()
    Composition.objects.filter(pk=film.pk).update(telnyx_id=other.telnyx_id)
    (case,) = shredding.cases_of(deleting.due())
    Composition.objects.filter(pk=film.pk).update(telnyx_id=film.telnyx_id)
    if not is_there:
        studio.simulator.fault("status", "view_room_composition", times=1, status=404)
    assert isinstance(deleting.carry_out(case, now=timezone.now()), Wait)
    assert not studio.simulator.calls("delete_room_composition")
    assert carry_out_once() == [Gone("204 to DELETE")]
    assert str(receipt(film).telnyx_id) == film.telnyx_id


def test_what_was_taken_over_after_it_was_read_is_read_again(studio: Studio, film: Recording) -> None:
    begun(film)
    (case,) = shredding.cases_of(deleting.due())
    begun(film, "ordered")
    assert deleting.carry_out(case, now=timezone.now()) is None
    assert carry_out_once() == [Gone("204 to DELETE")]


def test_once_delete_was_sent_there_is_no_way_back(studio: Studio, film: Recording) -> None:
    begun(film)
    studio.simulator.fault("status", DELETE, times=1, status=503)
    assert isinstance(carry_out_once()[0], Wait)
    assert Deletion.objects.get().answer == ASKED
    studio.gathering.company.change(recording_retention_days=90)
    assert carry_out_once() == [Gone("204 to DELETE")]
