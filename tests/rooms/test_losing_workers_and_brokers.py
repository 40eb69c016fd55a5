"""Losing a worker or a broker loses nothing: what was ordered is carried out soon, and once."""

import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pytest
import redis
from django.db.models.functions import Now
from django.utils import timezone
from kombu import Connection
from kombu.exceptions import OperationalError

from rooms.models import Operation
from rooms.operations import LEASE
from tests.asking import Asker, Json
from tests.cast import Company
from tests.rooms.orders import assert_agreed, at_telnyx, await_succeeded, last, made, unfinished
from tests.simulated import Simulator, wait_until
from tests.workers import Broker, Running, start_broker, start_web, start_worker
from videobroker.running.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)

AT_ONCE_SECS = 0.5
WOKEN_SECS = 2
NOTICED_SECS = 6
# A port that nobody listens at.
NOWHERE = "redis://127.0.0.1:1/0"
# Others may use the same Redis: ours is a database of its own for each process of the test run.
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
RABBITMQ = os.environ.get("TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//")


def test_when_a_worker_is_killed_in_the_middle_another_does_it_once(
    acme: Company, simulator: Simulator, tmp_path: Path
) -> None:
    with start_broker(tmp_path) as broker, start_worker(tmp_path, REDIS_URL=broker.url) as worker:
        hold = simulator.fault("hold", "create_room", where="after", times=1)
        room = acme.new_room()
        simulator.await_held(hold)
        with start_worker(tmp_path, REDIS_URL=broker.url):
            worker.kill()
            let_its_lease_run_out(last(room))
            await_succeeded(room, NOTICED_SECS)
    assert_agreed(simulator, room)
    assert (made(simulator, room), last(room).crashes) == (1, 1)
    assert last(room).result == {"telnyx_id": at_telnyx(simulator, room)[0]["id"], "found_again": True}


def let_its_lease_run_out(order: Operation) -> None:
    """As if it had been waited for, which is not long."""
    assert order.state == "leased"
    assert order.leased_until_at is not None
    assert order.leased_until_at < timezone.now() + LEASE
    Operation.objects.filter(pk=order.pk).update(leased_until_at=Now())


def test_what_happens_to_the_broker_is_no_matter(acme: Company, simulator: Simulator, tmp_path: Path) -> None:
    port = free_port()
    told = {"REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    with start_web(tmp_path, **told) as url, ExitStack() as stack:
        back_end = acme.at(url).back_end
        broker = stack.enter_context(start_broker(tmp_path, port))
        forgotten = order_that_waits(back_end, broker)
        broker.forget_everything()
        worker = stack.enter_context(start_worker(tmp_path, **told))
        await_succeeded(forgotten, NOTICED_SECS)
        assert "Task rooms.tasks.carry_out" not in worker.log

        broker.kill()
        assert median(secs_to_make_rooms(back_end)) < AT_ONCE_SECS
        wait_until(lambda: not unfinished(), NOTICED_SECS, pause_secs=0.05)

        stack.enter_context(start_broker(tmp_path, port))
        wait_until(lambda: back_end.post("/v2/rooms") and is_woken(worker), 20, pause_secs=0.5)
    assert_agreed(simulator, forgotten)


def order_that_waits(back_end: Asker, broker: Broker) -> Json:
    """A room whose order waits in the table, and its wake-up in the broker."""
    room = back_end.post("/v2/rooms").data
    with redis.Redis.from_url(broker.url) as client:
        wait_until(lambda: client.llen("celery") == 1)
    assert last(room).state == "pending"
    return room


def is_woken(worker: Running) -> bool:
    return "Task rooms.tasks.carry_out" in worker.log


def secs_to_make_rooms(back_end: Asker) -> list[float]:
    """How long it took to answer each of a few rooms."""
    taken = []
    for _ in range(5):
        started = time.monotonic()
        assert back_end.post("/v2/rooms").status == 201
        taken.append(time.monotonic() - started)
    return taken


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_hangs_keeps_no_request_waiting(acme: Company, tmp_path: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as hanging:  # accepts, and never answers
        broker = f"{scheme}://127.0.0.1:{hanging.getsockname()[1]}//"
        with start_web(tmp_path, CELERY_BROKER_URL=broker, REDIS_URL=NOWHERE) as url:
            assert median(secs_to_make_rooms(acme.at(url).back_end)) < AT_ONCE_SECS
    assert Operation.objects.filter(state="pending").count() == 5


def redis_url() -> str:
    """The machine's Redis, if one answers; else the test is skipped."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    url = f"{REDIS}/{8 + worker % 8}"
    try:
        with redis.Redis.from_url(url) as client:
            client.flushdb()
    except redis.ConnectionError as error:
        pytest.skip(f"no Redis answers at {url}: {error}")
    return url


def rabbitmq_url() -> str:
    """The machine's RabbitMQ, if one answers; else the test is skipped."""
    try:
        with Connection(RABBITMQ, connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1)
            connection.SimpleQueue("celery").close()
    except OperationalError as error:
        pytest.skip(f"no RabbitMQ answers: {error}")
    return RABBITMQ


@pytest.mark.parametrize("find", [redis_url, rabbitmq_url], ids=["redis", "rabbitmq"])
def test_other_brokers_wake_as_well(
    acme: Company, simulator: Simulator, tmp_path: Path, find: Callable[[], str]
) -> None:
    broker = find()
    told = {"CELERY_BROKER_URL": broker, "REDIS_URL": NOWHERE}
    with start_web(tmp_path, **told) as url, start_worker(tmp_path, **told) as worker:
        room = acme.at(url).back_end.post("/v2/rooms").data
        await_succeeded(room, WOKEN_SECS)
        worker.await_log("Task rooms.tasks.carry_out", NOTICED_SECS)
    assert_agreed(simulator, room)
