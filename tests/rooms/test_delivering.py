"""What happens in a room is told to its tenant's back end: signed, once each, with our names, in an order."""

from collections.abc import Iterator
from http.server import HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from rooms import delivering, happenings, telling
from rooms.models import Delivery, Participant, Room, Session
from tests.asking import Asker
from tests.cast import Company
from tests.pages import ROOT, Page
from tests.rooms.deliveries import deliver_due, rows
from tests.rooms.gatherings import Gathering
from tests.rooms.receivers import Receiver, public_keys, receiving
from videobroker.tenants import signing

STORY = ["session.started", "participant.joined", "participant.left", "session.ended"]


@pytest.fixture
def told(gathering: Gathering, receiver: Receiver) -> Gathering:
    """Acme's back end wants to know what happens in the demo room."""
    gathering.company.back_end.patch(f"/v2/rooms/{gathering.room['id']}", {"webhook_event_url": receiver.url})
    return gathering


def bo_comes_and_goes(gathering: Gathering) -> str:
    bo = gathering.comes("bo")
    gathering.hear()
    gathering.leaves(bo)
    gathering.hear()
    return bo


def test_a_visit_is_told_in_telnyxs_words_with_our_ids_and_who_it_was(
    told: Gathering, receiver: Receiver
) -> None:
    person = told.person(bo_comes_and_goes(told))
    deliver_due()
    started, joined, left, *_ = receiver.webhooks
    assert receiver.kinds == STORY
    assert set(joined.event) == {"record_type", "event_type", "id", "occurred_at", "payload"}
    assert joined.event["record_type"] == "event"
    assert joined.meta == {"attempt": 1, "delivered_to": receiver.url}
    session_id, room_id = str(told.session.pk), told.room["id"]
    assert started.event["payload"] == {"room_id": room_id, "session_id": session_id, "sequence": 1}
    assert joined.event["payload"] == {
        "room_id": room_id,
        "session_id": session_id,
        "participant_id": str(person.pk),
        "context": person.context,
        "identity": "bo",
        "display_name": "Bo",
        "role": "participant",
        "attribution": "attributed",
        "grant_id": str(person.grant_id),
        "sequence": 2,
    }
    assert left.event["payload"]["left_reason"] == person.left_reason != ""
    assert left.event["payload"]["duration_secs"] >= 0


def test_no_id_of_telnyxs_is_told(told: Gathering, receiver: Receiver) -> None:
    telnyx_id = bo_comes_and_goes(told)
    deliver_due()
    sent = b"".join(webhook.raw for webhook in receiver.webhooks).decode()
    for secret in (telnyx_id, str(told.session.telnyx_id), str(told.row.telnyx_id)):
        assert secret not in sent


def test_telnyxs_own_sdk_verifies_and_reads_every_event(told: Gathering, receiver: Receiver) -> None:
    bo_comes_and_goes(told)
    deliver_due()
    (key,) = public_keys()
    read = [webhook.unwrap(key) for webhook in receiver.webhooks]
    assert [event.event_type for event in read] == [f"video.room.{kind}" for kind in STORY]
    assert {event.payload["session_id"] for event in read} == {str(told.session.pk)}
    assert read[1].payload["participant_id"] == str(Participant.objects.get().pk)


def test_the_sdk_refuses_an_event_that_was_changed_on_its_way(told: Gathering, receiver: Receiver) -> None:
    bo_comes_and_goes(told)
    deliver_due()
    (key,) = public_keys()
    for webhook in receiver.webhooks:
        forged = type(webhook)(webhook.path, webhook.headers, webhook.raw.replace(b"event", b"Event"))
        with pytest.raises(ValueError, match="Signature"):
            forged.unwrap(key)


def test_after_a_rotation_both_keys_are_published_and_the_new_one_signs(
    told: Gathering, receiver: Receiver
) -> None:
    (old,) = public_keys()
    signing.rotate(signing.Purpose.WEBHOOK, now=timezone.now())
    new, former = public_keys()
    assert former == old
    bo_comes_and_goes(told)
    deliver_due()
    assert receiver.webhooks[0].unwrap(new).event_type == "video.room.session.started"
    with pytest.raises(ValueError, match="Signature"):
        receiver.webhooks[0].unwrap(old)


