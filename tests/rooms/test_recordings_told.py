"""What is recorded is told to the tenant's back end: in Telnyx's fields, with our ids, whose it is, and our own way to
the file."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rooms import composing, footage, happenings, telling
from rooms.footage import Facts
from rooms.models import Composition, Delivery, Operation, Participant, Recording, Room
from tests.asking import Json
from tests.rooms.deliveries import deliver_due, rows
from tests.rooms.films import Studio
from tests.rooms.orders import settle
from tests.rooms.receivers import Receiver, public_keys, receiving
from videobroker.tenants.callers import HOUSE

FINISHED = ["recording.started", "recording.completed"]


@pytest.fixture
def told(studio: Studio, receiver: Receiver) -> Studio:
    """Acme's back end wants to know what happens from now on."""
    studio.gathering.company.back_end.patch(
        f"/v2/rooms/{studio.room['id']}", {"webhook_event_url": receiver.url}
    )
    return studio


def payloads(receiver: Receiver) -> list[Json]:
    return [webhook.event["payload"] for webhook in receiver.webhooks]


def composition_of(studio: Studio, **fields: Any) -> Composition:
    """An order of acme's that Telnyx has taken."""
    row = studio.gathering.row
    return Composition.objects.create(
        tenant=row.tenant, room=row, session=studio.gathering.session, telnyx_id=row.telnyx_id, ordered_by="x",
        status="processing", **fields,
    )  # fmt: skip


def completes(composition: Composition) -> None:
    facts = Facts(status="completed", completed_at=timezone.now(), size_mb=7.5, duration_secs=60)
    happenings.happened(footage.composition_told(composition, facts))


def test_a_recording_is_told_in_telnyxs_words_with_our_ids_and_whose_it_is(
    told: Studio, receiver: Receiver
) -> None:
    film = told.recorded("bo", "audio", duration_secs=90, size_mb=1.5)
    deliver_due()
    assert receiver.kinds == FINISHED
    started, completed = payloads(receiver)
    whose = {
        "room_id": told.room["id"], "session_id": str(film.session_id), "recording_id": str(film.pk), "type": "audio",
        "participant_id": str(film.participant_id), "identity": "bo", "display_name": "Bo",
    }  # fmt: skip
    assert started == whose | {"sequence": started["sequence"]}
    assert completed == whose | {
        "size_mb": 1.5, "codec": "opus", "duration_secs": 90, "sequence": started["sequence"] + 1,
        "download_url": f"/v2/room_recordings/{film.pk}/download",
    }  # fmt: skip


