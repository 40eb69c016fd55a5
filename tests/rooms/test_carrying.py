"""Several tenants' orders at once: a slow Telnyx, or a thousand orders, of one tenant hold up no other."""

import signal
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from rooms import carrying, tasks
from rooms.carrying import AT_ONCE_FOR_TENANT, Carriers
from rooms.models import Operation
from tests.asking import Json
from tests.cast import Company
from tests.rooms.ageing import account_id_of
from tests.rooms.carriers import await_quiet_heart
from tests.rooms.gatherings import Gathering, operation
from tests.rooms.orders import last, orders, path_of, unfinished
from tests.simulated import Simulator, wait_until
from tests.workers import start_broker, start_web, start_worker

pytestmark = pytest.mark.django_db(transaction=True)

KICKED_SECS = 2


@pytest.fixture(scope="module", autouse=True)
def quiet_in_the_end() -> Iterator[None]:
    yield
    await_quiet_heart()


def slow(simulator: Simulator, company: Company, secs: float | None = None) -> str:
    """Telnyx does not answer this company, or so much later; what is asked about others it answers."""
    room = simulator.create_room(key=company.telnyx_key)
    account = account_id_of(simulator, room["id"])
    return simulator.fault("hold", match={"account_id": account}, **({"secs": secs} if secs else {}))


def is_still(*several: Carriers) -> bool:
    return not any(carriers.running() for carriers in several)


def works_off(carriers: Carriers) -> None:
    """Dispatch as a worker does, until nothing is left to do and nobody runs."""

    def is_done() -> bool:
        carriers.dispatch()
        return is_still(carriers) and not unfinished()

    wait_until(is_done, 30, pause_secs=0.05)


def under_way() -> dict[str, int]:
    """By tenant, how many orders are being carried out."""
    return Counter(Operation.objects.filter(state="leased").values_list("tenant__slug", flat=True))


def order_to_kick(gathering: Gathering, sequence: int = 1000) -> Operation:
    """As if everybody was to be put out, and nobody could be told of it."""
    return Operation.objects.create(
        sequence=sequence,
        tenant=gathering.row.tenant,
        room=gathering.row,
        kind="kick",
        arguments={
            "session_id": str(gathering.session.pk), "everybody": True, "participants": [], "exclude": [],
        },
        ordered_by="system:house",
    )  # fmt: skip


def meeting(company: Company, simulator: Simulator) -> Gathering:
    """A room of this company with its moderator in it."""
    gathering = Gathering.of(company, simulator, company.new_room({"ana": "moderator"}))
    gathering.comes("ana")
    gathering.hear()
    return gathering


def test_everything_due_is_carried_out_once(acme: Company, globex: Company, simulator: Simulator) -> None:
    rooms = [company.new_room() for company in (acme, globex) for _ in range(8)]
    works_off(Carriers(urgent=False))
    assert len(simulator.calls("create_room")) == 16
    assert {(last(room).state, last(room).attempts) for room in rooms} == {("succeeded", 1)}


def test_a_silent_telnyx_of_one_tenant_holds_up_no_other(
    acme: Company, globex: Company, simulator: Simulator
) -> None:
    slow(simulator, acme)
    theirs = [acme.new_room() for _ in range(10)]
    carriers = Carriers(urgent=False, at_once=AT_ONCE_FOR_TENANT + 1)
    assert carriers.dispatch() == AT_ONCE_FOR_TENANT
    wait_until(lambda: under_way() == {"acme": AT_ONCE_FOR_TENANT})
    ours = [globex.new_room() for _ in range(10)]
    assert carriers.dispatch() == 1
    wait_until(lambda: all(last(room).state == "succeeded" for room in ours), 20)
    assert under_way() == {"acme": AT_ONCE_FOR_TENANT}
    simulator.clear_faults()
    works_off(carriers)
    assert {last(room).attempts for room in theirs} == {1}


def test_places_are_shared_out_evenly(acme: Company, globex: Company, simulator: Simulator) -> None:
    for company in (acme, globex):
        slow(simulator, company)
        for _ in range(5):
            company.new_room()
    carriers = Carriers(urgent=False, at_once=4)
    assert carriers.dispatch() == 4
    wait_until(lambda: under_way() == {"acme": 2, "globex": 2})
    simulator.clear_faults()
    works_off(carriers)


def test_an_urgent_order_waits_for_nothing_else_of_its_tenant(acme: Company, simulator: Simulator) -> None:
    gathering = meeting(acme, simulator)
    for _ in range(10):
        acme.new_room()
    hold = simulator.fault("hold", "create_room")
    urgent, others = Carriers(urgent=True), Carriers(urgent=False)
    others.dispatch()
    simulator.await_held(hold, AT_ONCE_FOR_TENANT)
    kick = order_to_kick(gathering)
    assert others.dispatch() == 0
    assert urgent.dispatch() == 1
    wait_until(lambda: Operation.objects.get(pk=kick.pk).state == "succeeded")
    wait_until(lambda: is_still(urgent))
    simulator.clear_faults()
    works_off(others)


