"""Several tenants' deliveries at once: a receiver that does not answer holds up its own tenant and nobody else."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from rooms import tasks
from rooms.dispatching import AT_ONCE_FOR_TENANT, Dispatcher
from rooms.models import Delivery, Room
from rooms.runners import FAILURES_IN_A_ROW
from tests.cast import Company
from tests.rooms.receivers import Receiver, receiving
from tests.simulated import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def silent(receiver: Receiver) -> Iterator[Receiver]:
    """A receiver that takes everything and answers nothing."""
    with receiving() as found:
        found.held.set()
        yield found


def write(company: Company, receiver: Receiver, count: int, timeout_secs: int = 20) -> None:
    """As if so many things had happened in a new room of this company."""
    room = Room.objects.create(
        tenant=company.row,
        account=company.row.account,
        webhook_event_url=receiver.url,
        webhook_timeout_secs=timeout_secs,
    )
    Delivery.objects.bulk_create(
        Delivery(
            tenant=company.row,
            room=room,
            event_type="video.room.session.started",
            subject_id=uuid4(),
            sequence=number,
            occurred_at=timezone.now(),
            payload={"sequence": number},
            deadline_at=Now() + timedelta(days=1),
        )
        for number in range(1, count + 1)
    )


def works_off(dispatcher: Dispatcher) -> None:
    """Dispatch as a worker does, until nothing is due and nobody runs."""

    def is_done() -> bool:
        dispatcher.dispatch()
        return not dispatcher.running() and not Delivery.objects.exclude(state="delivered").exists()

    wait_until(is_done, pause_secs=0.05)


def test_what_is_due_is_worked_off_in_parallel_each_once(acme: Company, receiver: Receiver) -> None:
    write(acme, receiver, 40)
    works_off(Dispatcher())
    assert sorted(webhook.sequence for webhook in receiver.webhooks) == list(range(1, 41))


def test_a_silent_receiver_of_one_tenant_holds_up_no_other(
    acme: Company, globex: Company, receiver: Receiver, silent: Receiver
) -> None:
    write(acme, silent, 30)
    write(globex, receiver, 10)
    dispatcher = Dispatcher(at_once=2 * AT_ONCE_FOR_TENANT)
    assert dispatcher.dispatch() == 2 * AT_ONCE_FOR_TENANT
    wait_until(lambda: len(receiver.webhooks) == 10)
    wait_until(lambda: len(silent.webhooks) == AT_ONCE_FOR_TENANT)
    assert dispatcher.dispatch() == 0
    silent.held.clear()
    silent.released.set()
    wait_until(lambda: not dispatcher.running())


def test_places_are_shared_out_evenly(acme: Company, globex: Company, silent: Receiver) -> None:
    write(acme, silent, 30)
    write(globex, silent, 30)
    dispatcher = Dispatcher(at_once=4)
    assert dispatcher.dispatch() == 4
    wait_until(lambda: len(silent.webhooks) == 4)
    taken = Delivery.objects.filter(state="leased").values_list("tenant__slug", flat=True)
    assert sorted(taken) == ["acme", "acme", "globex", "globex"]
    silent.released.set()
    wait_until(lambda: not dispatcher.running())


def test_a_tenant_whose_receivers_keep_failing_has_one_place_until_something_arrives(
    acme: Company, receiver: Receiver
) -> None:
    write(acme, receiver, 12)
    receiver.statuses = [500]
    dispatcher = Dispatcher()
    while len(receiver.webhooks) < FAILURES_IN_A_ROW:
        dispatcher.dispatch()
        wait_until(lambda: not dispatcher.running())
    Delivery.objects.update(due_at=Now())
    assert dispatcher.dispatch() == 1
    wait_until(lambda: not dispatcher.running())
    receiver.statuses = [200]
    Delivery.objects.update(due_at=Now())
    dispatcher.dispatch()
    wait_until(lambda: not dispatcher.running())
    assert {row.state for row in Delivery.objects.all()} == {"delivered"}
    write(acme, receiver, 12)
    assert dispatcher.dispatch() == AT_ONCE_FOR_TENANT
    wait_until(lambda: not dispatcher.running())


def test_a_wake_up_delivers_what_is_due_and_waits_for_nobody(acme: Company, receiver: Receiver) -> None:
    write(acme, receiver, 3)
    tasks.deliver()
    wait_until(lambda: Delivery.objects.filter(state="delivered").count() == 3)
