"""Deleting at Telnyx: by id, once, and only what is ours and still to be deleted, whatever goes wrong meanwhile."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from rooms import deleting, holding, retaining, shredding
from rooms.models import Composition, Deletion, Footage, Operation, Recording
from rooms.shredding import ASKED, Blocked, Gone, PutBack, Wait
from tests.cast import Company
from tests.rooms.ageing import (
    assert_never_in_bulk,
    carry_out_due,
    carry_out_once,
    days_pass,
    deleted_at_telnyx,
    deletes,
    receipt,
    stocked,
)
from tests.rooms.films import Studio
from tests.scenes import remembered
from videobroker.tenants.callers import HOUSE

pytestmark = pytest.mark.django_db

LOOK, DELETE = "view_room_recording", "delete_room_recording"
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 503, "where": "after"},
    {"kind": "status", "status": 403},
    {"kind": "status", "status": 401},
    {"kind": "status", "status": 409},
    {"kind": "rate_limit", "reset": "7"},
    {"kind": "reset"},
    {"kind": "close"},
    {"kind": "timeout", "secs": 2},
    {"kind": "malformed", "body": "<html>"},
    {"kind": "empty"},
    {"kind": "truncate"},
    {"kind": "truncate_json"},
    {"kind": "redirect", "location": "/v2/rooms"},
    {"kind": "lost_answer", "how": "reset"},
    {"kind": "lost_answer", "how": "status", "status": 502},
    {"kind": "lost_answer", "how": "truncate"},
]


# Of those, for looking, the ones that differ in what we are left with: nothing, a no, or nonsense. All of them meet it
# in soak_deleting.py.
FAULTS_OF_LOOKING = [
    fault
    for fault in FAULTS
    if fault["kind"] in ("rate_limit", "reset", "timeout", "empty", "truncate_json")
    or (fault.get("status") in (401, 500) and fault["kind"] == "status")
]
PATIENCE_SECS = 5


def named(fault: dict[str, Any]) -> str:
    return " ".join(str(value) for value in fault.values())


@pytest.fixture
@remembered
def film(studio: Studio) -> Recording:
    """A recording of bo whose retention is over."""
    film = studio.recorded("bo")
    days_pass(31, film)
    film.refresh_from_db()
    return film


def begun(footage: Recording | Composition, cause: str = "retention", **more: Any) -> Deletion:
    deletion = deleting.begin(footage, cause=Deletion.Cause(cause), ordered_by="system:videobroker", **more)
    assert deletion is not None
    return deletion


def state(footage: Recording | Composition) -> str:
    footage.refresh_from_db()
    return footage.state


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


def composed(studio: Studio, **more: Any) -> Composition:
    """A composition of the studio's session, at Telnyx and here."""
    session = studio.gathering.session
    key = studio.gathering.company.telnyx_key
    made = studio.simulator.api(
        "POST", "/room_compositions", key=key, json={"session_id": str(session.telnyx_id)}
    ).json()["data"]
    values = {"telnyx_id": made["id"], "status": "processing", "ordered_by": "identity:ana"} | more
    return Composition.objects.create(
        tenant_id=session.tenant_id, room_id=session.room_id, session=session, **values
    )


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


# --- What is not to be deleted ----------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["session_id", "room_id", "participant_id"])
def test_another_film_under_this_id_is_set_aside_and_never_deleted(
    studio: Studio, film: Recording, field: str
) -> None:
    simulator = studio.simulator
    deletion = begun(film)
    fault = simulator.fault("mutate", LOOK, field=f"data.{field}", value=str(uuid4()))
    (outcome,) = carry_out_once()
    assert isinstance(outcome, Blocked)
    deletion.refresh_from_db()
    assert deletion.state == "blocked"
    assert str(film.telnyx_id) not in deletion.last_error or "not" in deletion.last_error
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


@pytest.mark.parametrize("mutation", [{"days": 0.01}, {"days": -0.01}])
def test_a_clock_that_differs_from_telnyxs_keeps_it(
    studio: Studio, film: Recording, mutation: dict[str, float]
) -> None:
    begun(film)
    (outcome,) = carry_out_once(timezone.now() + timedelta(**mutation))
    assert isinstance(outcome, PutBack)
    assert "clock" in outcome.why
    assert state(film) == "kept"
    assert deletes(studio.simulator) == []


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


def delete_under(
    studio: Studio, film: Recording, operation: str, fault: dict[str, Any], settings: Any
) -> None:
    """Delete the film while the fault strikes this operation, once."""
    more = dict(fault)
    studio.simulator.fault(more.pop("kind"), operation, times=1, **more)
    begun(film)
    settings.TELNYX_TASK_TIMEOUT_SECS = 0.3 if fault["kind"] == "timeout" else PATIENCE_SECS
    carry_out_once()
    settings.TELNYX_TASK_TIMEOUT_SECS = PATIENCE_SECS
    for _ in range(3):
        carry_out_once()
    assert deleted_at_telnyx(studio.simulator) == [str(film.telnyx_id)]
    assert receipt(film).answer in ("204 to DELETE", "404 to GET")
    assert Deletion.objects.count() == 1
    assert state(film) == Footage.State.DELETED


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
