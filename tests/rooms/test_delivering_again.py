"""Receivers that are down, slow, wrong or hostile: everything is delivered in the end, or given up after a day, and
nobody is led to where they may not go."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from rooms import delivering
from rooms.models import Delivery, DeliveryAttempt, Room
from tests.cast import Company
from tests.rooms.deliveries import attempts, deliver_due, let_pass, rows, wait_for_retry
from tests.rooms.gatherings import Gathering
from tests.rooms.receivers import Receiver, receiving
from videobroker.running.ports import free_port


@pytest.fixture
def told(gathering: Gathering, receiver: Receiver) -> Gathering:
    """Bo has come into a room whose events go to the receiver: two of them wait."""
    set_urls(gathering, receiver.url)
    gathering.comes("bo")
    gathering.hear()
    return gathering


def set_urls(gathering: Gathering, url: str, failover: str = "", **more: int) -> None:
    fields = {"webhook_event_url": url, "webhook_event_failover_url": failover, **more}
    answer = gathering.company.back_end.patch(f"/v2/rooms/{gathering.room['id']}", fields)
    assert answer.status == 200, answer


def nobody_listens() -> str:
    return f"http://127.0.0.1:{free_port()}/hook"


def test_after_an_hour_without_a_receiver_everything_arrives_and_the_sequence_restores_the_order(
    told: Gathering, receiver: Receiver
) -> None:
    set_urls(told, nobody_listens())
    passed = timedelta()
    while passed < timedelta(hours=1):
        deliver_due()
        passed += wait_for_retry()
    told.leaves(str(told.session.participants.get().telnyx_id))
    told.hear()
    set_urls(told, receiver.url)
    let_pass(timedelta(hours=1))
    for row in reversed(rows()):
        delivering.deliver(row.pk)
    assert {row.state for row in rows()} == {"delivered"}
    ordered = sorted(receiver.webhooks, key=lambda webhook: webhook.sequence)
    assert ordered == receiver.webhooks[::-1]
    assert [each.kind for each in ordered] == [
        "session.started", "participant.joined", "participant.left", "session.ended",
    ]  # fmt: skip
    assert ordered[0].meta["attempt"] > 10


def test_the_pauses_double_from_a_second_to_an_hour() -> None:
    for tries, longest in ((1, 1), (2, 2), (3, 4), (10, 512), (12, 2048), (13, 3600), (400, 3600)):
        found = {delivering.backoff_secs(tries) for _ in range(50)}
        assert 0.8 * longest <= min(found) < max(found) <= longest


def test_a_receiver_that_is_down_for_a_day_is_given_up(told: Gathering) -> None:
    set_urls(told, nobody_listens())
    first = rows()[0]
    passed = timedelta()
    while Delivery.objects.filter(pk=first.pk).exclude(state="failed").exists():
        assert passed < timedelta(hours=25)
        deliver_due()
        passed += (
            wait_for_retry() if Delivery.objects.filter(state="pending").exists() else timedelta(hours=1)
        )
    first.refresh_from_db()
    assert timedelta(hours=22) < passed
    assert first.last_error.startswith("unreachable")
    assert 30 < first.attempt_count == len(attempts(first)) < 60
    assert delivering.deliver(first.pk) is None


def test_after_three_failures_the_failover_url_takes_turns(told: Gathering, receiver: Receiver) -> None:
    receiver.statuses = [500]
    with receiving() as failover:
        failover.statuses = [500, 503, 204]
        set_urls(told, receiver.url, failover.url)
        first = rows()[0]
        while not first.finished_at:
            delivering.deliver(first.pk)
            let_pass(timedelta(hours=1))
            first.refresh_from_db()
        went = [each.is_failover for each in attempts(first)]
        assert went == [False, False, False, True, False, True, False, True]
        assert [each.status for each in attempts(first)] == [500, 500, 500, 500, 500, 503, 500, 204]
        assert {webhook.meta["delivered_to"] for webhook in failover.webhooks} == {failover.url}
        ids = {webhook.event["id"] for webhook in (*receiver.webhooks, *failover.webhooks)}
        assert ids == {str(first.pk)}


def test_every_2xx_is_delivered_and_every_other_answer_is_tried_again(
    told: Gathering, receiver: Receiver
) -> None:
    first = rows()[0]
    for status in (300, 302, 304, 400, 404, 410, 429, 500, 503, 200, 201, 204, 299):
        receiver.statuses = [status]
        Delivery.objects.filter(pk=first.pk).update(state="pending", due_at=Now())
        found = delivering.deliver(first.pk)
        assert found is not None
        if 200 <= status < 300:
            assert (found.state, found.last_status, found.last_error) == ("delivered", status, "")
        else:
            assert (found.state, found.last_status) == ("pending", status)
            assert found.last_error.startswith(f"answered {status}")


def test_a_redirect_is_not_followed(told: Gathering, receiver: Receiver) -> None:
    with receiving() as private:
        receiver.statuses, receiver.headers = [302], {"Location": private.url}
        deliver_due()
        assert (receiver.connections, private.connections) == (2, 0)
        assert {row.state for row in rows()} == {"pending"}


def test_no_private_address_is_ever_connected_to(told: Gathering, receiver: Receiver, settings: Any) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = False
    for url in (receiver.url, receiver.url.replace("127.0.0.1", "localhost"), "http://[::1]:8999/hook"):
        set_urls(told, url, url)
        let_pass(timedelta(hours=2))
        deliver_due()
    assert receiver.connections == 0
    assert {(row.state, row.attempt_count, row.last_status) for row in rows()} == {("pending", 3, None)}
    tested = told.company.back_end.post(f"/v2/rooms/{told.room['id']}/actions/test_webhook").data
    assert (tested["delivered"], tested["status"], receiver.connections) == (False, None, 0)


def test_a_receiver_that_does_not_answer_in_time_has_not_taken_it(
    told: Gathering, receiver: Receiver
) -> None:
    set_urls(told, receiver.url, webhook_timeout_secs=1)
    receiver.held.set()
    first = rows()[0]
    found = delivering.deliver(first.pk)
    assert found is not None
    assert (found.state, found.last_status) == ("pending", None)
    assert found.last_error.startswith("timed_out")
    (made,) = attempts(first)
    assert made.duration_secs is not None
    assert 0.9 < made.duration_secs < 3


def test_an_answer_without_end_is_not_read_to_its_end(told: Gathering, receiver: Receiver) -> None:
    receiver.answer = b"x" * 400_000
    deliver_due()
    assert {row.last_error.split(":")[0] for row in rows()} == {"too_large"}


def test_a_corrected_url_is_used_from_the_next_try_on(told: Gathering, receiver: Receiver) -> None:
    set_urls(told, nobody_listens())
    deliver_due()
    set_urls(told, receiver.url)
    let_pass(timedelta(seconds=5))
    deliver_due()
    assert [webhook.meta["attempt"] for webhook in receiver.webhooks] == [2, 2]


def test_a_room_that_wants_nothing_any_more_is_sent_nothing_any_more(
    told: Gathering, receiver: Receiver
) -> None:
    Room.objects.update(webhook_event_url="")
    deliver_due()
    assert receiver.connections == 0
    assert {(row.state, row.last_error) for row in rows()} == {
        ("failed", "the room has no webhook_event_url any more")
    }


# --- Whatever dies meanwhile ------------------------------------------------------------------------------


def test_what_a_sender_that_died_had_taken_is_sent_again_when_its_lease_is_over(
    told: Gathering, receiver: Receiver
) -> None:
    first = rows()[0]
    dead = delivering._lease(first.pk)
    assert dead is not None
    assert delivering.deliver(first.pk) is None
    assert first.pk not in delivering.due().values_list("pk", flat=True)
    let_pass(timedelta(seconds=16))
    assert delivering.deliver(first.pk) is not None
    assert [(each.number, each.status) for each in attempts(first)] == [(1, None), (2, 200)]
    assert [webhook.meta["attempt"] for webhook in receiver.webhooks] == [2]


def test_a_lease_outlasts_the_receivers_time(told: Gathering, receiver: Receiver) -> None:
    set_urls(told, receiver.url, webhook_timeout_secs=30)
    first = rows()[0]
    delivering._lease(first.pk)
    let_pass(timedelta(seconds=35))
    assert first.pk not in delivering.due().values_list("pk", flat=True)


def test_a_sender_that_comes_back_after_its_lease_changes_nothing(
    told: Gathering, receiver: Receiver
) -> None:
    first = rows()[0]
    late = delivering._lease(first.pk)
    assert late is not None
    let_pass(timedelta(seconds=16))
    delivering.deliver(first.pk)
    receiver.statuses = [500]
    delivering._write(late, delivering._send(late))
    first.refresh_from_db()
    assert (first.state, first.last_status) == ("delivered", 200)
    assert DeliveryAttempt.objects.get(delivery=first, number=1).status == 500


def test_of_two_senders_one_sends(told: Gathering, receiver: Receiver) -> None:
    first = rows()[0]
    assert delivering.deliver(first.pk) is not None
    assert delivering.deliver(first.pk) is None
    assert len(receiver.webhooks) == 1


def test_a_delivery_of_a_deleted_room_still_arrives(
    told: Gathering, acme: Company, receiver: Receiver
) -> None:
    assert acme.back_end.delete(f"/v2/rooms/{told.room['id']}").status == 204
    deliver_due()
    assert receiver.kinds == ["session.started", "participant.joined"]
