"""Real workers carry orders out: woken at once, each order once."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import psutil
import pytest

from tests.asking import Asker
from tests.cast import Company
from tests.rooms.orders import assert_agreed, await_succeeded, last, made, orders, path_of, unfinished
from tests.simulated import Simulator, wait_until
from tests.workers import Running, start_broker, start_web, start_worker

pytestmark = pytest.mark.django_db(transaction=True)

WOKEN_SECS = 2
NOTICED_SECS = 6


@dataclass
class House:
    """A web server and a worker with a broker between them."""

    url: str
    worker: Running

    def back_end(self, company: Company) -> Asker:
        return company.at(self.url).back_end

    def wake_ups(self) -> int:
        return self.worker.log.count("Task rooms.tasks.carry_out")


@pytest.fixture(scope="module")
def house(
    django_db_setup: None, running_simulator: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """With the embedded broker, shared by these tests: they break nothing."""
    folder = tmp_path_factory.mktemp("house")
    telnyx = {"TELNYX_API_BASE": running_simulator.api_base}
    with (
        start_broker(folder) as broker,
        start_web(folder, REDIS_URL=broker.url, **telnyx) as url,
        start_worker(folder, REDIS_URL=broker.url, WORKER_NICENESS="3", **telnyx) as worker,
    ):
        yield House(url, worker)


def test_a_wake_up_has_an_order_carried_out_at_once(
    acme: Company, simulator: Simulator, house: House
) -> None:
    woken_before = house.wake_ups()
    room = house.back_end(acme).post("/v2/rooms").data
    await_succeeded(room, WOKEN_SECS)
    assert_agreed(simulator, room)
    wait_until(lambda: house.wake_ups() > woken_before)


def test_all_of_a_worker_goes_behind_the_web(house: House) -> None:
    worker = psutil.Process(house.worker.process.pid)
    own = psutil.Process().nice()
    assert {os.getpriority(os.PRIO_PROCESS, thread.id) for thread in worker.threads()} == {max(3, own)}


def test_many_orders_are_carried_out_once_each(acme: Company, simulator: Simulator, house: House) -> None:
    back_end = house.back_end(acme)
    rooms = [back_end.post("/v2/rooms").data for _ in range(12)]
    for room in rooms:
        back_end.patch(path_of(room), {"max_participants": 5})
    for room in rooms[:6]:
        back_end.delete(path_of(room))
    wait_until(lambda: not unfinished(), 20, pause_secs=0.1)
    for room in rooms:
        assert_agreed(simulator, room)
        assert made(simulator, room) <= 1
    assert {order.attempts for room in rooms for order in orders(room)} == {1}


def test_an_outage_of_telnyx_is_over_a_few_seconds_after_it_ends(
    acme: Company, simulator: Simulator, house: House
) -> None:
    simulator.fault("status", "create_room", status=503)
    room = house.back_end(acme).post("/v2/rooms").data
    wait_until(lambda: last(room).attempts >= 2)
    simulator.clear_faults()
    await_succeeded(room, NOTICED_SECS)
    assert made(simulator, room) == 1
