"""Webhooks: what they say, how they are signed, and how hard the simulator tries."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from telnyx import Telnyx

from tests.simulated import ControlError, Json, Simulator, wait_until
from tests.videobroker.simulator.receiving import Receiver, receive
from tests.videobroker.simulator.worlds import World, make_world

PERSON = {"session_id", "room_id", "participant_id", "context"}
RECORDING = {"session_id", "room_id", "participant_id", "recording_id", "type"}
PAYLOADS = {
    "session.started": {"session_id", "room_id"},
    "session.ended": {"session_id", "room_id", "duration_secs", "ended_reason"},
    "participant.joined": PERSON,
    "participant.left": PERSON | {"duration_secs", "left_reason"},
    "recording.started": RECORDING,
    "recording.completed": RECORDING | {"size_mb", "download_url", "codec", "duration_secs"},
    "composition.completed": {
        "composition_id",
        "session_id",
        "room_id",
        "download_url",
        "duration_secs",
        "format",
        "resolution",
        "size_mb",
    },
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receive() as listening:
        yield listening


@pytest.fixture
def failover() -> Iterator[Receiver]:
    with receive() as listening:
        yield listening


@pytest.fixture
def told(simulator: Simulator, receiver: Receiver) -> World:
    """A world whose room and composition tell the receiver."""
    world = make_world(simulator, webhook_event_url=receiver.url)
    order = {"session_id": world.session_id, "webhook_event_url": receiver.url}
    simulator.api("POST", "/room_compositions", json=order).raise_for_status()
    simulator.api("POST", f"/room_sessions/{world.session_id}/actions/end").raise_for_status()
    return world


def _enter(simulator: Simulator, receiver: Receiver, **room_fields: Any) -> Json:
    room = simulator.create_room(webhook_event_url=receiver.url, **room_fields)
    return simulator.enter(room["id"], "ana")


def _states(simulator: Simulator) -> list[str]:
    return [delivery["state"] for event in simulator.webhooks() for delivery in event["deliveries"]]


def test_all_seven_types_have_exactly_the_documented_fields(told: World, receiver: Receiver) -> None:
    receiver.await_count(9)

    assert {webhook.kind for webhook in receiver.received} == set(PAYLOADS)
    for webhook in receiver.received:
        assert set(webhook.data) == {"record_type", "event_type", "id", "occurred_at", "payload"}
        assert set(webhook.data["payload"]) == PAYLOADS[webhook.kind]
        assert webhook.meta == {"attempt": 1, "delivered_to": receiver.url}
        assert datetime.fromisoformat(webhook.data["occurred_at"]).tzinfo is not None
    assert len({webhook.data["id"] for webhook in receiver.received}) == 9


def test_payloads_say_what_happened(told: World, receiver: Receiver) -> None:
    receiver.await_count(9)

    joined = receiver.await_kind("participant.joined").data["payload"]
    left = receiver.await_kind("participant.left").data["payload"]
    ended = receiver.await_kind("session.ended").data["payload"]
    recorded = receiver.await_kind("recording.completed").data["payload"]
    assert joined["context"] in ("ana", "bo")
    assert (left["left_reason"], ended["ended_reason"]) == ("session_ended", "ended")
    assert left["room_id"] == ended["room_id"] == told.room_id
    assert recorded["recording_id"] == told.recording_id
    assert told.simulator.http.get(recorded["download_url"], timeout=10).status_code == 200


def test_one_type_writes_its_time_with_a_space_as_telnyx_does(told: World, receiver: Receiver) -> None:
    composed = receiver.await_kind("composition.completed").data["occurred_at"]
    started = receiver.await_kind("session.started").data["occurred_at"]

    assert (composed[10], started[10]) == (" ", "T")


def test_every_webhook_is_signed_by_its_account(told: World, receiver: Receiver) -> None:
    receiver.await_count(9)

    for webhook in receiver.received:
        webhook.verify(told.simulator.public_key)


def test_another_accounts_key_does_not_verify(simulator: Simulator, receiver: Receiver) -> None:
    globex = simulator.new_account()
    make_world(simulator, key=globex["api_key"], webhook_event_url=receiver.url)
    webhook = receiver.await_kind("session.started")

    webhook.verify(globex["public_key"])
    with pytest.raises(InvalidSignature):
        webhook.verify(simulator.public_key)


def test_the_sdks_own_verification_accepts_it(simulator: Simulator, receiver: Receiver) -> None:
    pytest.importorskip("nacl", reason="the SDK verifies webhooks with PyNaCl alone")
    _enter(simulator, receiver)
    webhook = receiver.await_kind("participant.joined")
    with Telnyx(api_key="unused", public_key=simulator.public_key) as client:
        client.webhooks.unwrap(webhook.raw.decode(), headers=webhook.headers)
        with pytest.raises(Exception, match=r"(?i)signature"):
            client.webhooks.unwrap(webhook.raw.decode() + " ", headers=webhook.headers)


def test_a_room_without_url_tells_nobody(simulator: Simulator) -> None:
    simulator.enter(simulator.create_room()["id"])

    assert [event["deliveries"] for event in simulator.webhooks()] == [[], []]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_anything_but_2xx_is_tried_again(simulator: Simulator, receiver: Receiver, status: int) -> None:
    simulator.settings(webhook_retry_secs=[0, 0.01, 0.02])
    receiver.statuses = [status, status, 200]

    simulator.send_webhook(receiver.url, "video.room.session.started", {})

    attempts = receiver.await_count(3)
    assert [webhook.meta["attempt"] for webhook in attempts] == [1, 2, 3]
    assert len({webhook.data["id"] for webhook in attempts}) == 1
    wait_until(lambda: _states(simulator) == ["delivered"])
    (delivery,) = simulator.webhooks()[0]["deliveries"]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [status, status, 200]
    assert len(receiver.received) == 3


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx_is_success(simulator: Simulator, receiver: Receiver, status: int) -> None:
    receiver.statuses = [status]

    simulator.send_webhook(receiver.url, "video.room.session.started", {})

    wait_until(lambda: _states(simulator) == ["delivered"])
    assert len(receiver.received) == 1


def test_after_all_tries_the_failover_is_tried_the_same_way(
    simulator: Simulator, receiver: Receiver, failover: Receiver
) -> None:
    simulator.settings(webhook_retry_secs=[0, 0])
    receiver.statuses, failover.statuses = [500], [500, 200]

    simulator.send_webhook(receiver.url, "video.room.session.started", {}, failover_url=failover.url)

    wait_until(lambda: _states(simulator) == ["delivered"])
    assert [webhook.meta["attempt"] for webhook in receiver.received] == [1, 2, 3]
    assert [webhook.meta for webhook in failover.received] == [
        {"attempt": 4, "delivered_to": failover.url},
        {"attempt": 5, "delivered_to": failover.url},
    ]


def test_a_webhook_nobody_takes_fails_in_the_end(simulator: Simulator, receiver: Receiver) -> None:
    simulator.settings(webhook_retry_secs=[0])
    receiver.statuses = [500]

    simulator.send_webhook(receiver.url, "video.room.session.started", {})

    wait_until(lambda: _states(simulator) == ["failed"])
    assert len(receiver.received) == 2


def test_a_receiver_that_does_not_answer_in_time_has_not_received(
    simulator: Simulator, receiver: Receiver
) -> None:
    simulator.settings(webhook_retry_secs=[])
    receiver.silent.set()

    simulator.send_webhook(receiver.url, "video.room.session.started", {}, timeout_secs=0.1)

    wait_until(lambda: _states(simulator) == ["failed"])
    assert simulator.webhooks()[0]["deliveries"][0]["attempts"][0]["error"] == "ReadTimeout"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://a..b/", "http://127.0.0.1:99999/"])
def test_a_receiver_that_cannot_be_reached_harms_no_other(
    simulator: Simulator, receiver: Receiver, url: str
) -> None:
    simulator.settings(webhook_retry_secs=[])
    for _ in range(6):
        simulator.send_webhook(url, "video.room.session.started", {})

    simulator.send_webhook(receiver.url, "video.room.session.ended", {})

    receiver.await_kind("session.ended")
    wait_until(lambda: _states(simulator).count("failed") == 6)


def test_a_slow_receiver_does_not_keep_others_waiting(
    simulator: Simulator, receiver: Receiver, failover: Receiver
) -> None:
    receiver.silent.set()
    simulator.send_webhook(receiver.url, "video.room.session.started", {})
    receiver.await_count(1)

    simulator.send_webhook(failover.url, "video.room.session.started", {})

    failover.await_count(1)


def test_drop_loses_the_event_and_nothing_else(simulator: Simulator, receiver: Receiver) -> None:
    simulator.fault("webhook_drop", match={"event_type": "video.room.session.started"})

    _enter(simulator, receiver)

    receiver.await_kind("participant.joined")
    assert receiver.kinds() == ["participant.joined"]
    wait_until(lambda: sorted(_states(simulator)) == ["delivered", "dropped"])


def test_duplicate_sends_the_same_event_again(simulator: Simulator, receiver: Receiver) -> None:
    simulator.fault("webhook_duplicate", match={"event_type": "video.room.session.started"}, copies=2)

    _enter(simulator, receiver)

    receiver.await_count(4)
    started = [webhook.data for webhook in receiver.received if webhook.kind == "session.started"]
    assert len(started) == 3
    assert len({event["id"] for event in started}) == 1


def test_delay_lets_later_events_pass(simulator: Simulator, receiver: Receiver) -> None:
    simulator.fault("webhook_delay", match={"event_type": "video.room.session.started"}, secs=0.2)

    _enter(simulator, receiver)

    receiver.await_count(2)
    assert receiver.kinds() == ["participant.joined", "session.started"]


def test_reorder_sends_a_full_window_backwards(simulator: Simulator, receiver: Receiver) -> None:
    simulator.fault("webhook_reorder", window=3, secs=30)
    room = simulator.create_room(webhook_event_url=receiver.url)

    simulator.enter(room["id"], "ana")
    simulator.enter(room["id"], "bo")

    receiver.await_count(3)
    assert receiver.kinds() == ["participant.joined", "participant.joined", "session.started"]
    assert receiver.received[0].data["payload"]["context"] == "bo"


def test_reorder_does_not_keep_a_window_that_never_fills(simulator: Simulator, receiver: Receiver) -> None:
    simulator.fault("webhook_reorder", window=50, secs=0.1)

    _enter(simulator, receiver)

    receiver.await_count(2)


def test_forge_signs_with_a_key_of_nobody(simulator: Simulator, receiver: Receiver) -> None:
    simulator.fault("webhook_forge", match={"event_type": "video.room.session.started"})

    _enter(simulator, receiver)

    with pytest.raises(InvalidSignature):
        receiver.await_kind("session.started").verify(simulator.public_key)
    receiver.await_kind("participant.joined").verify(simulator.public_key)


def test_a_webhook_fault_strikes_its_room_only(simulator: Simulator, receiver: Receiver) -> None:
    spared = simulator.create_room(webhook_event_url=receiver.url)
    struck = simulator.create_room(webhook_event_url=receiver.url)
    simulator.fault("webhook_drop", match={"room_id": struck["id"]})

    simulator.enter(struck["id"])
    simulator.enter(spared["id"])

    receiver.await_count(2)
    assert {webhook.data["payload"]["room_id"] for webhook in receiver.received} == {spared["id"]}


def test_an_event_to_order_says_what_it_is_told(simulator: Simulator, receiver: Receiver) -> None:
    globex = simulator.new_account()

    event_id = simulator.send_webhook(
        receiver.url, "video.room.renamed", {"a": [1, "é"]}, account_id=globex["id"]
    )

    (webhook,) = receiver.await_count(1)
    assert (webhook.data["id"], webhook.data["event_type"]) == (event_id, "video.room.renamed")
    assert webhook.data["payload"] == {"a": [1, "é"]}
    webhook.verify(globex["public_key"])


@pytest.mark.parametrize(
    "wrong", [{"url": "x"}, {"payload": 7}, {"event_type": ""}, {"account_id": "globex"}, {"to": "x"}]
)
def test_an_event_to_order_that_makes_no_sense_is_refused(simulator: Simulator, wrong: Json) -> None:
    order = {"url": "http://127.0.0.1:1/", "event_type": "x", "payload": {}} | wrong

    with pytest.raises(ControlError) as refused:
        simulator.control("POST", "webhooks", **order)
    assert refused.value.status == 422


def test_events_are_listed_by_room_and_type(simulator: Simulator) -> None:
    room, other = simulator.create_room(), simulator.create_room()
    simulator.enter(room["id"])
    simulator.enter(other["id"])

    listed = simulator.webhooks(room_id=room["id"], event_type="video.room.session.started")

    assert [event["payload"]["room_id"] for event in listed] == [room["id"]]


def test_telnyx_clock_dates_the_signature(simulator: Simulator, receiver: Receiver) -> None:
    simulator.settings(clock_offset_secs=-1000)
    simulator.send_webhook(receiver.url, "video.room.session.started", {})
    then = int(receiver.await_count(1)[0].headers["telnyx-timestamp"])
    simulator.settings(clock_offset_secs=0)
    simulator.send_webhook(receiver.url, "video.room.session.started", {})

    now = int(receiver.await_count(2)[1].headers["telnyx-timestamp"])

    assert 999 <= now - then <= 1020
