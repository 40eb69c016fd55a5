"""Whatever goes wrong at Telnyx or here while a film is ordered, there is one in the end, and one only. Here it is what
differs in what it leaves behind; `soak_compositions.py` has every fault, and every step under each."""

from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import override_settings

from rooms import operations
from rooms.composing import SHOWS_WITHIN
from rooms.models import Composition, Operation
from tests.rooms.compositions import OURS, CuttingRoom
from tests.rooms.dying import Step, begin, dies_at, ended, kill
from tests.rooms.films import Studio
from tests.rooms.orders import await_answers, carry_out, make_due, settle
from tests.rooms.test_faults_on_orders import FINAL, PATIENCE_SECS, SLOW, strike
from tests.tokens.passing import Time

pytestmark = pytest.mark.django_db(transaction=True)
CREATE = "create_room_composition"
REFUSED = FINAL | {"404"}
SLOW_FAULTS = ("latency", "hold-before", "hold-after", "timeout", "drip", "lost-by-timeout")
# Each after the other: leased; about to be sent; said to be sent; answered; written down; done but not said.
STEPS = (
    Step("rooms.composing", "compose"),
    Step("rooms.composing", "_mark"),
    Step("rooms.composing", "_mark", "return"),
    Step("videobroker.telnyx.compositions", "create_composition", "return"),
    Step("rooms.composing", "adopt"),
    Step("rooms.composing", "adopt", "return"),
    Step("rooms.operations", "_write"),
)
# Of the faults those that differ in what they leave behind, to somebody who dies and to somebody who lives.
LEFT_TO_OTHERS = ("503", "500-when-done", "lost-by-reset", "truncate_json", "rate_limit", "422")
LEFT_BEHIND = (*LEFT_TO_OTHERS, "401", "404", "reset", "no-id", *SLOW_FAULTS)


@pytest.fixture
def cutting_room(studio: Studio, settings: Any) -> CuttingRoom:
    settings.PUBLIC_URL = OURS
    studio.recorded("bo")
    return CuttingRoom(studio)


def attempt(cutting_room: CuttingRoom) -> None:
    make_due()
    carry_out(cutting_room.studio.room)


def strikes(cutting_room: CuttingRoom, fault: str, operation: str = CREATE) -> None:
    """Telnyx begins to fail, and the order is tried twice."""
    strike(cutting_room.simulator, fault, operation)
    with override_settings(TELNYX_TASK_TIMEOUT_SECS=patience_secs(fault)):
        attempt(cutting_room)
        attempt(cutting_room)


def patience_secs(fault: str) -> float:
    """How long Telnyx is waited for: too short for slow faults, and long enough for a busy machine under the others."""
    return PATIENCE_SECS if fault in SLOW_FAULTS else 20


def survive(cutting_room: CuttingRoom, time: Time) -> None:
    """The fault's end, time in which what was sent late would show, and what is left to be done."""
    cutting_room.simulator.clear_faults()
    await_answers(cutting_room.simulator)
    time.passes(SHOWS_WITHIN.total_seconds())
    Operation.objects.filter(state="leased").update(leased_until_at="2020-01-01T00:00Z")
    settle()


def assert_one(cutting_room: CuttingRoom, composition: Composition) -> None:
    """One at Telnyx, which is the one that we know, and never was there another."""
    composition.refresh_from_db()
    assert [found["id"] for found in cutting_room.at_telnyx(composition)] == [str(composition.telnyx_id)]
    assert composition.failed_because == ""
    assert cutting_room.order_of(composition).state == "succeeded"


@pytest.mark.parametrize("fault", LEFT_BEHIND)
def test_telnyx_fails_while_it_is_ordered(cutting_room: CuttingRoom, time: Time, fault: str) -> None:
    live_under(cutting_room, time, fault)


def live_under(cutting_room: CuttingRoom, time: Time, fault: str) -> None:
    """A film is ordered while Telnyx fails so. In the end there is one, or it is said why not."""
    composition = cutting_room.ordered()
    strikes(cutting_room, fault)
    survive(cutting_room, time)
    if fault in REFUSED:
        composition.refresh_from_db()
        assert f"refused ({fault})" in composition.failed_because
        assert cutting_room.made() == 0
        return
    assert_one(cutting_room, composition)
    assert cutting_room.made() == 1


@pytest.mark.parametrize(
    "fault", ["500", "reset", "malformed", "timeout", "truncate_json", "rate_limit", "404"]
)
def test_looking_for_a_lost_one_may_fail_as_well(cutting_room: CuttingRoom, time: Time, fault: str) -> None:
    composition = cutting_room.ordered()
    cutting_room.simulator.fault("lost_answer", CREATE, how="reset", times=1)
    attempt(cutting_room)
    assert cutting_room.order_of(composition).state == "verifying"
    strikes(cutting_room, fault, "list_room_compositions")
    survive(cutting_room, time)
    assert cutting_room.made() == 1
    if fault != "404":
        assert_one(cutting_room, composition)


@pytest.mark.parametrize("how", ["reset", "close", "timeout", "status", "truncate"])
def test_one_whose_answer_was_lost_is_found_again_and_not_sent_again(
    cutting_room: CuttingRoom, how: str
) -> None:
    composition = cutting_room.ordered()
    more: dict[str, Any] = {"status": 503} if how == "status" else {"secs": SLOW} if how == "timeout" else {}
    cutting_room.simulator.fault("lost_answer", CREATE, how=how, times=1, **more)
    with override_settings(TELNYX_TASK_TIMEOUT_SECS=patience_secs(f"lost-by-{how}")):
        attempt(cutting_room)
    settle()
    assert_one(cutting_room, composition)
    assert cutting_room.order_of(composition).result == {
        "telnyx_id": str(Composition.objects.get().telnyx_id), "found_again": True,
    }  # fmt: skip
    assert len(cutting_room.simulator.calls(CREATE)) == 1


