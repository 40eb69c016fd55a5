"""Deleting at Telnyx: by id, and once, whatever goes wrong meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rooms import deleting, retaining, shredding
from rooms.models import Composition, Deletion, Operation, Recording
from rooms.shredding import Gone, Wait
from tests.rooms.ageing import (
    assert_never_in_bulk,
    carry_out_due,
    carry_out_once,
    deleted_at_telnyx,
    receipt,
    stocked,
)
from tests.rooms.deletions import (
    DELETE,
    FAULTS,
    LOOK,
    begun,
    composed,
    delete_under,
    film,
    named,
    state,
)
from tests.rooms.films import Studio

__all__ = ["film"]
pytestmark = pytest.mark.django_db

# Of the faults, for looking, those that differ in what we are left with: nothing, a no, or nonsense. The soak
# (soak_deleting.py) has them all.
FAULTS_OF_LOOKING = [
    fault
    for fault in FAULTS
    if fault["kind"] in ("rate_limit", "reset", "timeout", "empty", "truncate_json")
    or (fault.get("status") in (401, 500) and fault["kind"] == "status")
]

# --- As it should be --------------------------------------------------------------------------------------


def test_what_is_deleted_is_gone_at_telnyx_and_leaves_a_receipt(studio: Studio, film: Recording) -> None:
    policy = retaining.policy_of(film)
    deletion = begun(film, policy=policy)
    assert state(film) == "deleting"
    assert carry_out_once() == [Gone("204 to DELETE")]
    assert state(film) == "deleted"
    assert not studio.is_at_telnyx(film)
    deletion.refresh_from_db()
    assert (deletion.state, deletion.answer, deletion.attempts) == ("done", "204 to DELETE", 1)
    assert (deletion.telnyx_id, deletion.policy) == (film.telnyx_id, policy)
    assert deletion.done_at is not None
    assert_never_in_bulk(studio.simulator)


def test_nothing_else_is_asked_of_telnyx(studio: Studio, film: Recording) -> None:
    begun(film)
    before = len(studio.simulator.calls())
    carry_out_once()
    assert carry_out_once() == []
    asked = [call["operation"] for call in studio.simulator.calls()[before:]]
    assert asked == [LOOK, DELETE]


def test_a_composition_is_deleted_the_same_way(studio: Studio) -> None:
    composition = composed(studio)
    begun(composition, "ordered")
    assert carry_out_once() == [Gone("204 to DELETE")]
    assert state(composition) == "deleted"
    assert deleted_at_telnyx(studio.simulator) == [str(composition.telnyx_id)]


def test_what_somebody_ordered_goes_before_what_is_only_due(studio: Studio) -> None:
    films = stocked(studio, 5, days_ago=40)
    for each in films[:4]:
        begun(each)
    ordered = begun(films[4], "ordered")
    erased = begun(studio.recorded("bo"), "erasure")
    account = studio.gathering.row.account
    assert {case.deletion for case in deleting.next_of(account, 9)} == {ordered, erased}
    carry_out_once()
    assert deleting.next_of(account, 9) == []


# --- Compositions that are not made yet -------------------------------------------------------------------


def test_a_composition_that_is_still_being_ordered_waits(studio: Studio) -> None:
    composition = composed(studio)
    telnyx_id, composition.telnyx_id = composition.telnyx_id, None
    composition.save()
    order = Operation.objects.create(
        sequence=10_000, tenant_id=composition.tenant_id, room_id=composition.room_id, kind="compose",
        arguments={"composition_id": str(composition.pk)}, state="verifying", ordered_by="identity:ana",
    )  # fmt: skip
    deletion = begun(composition, "ordered")
    assert isinstance(carry_out_once()[0], Wait)
    Composition.objects.update(telnyx_id=telnyx_id)
    Operation.objects.filter(pk=order.pk).update(state="succeeded")
    assert carry_out_once() == [Gone("204 to DELETE")]
    deletion.refresh_from_db()
    assert str(deletion.telnyx_id) == telnyx_id


def test_one_that_never_reached_telnyx_is_done_at_once(studio: Studio) -> None:
    composition = composed(studio)
    Composition.objects.update(telnyx_id=None)
    composition.refresh_from_db()
    begun(composition, "ordered")
    before = len(studio.simulator.calls())
    assert carry_out_once() == [Gone("never made")]
    assert len(studio.simulator.calls()) == before
    assert receipt(composition).telnyx_id is None


# --- Telnyx says no, or nothing ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "fault"),
    [*((DELETE, fault) for fault in FAULTS), *((LOOK, fault) for fault in FAULTS_OF_LOOKING)],
    ids=lambda each: named(each) if isinstance(each, dict) else each,
)
def test_after_any_fault_it_is_deleted_once_with_one_receipt(
    studio: Studio, film: Recording, operation: str, fault: dict[str, Any], settings: Any
) -> None:
    delete_under(studio, film, operation, fault, settings)


@pytest.mark.parametrize("operation", [LOOK, DELETE])
def test_what_is_gone_already_is_done(studio: Studio, film: Recording, operation: str) -> None:
    deletion = begun(film)
    if operation == LOOK:
        studio.lost_at_telnyx(film)
    else:
        studio.simulator.fault("status", DELETE, times=1, status=404, shape="bare")
    (outcome,) = carry_out_once()
    assert outcome == Gone("404 to GET" if operation == LOOK else "404 to DELETE")
    deletion.refresh_from_db()
    assert deletion.state == "done"


@pytest.mark.parametrize(
    ("fault", "secs"), [({"kind": "rate_limit", "reset": "40"}, 40), ({"kind": "status", "status": 401}, 15)]
)
def test_what_concerns_the_account_makes_all_of_it_wait(
    studio: Studio, fault: dict[str, Any], secs: float
) -> None:
    for each in stocked(studio, 3, days_ago=40):
        begun(each)
    more = dict(fault)
    studio.simulator.fault(more.pop("kind"), LOOK, **more)
    account = studio.gathering.row.account
    first, second, _ = deleting.next_of(account, 3)
    outcome = deleting.carry_out(first, now=timezone.now())
    assert isinstance(outcome, Wait)
    assert outcome.whole_account
    assert outcome.secs >= secs
    assert deleting.carry_out(second, now=timezone.now()) is None
    assert deleting.next_of(account, 9) == []
    soonest = Deletion.objects.order_by("due_at")[0].due_at - timezone.now()
    assert soonest > timedelta(seconds=secs - 2)


def test_a_refused_key_is_shown_and_a_good_one_clears_it(studio: Studio, film: Recording) -> None:
    begun(film)
    fault = studio.simulator.fault("status", LOOK, status=401)
    carry_out_once()
    account = studio.gathering.row.account
    assert account.credential_refused_at is not None
    studio.simulator.control("DELETE", f"faults/{fault}")
    carry_out_once()
    account.refresh_from_db()
    assert account.credential_refused_at is None


def test_what_another_had_since_it_was_read_is_read_again(studio: Studio, film: Recording) -> None:
    begun(film)
    (case,) = shredding.cases_of(deleting.due())
    Deletion.objects.update(state="leased", fence=7, due_at=timezone.now() + timedelta(hours=1))
    assert deleting.carry_out(case, now=timezone.now()) is None
    assert carry_out_due() == []
    Deletion.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert deleting.carry_out(case, now=timezone.now()) is None
    assert carry_out_due() == [Gone("204 to DELETE")]
