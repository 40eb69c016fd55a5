"""An order is carried out by one at a time, and by another when that one has died."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from rooms import operations, provisioning
from rooms.models import Operation
from rooms.operations import LEASE, MAX_CRASHES
from tests.asking import Json
from tests.cast import Company
from tests.rooms.carriers import await_quiet_heart, carried_out_at_once, threads
from tests.rooms.orders import at_telnyx, last, make_due, orders, path_of, settle
from tests.simulated import Simulator, wait_until

in_threads = pytest.mark.django_db(transaction=True)


def abandon(order: Operation, **values: Any) -> None:
    """As if a carrier had taken the order and died, long enough ago."""
    dead = {"state": "leased", "leased_by": "the dead", "leased_until_at": Now() - timedelta(seconds=1)}
    Operation.objects.filter(pk=order.pk).update(**{**dead, **values})


@in_threads
def test_of_many_carriers_one_carries_out(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    carried = carried_out_at_once(last(room).pk, 6)
    assert [order for order in carried if order is not None] == [last(room)]
    assert (last(room).state, last(room).attempts, last(room).fence) == ("succeeded", 1, 1)
    assert len(simulator.calls("create_room")) == 1


@in_threads
def test_what_somebody_else_carries_out_is_left_to_them(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    hold = simulator.fault("hold", "create_room")
    with threads(1) as submit:
        carrier = submit(lambda: operations.carry_out(last(room).pk))
        simulator.await_held(hold)
        assert operations.due(limit=10) == []
        assert operations.carry_out(last(room).pk) is None
        simulator.release(hold)
        carrier.result(10)
    assert last(room).state == "succeeded"
    assert len(simulator.calls("create_room")) == 1


@in_threads
def test_a_late_word_of_who_lost_the_lease_is_not_written(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    hold = simulator.fault("hold", "create_room", times=1)
    with threads(1) as submit:
        late = submit(lambda: operations.carry_out(last(room).pk))
        simulator.await_held(hold)
        abandon(last(room))
        assert operations.carry_out(last(room).pk) is not None
        written = Operation.objects.filter(pk=last(room).pk).values().get()
        simulator.release(hold)
        late.result(10)
    assert (written["state"], written["fence"], written["attempts"]) == ("succeeded", 2, 2)
    assert Operation.objects.filter(pk=last(room).pk).values().get() == written
    assert len(at_telnyx(simulator, room)) == 1


@in_threads
def test_a_lease_lasts_while_its_carrier_lives(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    hold = simulator.fault("hold", "create_room")
    with threads(1) as submit:
        carrier = submit(lambda: operations.carry_out(last(room).pk))
        simulator.await_held(hold)
        taken_until = last(room).leased_until_at
        assert taken_until is not None
        wait_until(lambda: (last(room).leased_until_at or taken_until) > taken_until, pause_secs=0.1)
        simulator.release(hold)
        carrier.result(10)
    await_quiet_heart()
    assert last(room).leased_until_at is None


def test_a_lease_is_short_enough_to_be_missed_soon() -> None:
    assert timedelta(seconds=6) <= LEASE <= timedelta(seconds=13)


def test_who_takes_over_looks_first_and_counts_the_crash(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    there = simulator.create_room(key=acme.telnyx_key, unique_name=f"vb-{room['id']}")
    abandon(last(room), fence=1, attempts=1)
    operations.carry_out(last(room).pk)
    taken = last(room)
    assert (taken.state, taken.crashes, taken.attempts, taken.fence) == ("succeeded", 1, 2, 2)
    assert taken.result == {"telnyx_id": there["id"], "found_again": True}
    assert len(simulator.calls("create_room")) == 1


def test_a_lease_that_still_lasts_is_not_taken_over(acme: Company) -> None:
    room = acme.new_room()
    abandon(last(room), leased_until_at=Now() + timedelta(seconds=5))
    assert operations.due(limit=10) == []
    assert operations.carry_out(last(room).pk) is None


def test_an_order_that_kills_its_carriers_is_set_aside(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    abandon(last(room), crashes=MAX_CRASHES - 1)
    settle()
    assert (last(room).state, last(room).crashes) == ("failed", MAX_CRASHES)
    assert last(room).last_error == f"whoever carried this out died, {MAX_CRASHES} times"
    assert simulator.calls() == []


def test_what_comes_after_an_order_that_was_set_aside_is_carried_out(
    acme: Company, simulator: Simulator
) -> None:
    room = acme.new_room()
    acme.back_end.delete(path_of(room))
    abandon(orders(room)[0], crashes=MAX_CRASHES - 1)
    settle()
    assert [order.state for order in orders(room)] == ["failed", "succeeded"]


def test_orders_about_one_room_wait_for_each_other(acme: Company) -> None:
    room, other = acme.new_room(), acme.new_room()
    acme.back_end.patch(path_of(room), {"max_participants": 5})
    make, change = orders(room)
    assert set(operations.due(limit=10)) == {make.pk, last(other).pk}
    assert operations.carry_out(change.pk) is None
    operations.carry_out(make.pk)
    assert operations.due(limit=10) == [last(other).pk, change.pk]
    assert operations.carry_out(change.pk) is not None


@pytest.mark.parametrize("state", ["verifying", "leased"])
def test_an_order_that_is_not_over_keeps_the_next_waiting(acme: Company, state: str) -> None:
    room = acme.new_room()
    acme.back_end.patch(path_of(room), {"max_participants": 5})
    make, change = orders(room)
    in_future = Now() + timedelta(hours=1)
    Operation.objects.filter(pk=make.pk).update(state=state, due_at=in_future, leased_until_at=in_future)
    assert operations.due(limit=10) == []
    assert operations.carry_out(change.pk) is None


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_an_order_that_is_over_is_not_carried_out_again(
    acme: Company, simulator: Simulator, state: str
) -> None:
    room = acme.new_room()
    Operation.objects.update(state=state)
    assert operations.carry_out(last(room).pk) is None
    assert simulator.calls() == []


def test_an_order_that_never_was_is_nothing(acme: Company) -> None:
    assert operations.carry_out(acme.row.pk) is None


def test_who_has_waited_longest_comes_first(acme: Company) -> None:
    rooms = [acme.new_room() for _ in range(3)]
    for secs, room in zip((10, 30, 20), rooms, strict=True):
        Operation.objects.filter(room=room["id"]).update(due_at=Now() - timedelta(seconds=secs))
    assert operations.due(limit=2) == [last(rooms[1]).pk, last(rooms[2]).pk]


def test_after_its_deadline_an_order_that_did_not_succeed_has_failed(
    acme: Company, simulator: Simulator
) -> None:
    room = acme.new_room()
    acme.back_end.patch(path_of(room), {"max_participants": 5})
    make = orders(room)[0]
    Operation.objects.filter(pk=make.pk).update(deadline_at=Now() - timedelta(seconds=1))
    simulator.fault("status", "create_room", status=500)
    tried = operations.carry_out(make.pk)
    assert tried is not None
    assert (tried.state, tried.last_error[:9]) == ("failed", "too late:")
    assert tried.finished_at is not None
    assert operations.due(limit=10) == [orders(room)[1].pk]


def test_an_order_to_make_a_room_is_good_for_a_day_and_one_to_delete_for_ever(acme: Company) -> None:
    room = acme.new_room()
    acme.back_end.delete(path_of(room))
    make, delete = orders(room)
    assert make.deadline_at is not None
    assert abs(make.deadline_at - make.created_at - provisioning.GOOD_FOR) < timedelta(seconds=1)
    assert delete.deadline_at is None


def waits_secs(order: Operation, simulator: Simulator, **fault: Any) -> float:
    """How long an order waits for its next try after Telnyx answered with a fault."""
    simulator.clear_faults()
    simulator.fault(operation="create_room", **fault)
    make_due()
    before = Operation.objects.annotate(at=Now()).values_list("at", flat=True).get(pk=order.pk)
    operations.carry_out(order.pk)
    waits: timedelta = Operation.objects.get(pk=order.pk).due_at - before
    return waits.total_seconds()


@pytest.mark.parametrize(("reset", "secs"), [("7", 7), ("0", 0.5), ("900", 60), ("soon", 1), (None, 1)])
def test_a_rate_limit_is_waited_for_as_long_as_telnyx_says(
    acme: Company, simulator: Simulator, reset: str | None, secs: float
) -> None:
    room: Json = acme.new_room()
    waits = waits_secs(last(room), simulator, kind="rate_limit", reset=reset)
    assert secs <= waits <= 1.2 * secs + 0.5
    assert last(room).state == "pending"


def test_tries_come_further_and_further_apart_up_to_a_quarter_of_a_minute(
    acme: Company, simulator: Simulator
) -> None:
    room = acme.new_room()
    for attempts, longest in ((0, 0.5), (1, 1), (2, 2), (3, 4), (9, 15), (1000, 15)):
        Operation.objects.update(attempts=attempts)
        waits = waits_secs(last(room), simulator, kind="reset")
        assert longest / 2 <= waits <= longest + 0.3


@pytest.mark.parametrize("status", [401, 403])
def test_an_account_that_may_not_is_asked_again_now_and_then(
    acme: Company, simulator: Simulator, status: int
) -> None:
    room = acme.new_room()
    assert 10 <= waits_secs(last(room), simulator, kind="status", status=status) <= 16
    assert last(room).state == "pending"