def test_the_download_url_is_whole_where_it_is_known_how_we_are_called(
    told: Studio, receiver: Receiver, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://video.example.com"
    film = told.recorded("bo")
    deliver_due()
    assert payloads(receiver)[-1]["download_url"] == (
        f"https://video.example.com/v2/room_recordings/{film.pk}/download"
    )


def test_nothing_of_telnyxs_is_told(told: Studio, receiver: Receiver) -> None:
    film = told.recorded("bo")
    deliver_due()
    sent = b"".join(webhook.raw for webhook in receiver.webhooks).decode()
    for secret in (film.telnyx_id, film.session.telnyx_id, told.people["bo"], "_files", "signature="):
        assert str(secret) not in sent


def test_telnyxs_own_sdk_verifies_and_reads_them(told: Studio, receiver: Receiver) -> None:
    told.recorded("bo")
    deliver_due()
    (key,) = public_keys()
    assert [webhook.unwrap(key).event_type for webhook in receiver.webhooks] == [
        f"video.room.{kind}" for kind in FINISHED
    ]


def test_each_is_told_once_however_often_it_is_heard_and_asked(told: Studio, receiver: Receiver) -> None:
    told.recorded("bo")
    told.gathering.post.deliver(told.gathering.told())
    told.gathering.asks()
    telling.tell_untold(timezone.now())
    deliver_due()
    assert receiver.kinds == FINISHED


def test_what_webhooks_missed_is_told_after_asking_in_its_order(told: Studio, receiver: Receiver) -> None:
    for identity in ("bo", "ana"):
        told.completes(told.starts(identity))
    told.gathering.leaves(told.people["bo"])
    told.gathering.leaves(told.people["ana"])
    told.gathering.asks()
    deliver_due()
    kinds = receiver.kinds
    assert kinds.index("session.ended") == len(kinds) - 1
    assert [each for each in kinds if each.startswith("recording")] == FINISHED * 2


def test_what_a_process_that_died_left_untold_is_told_by_the_round(told: Studio, receiver: Receiver) -> None:
    film = told.recorded("bo")
    Delivery.objects.all().delete()
    Recording.objects.update(start_told=False, completion_told=False)
    telling.tell_untold(timezone.now())
    deliver_due()
    assert receiver.kinds == FINISHED
    assert {each["recording_id"] for each in payloads(receiver)} == {str(film.pk)}


def test_telling_waits_a_little_until_it_is_known_whose_it_is(told: Studio, receiver: Receiver) -> None:
    telnyx_id = told.starts("bo")
    Participant.objects.filter(telnyx_id=told.people["bo"]).delete()
    started = [event for event in told.gathering.told() if event["event_type"].endswith("recording.started")]
    told.gathering.post.deliver(started)
    assert deliver_due() == 0
    told.gathering.asks()
    deliver_due()
    assert payloads(receiver)[-1]["identity"] == "bo"
    assert str(Recording.objects.get().telnyx_id) == telnyx_id


def test_and_not_for_ever(told: Studio, receiver: Receiver) -> None:
    told.starts("bo")
    Participant.objects.filter(telnyx_id=told.people["bo"]).delete()
    started = [event for event in told.gathering.told() if event["event_type"].endswith("recording.started")]
    told.gathering.post.deliver(started)
    Participant.objects.update(seen_at=timezone.now() - timedelta(seconds=60))
    telling.tell_untold(timezone.now())
    deliver_due()
    assert [each["identity"] for each in payloads(receiver)] == [None]


class TestCompositions:
    def test_one_is_told_where_the_room_says(self, told: Studio, receiver: Receiver) -> None:
        composition = composition_of(told)
        completes(composition)
        deliver_due()
        assert receiver.kinds == ["composition.completed"]
        [payload] = payloads(receiver)
        assert payload == {
            "room_id": told.room["id"], "session_id": str(composition.session_id), "format": "mp4",
            "composition_id": str(composition.pk), "resolution": "1280x720", "size_mb": 7.5, "duration_secs": 60,
            "download_url": f"/v2/room_compositions/{composition.pk}/download", "sequence": payload["sequence"],
        }  # fmt: skip

    def test_or_where_it_was_ordered_to_be_told(self, told: Studio, receiver: Receiver) -> None:
        with receiving() as own:
            completes(composition_of(told, webhook_event_url=own.url))
            told.recorded("bo")
            deliver_due()
            assert (own.kinds, receiver.kinds) == (["composition.completed"], FINISHED)

    def test_also_if_the_room_tells_nobody(self, told: Studio, receiver: Receiver) -> None:
        Room.objects.update(webhook_event_url="")
        completes(composition_of(told, webhook_event_url=receiver.url))
        deliver_due()
        assert receiver.kinds == ["composition.completed"]

    def test_its_own_failover_and_patience_count(self, told: Studio, receiver: Receiver) -> None:
        with receiving() as own:
            receiver.statuses = [500]
            completes(
                composition_of(
                    told,
                    webhook_event_url=receiver.url,
                    webhook_event_failover_url=own.url,
                    webhook_timeout_secs=9,
                )
            )
            Delivery.objects.update(tries=3)
            deliver_due()
            assert (own.kinds, receiver.kinds) == (["composition.completed"], [])

    def test_in_one_order_with_all_else_of_the_room(self, told: Studio) -> None:
        completes(composition_of(told))
        told.recorded("bo")
        sequences = [row.sequence for row in rows()]
        assert sequences == list(range(sequences[0], sequences[0] + 3))

    def test_one_that_there_will_never_be_is_told_once_though_it_is_given_up_twice(
        self, told: Studio, receiver: Receiver
    ) -> None:
        composition = refused(told)
        for _ in range(2):
            telling.tell_untold(timezone.now())
        deliver_due()
        assert receiver.kinds == [*FINISHED, "composition.failed"]
        payload = payloads(receiver)[-1]
        assert payload == {
            "room_id": told.room["id"], "session_id": str(composition.session_id), "format": "mp4",
            "composition_id": str(composition.pk), "resolution": "1280x720", "sequence": payload["sequence"],
            "failed_because": composition.failed_because,
        }  # fmt: skip
        order = Operation.objects.get(kind="compose")
        composing.order_again(HOUSE, composition, order)
        settle()
        telling.tell_untold(timezone.now())
        deliver_due()
        assert Operation.objects.filter(kind="compose", state="failed").count() == 2
        assert receiver.kinds == [*FINISHED, "composition.failed"]

    def test_that_too_where_it_was_ordered_to_be_told(self, told: Studio, receiver: Receiver) -> None:
        with receiving() as own:
            refused(told, webhook_event_url=own.url)
            telling.tell_untold(timezone.now())
            deliver_due()
            assert own.kinds == ["composition.failed"]
        assert receiver.kinds == FINISHED

    def test_not_of_one_that_was_deleted_since(self, told: Studio, receiver: Receiver) -> None:
        composition = refused(told)
        back_end = told.gathering.company.back_end
        assert back_end.delete(f"/v2/room_compositions/{composition.pk}").status == 204
        telling.tell_untold(timezone.now())
        assert deliver_due() == 0


def refused(studio: Studio, **body: str) -> Composition:
    """One that Telnyx refuses to make, with all that happened before told already."""
    studio.recorded("bo")
    deliver_due()
    studio.simulator.fault("status", "create_room_composition", status=422)
    session = {"session_id": str(studio.gathering.session.pk)}
    made = studio.gathering.company.back_end.post("/v2/room_compositions", session | body)
    settle()
    composition = Composition.objects.get(pk=made.data["id"])
    assert "refused (422" in composition.failed_because
    return composition
