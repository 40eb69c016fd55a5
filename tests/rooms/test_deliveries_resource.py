"""Deliveries as a back end sees them, has them sent again, and tries whether they would arrive."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from rooms import delivering, replaying
from rooms.models import Delivery
from tests.asking import Answer
from tests.cast import Company, make_company
from tests.rooms.deliveries import deliver_due, rows
from tests.rooms.gatherings import Gathering
from tests.rooms.receivers import Receiver, public_keys
from tests.simulated import Simulator
from videobroker.tenants.models import AuditEntry

LIST = "/v2/webhook_deliveries"
REPLAY = f"{LIST}/actions/replay"
ALL_TIME = {"from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}


@pytest.fixture
def told(gathering: Gathering, receiver: Receiver) -> Gathering:
    """Bo has come: two deliveries, one of them sent."""
    url = f"{receiver.url}?key=hidden"
    gathering.company.back_end.patch(f"/v2/rooms/{gathering.room['id']}", {"webhook_event_url": url})
    gathering.comes("bo")
    gathering.hear()
    delivering.deliver(rows()[0].pk)
    return gathering


# --- Looking ----------------------------------------------------------------------------------------------


def test_a_delivery_shows_what_became_of_it(told: Gathering, acme: Company) -> None:
    joined, started = acme.back_end.get(LIST).data
    expected = {
        "record_type": "webhook_delivery",
        "room_id": told.room["id"],
        "event_type": "video.room.session.started",
        "subject_id": str(told.session.pk),
        "sequence": 1,
        "state": "delivered",
        "attempt_count": 1,
        "last_status": 200,
        "last_error": "",
        "next_attempt_at": None,
    }
    assert {name: started[name] for name in expected} == expected
    assert started["finished_at"] is not None
    assert (joined["state"], joined["attempt_count"]) == ("pending", 0)
    assert joined["next_attempt_at"] is not None


def test_one_delivery_shows_its_event_and_its_attempts_without_the_urls_query(
    told: Gathering, acme: Company, receiver: Receiver
) -> None:
    (webhook,) = receiver.webhooks
    answer = acme.back_end.get(f"{LIST}/{webhook.event['id']}")
    assert answer.data["payload"] == webhook.event["payload"]
    (attempt,) = answer.data["attempts"]
    assert (attempt["number"], attempt["url"], attempt["status"]) == (1, receiver.url, 200)
    assert (attempt["error"], attempt["is_failover"]) == ("", False)
    assert attempt["duration_secs"] >= 0
    assert webhook.path.endswith("?key=hidden")
    assert b"hidden" not in answer.raw


def test_deliveries_are_found(told: Gathering, acme: Company) -> None:
    queries: list[tuple[dict[str, str], list[int]]] = [
        ({}, [2, 1]),
        ({"filter[room_id]": told.room["id"]}, [2, 1]),
        ({"filter[room_id]": str(uuid4())}, []),
        ({"filter[state]": "delivered"}, [1]),
        ({"filter[state]": "failed"}, []),
        ({"filter[event_type]": "video.room.participant.joined"}, [2]),
        ({"filter[date_created_at][lte]": "2020-01-01"}, []),
        ({"filter[date_created_at][gte]": "2020-01-01", "page[size]": "1"}, [2]),
    ]
    for query, found in queries:
        assert [each["sequence"] for each in acme.back_end.get(LIST, query).data] == found, query


def test_a_filter_that_does_not_do_is_named(acme: Company) -> None:
    for name, value in (("filter[state]", "lost"), ("filter[event_type]", "joined")):
        refused = acme.back_end.get(LIST, {name: value})
        assert (refused.status, refused.error["source"]) == (400, {"parameter": name})


def test_people_have_no_part_in_it_be_they_moderators(told: Gathering, acme: Company) -> None:
    ana, path = acme.person("ana"), f"{LIST}/{rows()[0].pk}"
    test = f"/v2/rooms/{told.room['id']}/actions/test_webhook"
    answers = [ana.get(LIST), ana.get(path), ana.post(REPLAY, ALL_TIME), ana.post(test)]
    assert {answer.refusal for answer in answers} == {(403, "back_end_only")}


def test_another_tenant_sees_and_replays_nothing(told: Gathering, globex: Company) -> None:
    back_end, ids = globex.back_end, [str(row.pk) for row in rows()]
    assert back_end.get(LIST).data == []
    assert back_end.get(f"{LIST}/{ids[0]}").refusal == (404, "not_found")
    assert back_end.post(REPLAY, {"ids": ids}).data == {"replayed": 0}
    assert back_end.post(REPLAY, ALL_TIME).data == {"replayed": 0}
    assert back_end.post(REPLAY, {**ALL_TIME, "room_id": told.room["id"]}).refusal == (404, "not_found")
    assert [row.state for row in rows()] == ["delivered", "pending"]


# --- Once more --------------------------------------------------------------------------------------------


def replay(told: Gathering, **body: Any) -> Answer:
    return told.company.back_end.post(REPLAY, body)


def test_what_is_replayed_comes_again_as_the_same_event(told: Gathering, receiver: Receiver) -> None:
    deliver_due()
    assert replay(told, ids=[str(row.pk) for row in rows()]).data == {"replayed": 2}
    deliver_due()
    first, again = receiver.webhooks[0], receiver.webhooks[2]
    assert first.event == again.event
    assert (first.meta["attempt"], again.meta["attempt"]) == (1, 2)
    again.unwrap(public_keys()[0])
    assert {row.state for row in rows()} == {"delivered"}


def test_a_span_of_time_is_replayed_of_one_room_or_of_all(
    told: Gathering, acme: Company, receiver: Receiver
) -> None:
    deliver_due()
    other = acme.new_room()["id"]
    assert replay(told, **ALL_TIME).data == {"replayed": 2}
    deliver_due()
    assert replay(told, **ALL_TIME, room_id=told.room["id"]).data == {"replayed": 2}
    assert replay(told, **ALL_TIME, room_id=other).data == {"replayed": 0}
    assert replay(told, **{**ALL_TIME, "to": "2020-01-02T00:00:00Z"}).data == {"replayed": 0}


def test_what_was_given_up_is_tried_for_another_day(told: Gathering, receiver: Receiver) -> None:
    Delivery.objects.update(state="failed", tries=40)
    before = rows()[1].deadline_at
    Delivery.objects.update(deadline_at=before - timedelta(days=3))
    replay(told, ids=[str(rows()[1].pk)])
    row = rows()[1]
    assert (row.state, row.tries, row.deadline_at >= before) == ("pending", 0, True)
    deliver_due()
    assert receiver.kinds[-1] == "participant.joined"


def test_what_is_being_sent_is_left_to_its_sender(told: Gathering) -> None:
    first = rows()[1]
    leased = delivering._lease(first.pk)
    assert leased is not None
    assert replay(told, ids=[str(first.pk)]).data == {"replayed": 0}
    delivering._write(leased, delivering._send(leased))
    first.refresh_from_db()
    assert first.state == "delivered"


def test_ids_that_never_were_are_passed_over(told: Gathering) -> None:
    assert replay(told, ids=[str(uuid4()), str(rows()[0].pk)]).data == {"replayed": 1}


def test_as_many_ids_as_may_be_given_fit_into_a_body(told: Gathering) -> None:
    ids = [str(uuid4()) for _ in range(replaying.MOST_IDS)]
    assert replay(told, ids=ids).data == {"replayed": 0}
    assert replay(told, ids=[*ids, str(uuid4())]).refusal == (422, "out_of_range")


def test_too_much_at_once_is_refused_and_nothing_begun(told: Gathering) -> None:
    found = rows()[0]
    more = [
        Delivery(
            tenant=found.tenant, room=found.room, event_type=found.event_type, subject_id=uuid4(), sequence=number,
            occurred_at=found.occurred_at, payload={}, deadline_at=found.deadline_at, state="failed",
            due_at=found.due_at, created_at=found.created_at,
        )
        for number in range(3, replaying.MOST_AT_ONCE + 2)
    ]  # fmt: skip
    Delivery.objects.bulk_create(more)
    refused = replay(told, **ALL_TIME)
    assert (refused.refusal, refused.error["source"]) == ((422, "out_of_range"), {"pointer": "/to"})
    assert Delivery.objects.filter(state="failed").count() == len(more)


UNCLEAR: list[dict[str, Any]] = [
    {},
    {"ids": []},
    {"ids": ["one"]},
    {"ids": [str(uuid4())], **ALL_TIME},
    {"ids": [str(uuid4())], "room_id": str(uuid4())},
    {"from": "2020-01-01T00:00:00Z"},
    {"to": "2020-01-01T00:00:00Z"},
    {"from": "2020-01-02T00:00:00Z", "to": "2020-01-01T00:00:00Z"},
    {"room_id": str(uuid4())},
    {**ALL_TIME, "state": "failed"},
]


def test_a_replay_of_nothing_clear_is_refused(acme: Company) -> None:
    assert [acme.back_end.post(REPLAY, body).status for body in UNCLEAR] == [422] * len(UNCLEAR)


def test_a_replay_is_audited_and_idempotent(told: Gathering, acme: Company) -> None:
    body = {"ids": [str(row.pk) for row in rows()]}
    answers = [acme.back_end.post(REPLAY, body, Idempotency_Key="once") for _ in range(2)]
    assert [answer.data for answer in answers] == [{"replayed": 2}] * 2
    (entry,) = AuditEntry.objects.filter(action="webhooks.replayed")
    assert (entry.tenant, entry.details) == (acme.row, {"ids": 2, "replayed": 2})


# --- Trying -----------------------------------------------------------------------------------------------


def try_out(told: Gathering) -> Answer:
    return told.company.back_end.post(f"/v2/rooms/{told.room['id']}/actions/test_webhook")


def test_a_test_says_that_it_arrived(told: Gathering, receiver: Receiver) -> None:
    answer = try_out(told)
    assert answer.status == 200
    told_of = {name: answer.data[name] for name in ("delivered", "status", "error", "url")}
    assert told_of == {"delivered": True, "status": 200, "error": "", "url": receiver.url}
    sent = receiver.webhooks[-1]
    assert sent.kind == "test"
    assert sent.event["payload"] == {"room_id": told.room["id"], "sequence": None}
    assert sent.unwrap(public_keys()[0]).event_type == "video.room.test"
    assert b"hidden" not in answer.raw


def test_a_test_says_why_it_did_not_arrive(told: Gathering, receiver: Receiver) -> None:
    receiver.statuses = [401]
    data = try_out(told).data
    assert (data["delivered"], data["status"]) == (False, 401)
    assert "2xx" in data["error"]


def test_a_test_leaves_no_trace_in_the_sequence(told: Gathering) -> None:
    try_out(told)
    assert [row.sequence for row in rows()] == [1, 2]
    assert AuditEntry.objects.get(action="webhook.tested").details == {"delivered": True}


def test_a_room_without_a_url_has_nothing_to_test(acme: Company) -> None:
    path = f"/v2/rooms/{acme.new_room()['id']}/actions/test_webhook"
    assert acme.back_end.post(path).refusal == (409, "no_webhook_event_url")


@pytest.mark.django_db
def test_tests_are_throttled_since_each_may_hold_a_thread_of_ours(telnyx_is_simulated: Simulator) -> None:
    company = make_company("initech", telnyx_is_simulated)  # nobody has counted anything of theirs before
    path = f"/v2/rooms/{company.new_room()['id']}/actions/test_webhook"
    statuses = [company.back_end.post(path).status for _ in range(45)]
    assert statuses[:20] == [409] * 20
    assert 429 in statuses[20:]