def test_what_was_not_heard_of_is_not_sent_again_before_it_could_have_shown(
    cutting_room: CuttingRoom, time: Time
) -> None:
    composition = cutting_room.ordered()
    cutting_room.simulator.fault("reset", CREATE, times=1)
    for _ in range(3):
        attempt(cutting_room)
    assert cutting_room.order_of(composition).state == "verifying"
    assert len(cutting_room.simulator.calls(CREATE)) == 1
    time.passes(SHOWS_WITHIN.total_seconds())
    attempt(cutting_room)
    assert len(cutting_room.simulator.calls(CREATE)) == 2
    assert_one(cutting_room, composition)


def test_who_was_asked_to_wait_has_sent_nothing_and_sends_it_as_soon_as_told(
    cutting_room: CuttingRoom,
) -> None:
    composition = cutting_room.ordered()
    cutting_room.simulator.fault("rate_limit", CREATE, reset="1", times=1)
    attempt(cutting_room)
    assert cutting_room.order_of(composition).arguments["sent"] is None
    attempt(cutting_room)
    assert_one(cutting_room, composition)
    assert cutting_room.simulator.calls("list_room_compositions") == []


def held_back(cutting_room: CuttingRoom) -> str:
    """What is ordered is held on its way, longer than anybody waits for an answer; the fault that holds it."""
    held = cutting_room.simulator.fault("hold", CREATE, times=1, secs=60)
    with override_settings(TELNYX_TASK_TIMEOUT_SECS=PATIENCE_SECS):
        attempt(cutting_room)
    cutting_room.simulator.await_held(held)
    return held


def test_a_second_one_that_shows_later_still_is_taken_back(cutting_room: CuttingRoom, time: Time) -> None:
    composition = cutting_room.ordered()
    held = held_back(cutting_room)
    time.passes(SHOWS_WITHIN.total_seconds())
    attempt(cutting_room)
    assert_one(cutting_room, composition)
    cutting_room.simulator.release(held)
    await_answers(cutting_room.simulator)
    assert len(cutting_room.at_telnyx(composition)) == 2
    cutting_room.goes_through()
    assert_one(cutting_room, composition)
    assert cutting_room.made() == 2
    [deleted] = cutting_room.simulator.effects("composition.deleted")
    assert deleted["effect"] == "composition.deleted"


def test_of_a_held_one_not_even_the_second_is_deleted(cutting_room: CuttingRoom, time: Time) -> None:
    composition = cutting_room.ordered()
    held = held_back(cutting_room)
    time.passes(SHOWS_WITHIN.total_seconds())
    attempt(cutting_room)
    cutting_room.simulator.release(held)
    await_answers(cutting_room.simulator)
    body = {"room_id": cutting_room.studio.room["id"], "reason": "case"}
    assert cutting_room.back_end.post("/v2/holds", body).status == 201
    cutting_room.goes_through()
    assert len(cutting_room.at_telnyx(composition)) == 2


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_who_carries_it_out_dies_at_a_step(cutting_room: CuttingRoom, time: Time, step: Step) -> None:
    composition = cutting_room.ordered()
    assert dies(cutting_room, composition, step)
    survive(cutting_room, time)
    assert_one(cutting_room, composition)
    assert cutting_room.made() == 1
    assert cutting_room.order_of(composition).crashes == 1


@pytest.mark.parametrize("fault", LEFT_TO_OTHERS)
def test_who_carries_it_out_dies_while_telnyx_fails(
    cutting_room: CuttingRoom, time: Time, fault: str
) -> None:
    for step in STEPS[LEFT_TO_OTHERS.index(fault) % 2 :: 2]:
        die_under(cutting_room, time, step, fault)


@pytest.mark.parametrize("where", ["before", "after"])
def test_who_carries_it_out_dies_while_telnyx_works_on_it(
    cutting_room: CuttingRoom, time: Time, where: str
) -> None:
    composition = cutting_room.ordered()
    held = cutting_room.simulator.fault("hold", CREATE, where=where, times=1)
    child = begin(lambda: operations.carry_out(cutting_room.order_of(composition).pk))
    cutting_room.simulator.await_held(held)
    kill(child)
    assert ended(child)
    survive(cutting_room, time)
    assert_one(cutting_room, composition)
    assert cutting_room.made() == 1


def die_under(cutting_room: CuttingRoom, time: Time, step: Step, fault: str) -> None:
    """Two carriers die at the step, if they get there, while Telnyx fails so. In the end there is one film all the
    same, or it is said why not."""
    before = cutting_room.made()
    composition = cutting_room.ordered()
    strike(cutting_room.simulator, fault, CREATE)
    with override_settings(TELNYX_TASK_TIMEOUT_SECS=patience_secs(fault)):
        dies(cutting_room, composition, step)
        dies(cutting_room, composition, step)
    survive(cutting_room, time)
    composition.refresh_from_db()
    if fault in REFUSED and composition.failed_because:
        assert (composition.telnyx_id, cutting_room.at_telnyx(composition)) == (None, [])
        return
    assert_one(cutting_room, composition)
    assert cutting_room.made() == before + 1, (str(step), fault)


def dies(cutting_room: CuttingRoom, composition: Composition, step: Step) -> bool:
    """Whether a carrier of its order dies at the step; the lease of the one before is over."""
    mine = Operation.objects.filter(pk=cutting_room.order_of(composition).pk)
    mine.filter(state="leased").update(leased_until_at="2020-01-01T00:00Z")
    mine.exclude(state="leased").update(due_at=Now())
    return dies_at(step, lambda: operations.carry_out(cutting_room.order_of(composition).pk))