def test_the_keys_are_those_of_the_key_set(db: None) -> None:
    listed = Asker().get("/v2/webhook_keys")
    assert [set(each) for each in listed.data] == [{"id", "record_type", "public_key"}]
    assert listed.data[0]["id"] in {
        each["kid"] for each in Asker().get("/.well-known/jwks.json").body["keys"]
    }


def test_nothing_is_told_twice_however_often_it_is_heard(told: Gathering, receiver: Receiver) -> None:
    bo_comes_and_goes(told)
    told.post.deliver(told.told())
    told.asks()
    telling.tell_untold(timezone.now())
    deliver_due()
    deliver_due()
    assert receiver.kinds == STORY
    assert [webhook.sequence for webhook in receiver.webhooks] == [1, 2, 3, 4]
    assert len({webhook.event["id"] for webhook in receiver.webhooks}) == 4


def test_what_webhooks_missed_is_told_after_asking(told: Gathering, receiver: Receiver) -> None:
    told.comes("bo")
    told.comes("ana")
    told.asks()
    deliver_due()
    assert receiver.kinds == ["session.started", "participant.joined", "participant.joined"]
    assert [webhook.event["payload"]["identity"] for webhook in receiver.webhooks[1:]] == ["bo", "ana"]


def test_facts_that_become_known_together_are_told_in_the_order_in_which_they_happened(
    told: Gathering, receiver: Receiver
) -> None:
    bo = told.comes("bo")
    told.asks()
    ana = told.comes("ana")
    told.leaves(bo)
    told.leaves(ana)
    told.asks()
    deliver_due()
    people = [webhook.event["payload"].get("identity") for webhook in receiver.webhooks]
    assert receiver.kinds == [
        *STORY[:2],
        "participant.joined",
        "participant.left",
        "participant.left",
        STORY[-1],
    ]
    assert people == [None, "bo", "ana", "bo", "ana", None]
    assert [webhook.sequence for webhook in receiver.webhooks] == [1, 2, 3, 4, 5, 6]


@pytest.fixture
def deaf() -> Iterator[None]:
    """A process that dies between the commit of a fact and telling it."""
    listeners = happenings._listeners[:]
    happenings._listeners.clear()
    yield
    happenings._listeners[:] = listeners


def test_what_a_process_that_died_had_left_untold_is_told_by_the_next_round(
    told: Gathering, receiver: Receiver, deaf: None
) -> None:
    bo_comes_and_goes(told)
    assert rows() == []
    assert telling.tell_untold(timezone.now()) == 4
    deliver_due()
    assert receiver.kinds == STORY
    assert receiver.webhooks[1].event["payload"]["identity"] == "bo"


def test_who_was_never_named_is_named_before_being_told(
    told: Gathering, receiver: Receiver, deaf: None
) -> None:
    bo_comes_and_goes(told)
    Participant.objects.update(attribution="pending", identity=None, grant_id=None, granted_at=None)
    telling.tell_untold(timezone.now())
    deliver_due()
    assert [webhook.event["payload"]["identity"] for webhook in receiver.webhooks[1:3]] == ["bo", "bo"]


def only_the_leaving_is_heard(told: Gathering) -> None:
    """The webhook that bo has joined is late, or lost."""
    told.leaves(told.comes("bo"))
    told.post.deliver(each for each in told.told() if not each["event_type"].endswith("joined"))


def test_who_cannot_be_named_yet_is_told_of_when_they_can(told: Gathering, receiver: Receiver) -> None:
    only_the_leaving_is_heard(told)
    assert telling.tell_untold(timezone.now()) == 0
    assert [row.payload.get("identity") for row in rows()] == [None] * 2
    told.post.deliver(each for each in told.told() if each["event_type"].endswith("joined"))
    deliver_due()
    kinds = ["session.started", "session.ended", "participant.joined", "participant.left"]
    assert receiver.kinds == kinds
    assert [webhook.event["payload"].get("identity") for webhook in receiver.webhooks[2:]] == ["bo", "bo"]