def test_a_tenant_whose_telnyx_keeps_failing_has_one_place_until_something_goes_well(
    acme: Company, simulator: Simulator
) -> None:
    simulator.fault("status", "create_room", status=503)
    for _ in range(10):
        acme.new_room()
    carriers = Carriers(urgent=False)
    carriers.dispatch()
    wait_until(lambda: is_still(carriers))
    assert carriers.places(acme.row.pk) == 1
    simulator.clear_faults()
    works_off(carriers)
    assert carriers.places(acme.row.pk) == AT_ONCE_FOR_TENANT


def test_an_order_that_breaks_its_carrier_holds_up_no_other(acme: Company, simulator: Simulator) -> None:
    gathering = meeting(acme, simulator)
    broken = order_to_kick(gathering, sequence=1000)
    Operation.objects.filter(pk=broken.pk).update(arguments={"session_id": str(uuid4())})
    good = order_to_kick(gathering, sequence=1001)
    carriers = Carriers(urgent=True)

    def is_good_done() -> bool:
        carriers.dispatch()
        return Operation.objects.get(pk=good.pk).state == "succeeded"

    wait_until(is_good_done, pause_secs=0.05)
    wait_until(lambda: is_still(carriers))
    broken.refresh_from_db()
    assert (broken.state, broken.attempts) == ("leased", 1)


def test_orders_about_one_room_are_carried_out_as_they_were_given(
    acme: Company, simulator: Simulator
) -> None:
    rooms = [acme.new_room() for _ in range(4)]
    for room in rooms:
        for count in (5, 6, 7):
            acme.back_end.patch(path_of(room), {"max_participants": count})
    works_off(Carriers(urgent=False))
    for room in rooms:
        assert {order.attempts for order in orders(room)} == {1}
        for earlier, later in pairwise(orders(room)):
            assert earlier.finished_at is not None
            assert later.finished_at is not None
            assert earlier.finished_at < later.finished_at


def test_a_wake_up_has_an_order_begun_and_waits_for_nobody(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room()
    hold = simulator.fault("hold", "create_room")
    tasks.carry_out(str(last(room).pk))
    simulator.await_held(hold)
    assert last(room).state == "leased"
    simulator.release(hold)
    wait_until(lambda: last(room).state == "succeeded")
    wait_until(lambda: is_still(carrying.carriers(urgent=False)))


def test_a_wake_up_for_what_is_not_due_starts_nobody(acme: Company) -> None:
    room = acme.new_room()
    acme.back_end.patch(path_of(room), {"max_participants": 5})
    make, change = orders(room)
    Operation.objects.filter(pk=make.pk).update(due_at=timezone.now() + timedelta(hours=1))
    for order_id in (make.pk, change.pk, uuid4()):
        tasks.carry_out(str(order_id))
        assert is_still(carrying.carriers(urgent=False), carrying.carriers(urgent=True))
    assert [order.attempts for order in orders(room)] == [0, 0]


def test_a_sweep_begins_what_no_wake_up_reached_and_waits_for_nobody(
    acme: Company, simulator: Simulator
) -> None:
    gathering = meeting(acme, simulator)
    hold = simulator.fault("hold", ["create_room", "kick_participant_in_session"])
    room, kick = acme.new_room(), order_to_kick(gathering)
    tasks.sweep()
    simulator.await_held(hold, 2)
    simulator.release(hold)
    wait_until(lambda: {last(room).state, Operation.objects.get(pk=kick.pk).state} == {"succeeded"})
    wait_until(lambda: is_still(carrying.carriers(urgent=False), carrying.carriers(urgent=True)))


def test_a_kick_is_not_held_up_by_another_tenants_forty_orders(
    acme: Company, globex: Company, simulator: Simulator, tmp_path: Path
) -> None:
    ours = meeting(globex, simulator)
    hold = slow(simulator, acme, secs=5)
    with (
        start_broker(tmp_path) as broker,
        start_web(tmp_path, REDIS_URL=broker.url) as url,
        start_worker(tmp_path, REDIS_URL=broker.url),
    ):
        theirs: list[Json] = [acme.at(url).back_end.post("/v2/rooms").data for _ in range(40)]
        simulator.await_held(hold, AT_ONCE_FOR_TENANT)
        kicked = ours.acts(globex.at(url).back_end, "kick", participants="all")
        wait_until(lambda: operation(kicked).state == "succeeded", KICKED_SECS)
        left = sum(not last(room).is_finished for room in theirs)
        simulator.clear_faults()
        wait_until(lambda: all(last(room).is_finished for room in theirs), 20, pause_secs=0.2)
    assert left > AT_ONCE_FOR_TENANT
    assert {(last(room).state, last(room).attempts) for room in theirs} == {("succeeded", 1)}


def test_a_worker_that_is_asked_to_end_brings_what_it_has_begun_to_its_end(
    acme: Company, simulator: Simulator, tmp_path: Path
) -> None:
    with start_broker(tmp_path) as broker, start_worker(tmp_path, REDIS_URL=broker.url) as worker:
        hold = simulator.fault("hold", "create_room", times=1, where="after")
        begun = acme.new_room()
        simulator.await_held(hold)
        worker.process.send_signal(signal.SIGTERM)
        worker.await_log("Warm shutdown")
        left = acme.new_room()
        simulator.release(hold)
        assert worker.process.wait(10) == 0
    assert (last(begun).state, last(begun).attempts, last(begun).crashes) == ("succeeded", 1, 0)
    assert last(left).state == "pending"