def test_who_can_never_be_named_is_told_of_all_the_same(told: Gathering, receiver: Receiver) -> None:
    only_the_leaving_is_heard(told)
    Participant.objects.update(seen_at=timezone.now() - 2 * telling.CLEAR_WITHIN)
    assert telling.tell_untold(timezone.now()) == 1
    deliver_due()
    assert receiver.kinds[-1] == "participant.left"
    payload = receiver.webhooks[-1].event["payload"]
    assert (payload["identity"], payload["attribution"]) == (None, "pending")


def test_a_room_without_a_url_tells_nothing_later_either(gathering: Gathering, receiver: Receiver) -> None:
    bo_comes_and_goes(gathering)
    Room.objects.update(webhook_event_url=receiver.url)
    assert telling.tell_untold(timezone.now()) == 0
    assert rows() == []
    bo_comes_and_goes(gathering)
    assert [row.sequence for row in rows()][:2] == [1, 2]


def test_somebody_without_a_context_is_told_as_nobody(told: Gathering, receiver: Receiver) -> None:
    told.comes("bo", context=None)
    told.hear()
    deliver_due()
    payload = receiver.webhooks[1].event["payload"]
    assert (payload["identity"], payload["attribution"], payload["context"]) == (None, "missing", None)


def test_another_tenants_back_end_is_told_nothing(
    told: Gathering, globex: Company, receiver: Receiver
) -> None:
    with receiving() as theirs:
        globex.new_room({"gus": "moderator"}, webhook_event_url=theirs.url)
        bo_comes_and_goes(told)
        deliver_due()
        assert (receiver.kinds, theirs.connections) == (STORY, 0)


def test_deliveries_are_forgotten_after_thirty_days_but_not_before_they_are_finished(
    told: Gathering, receiver: Receiver
) -> None:
    bo_comes_and_goes(told)
    first, *_ = rows()
    delivering.deliver(first.pk)
    assert delivering.forget_old(timezone.now() + delivering.KEPT_FOR / 2) == 0
    assert delivering.forget_old(timezone.now() + 2 * delivering.KEPT_FOR) == 2  # with its attempt
    assert Delivery.objects.count() == 3


def test_a_session_known_only_by_its_end_has_no_duration(told: Gathering, receiver: Receiver) -> None:
    bo_comes_and_goes(told)
    Session.objects.update(start_told=False, end_told=False, started_at=None)
    Delivery.objects.all().delete()
    telling.tell(told.session.pk)
    deliver_due()
    ended: Any = receiver.webhooks[-1].event
    assert (ended["event_type"], ended["payload"]["duration_secs"]) == ("video.room.session.ended", None)


@pytest.fixture
def receiver_of_the_manual(settings: Any) -> Iterator[str]:
    """The receiver that docs/webhooks.md gives to be copied, served; its address."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    (code,) = Page(ROOT / "docs/webhooks.md").code("python")
    defined, _, _ = code.replace("the public_key of GET /v2/webhook_keys", public_keys()[0]).partition(
        "HTTPServer(("
    )
    names: dict[str, Any] = {"__name__": "manual"}
    exec(compile(defined, "docs/webhooks.md", "exec"), names)
    names["Receiver"].log_message = lambda *_: None
    with HTTPServer(("127.0.0.1", 0), names["Receiver"]) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


def test_the_receiver_of_the_manual_takes_our_events_and_refuses_what_we_did_not_sign(
    gathering: Gathering, receiver_of_the_manual: str
) -> None:
    Room.objects.update(webhook_event_url=receiver_of_the_manual)
    bo_comes_and_goes(gathering)
    deliver_due()
    assert [(row.state, row.last_status) for row in rows()] == [("delivered", 200)] * 4
    signing.rotate(signing.Purpose.WEBHOOK, now=timezone.now())
    Delivery.objects.update(state="pending", due_at=Now())
    deliver_due()
    assert [(row.state, row.last_status) for row in rows()] == [("pending", 401)] * 4
