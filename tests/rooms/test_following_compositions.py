"""Compositions in the making are asked about, ever more seldom; what only shows afterwards is put right."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rooms import composing, events, following, measuring, operations
from rooms.following import BELIEVED_GONE_AFTER, STUCK_AFTER
from rooms.models import Composition, Deletion, Operation
from tests.cast import Company
from tests.rooms.ageing import carry_out_once
from tests.rooms.compositions import CuttingRoom, cutting_room, path
from tests.rooms.orders import make_due, settle
from videobroker import telnyx

__all__ = ["cutting_room"]
CREATE = "create_room_composition"


def test_one_whose_telling_was_lost_is_asked_about(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.sent()
    assert composition.ask_due_at is not None
    cutting_room.await_complete(composition)
    following.ask_due(composition.ask_due_at - timedelta(seconds=1))
    composition.refresh_from_db()
    assert composition.completed_at is None
    following.ask_due(composition.ask_due_at)
    composition.refresh_from_db()
    assert (composition.status, composition.ask_due_at) == ("completed", None)
    assert composition.expires_at is not None
    assert composition.completion_told


def test_what_the_telling_left_out_is_asked_for(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.sent()
    cutting_room.await_complete(composition)
    cutting_room.studio.gathering.hear()
    composition.refresh_from_db()
    assert composition.completed_at is not None
    assert (composition.started_at, composition.ask_due_at is None) == (None, False)
    cutting_room.asks_about(composition)
    composition.refresh_from_db()
    assert composition.started_at is not None
    assert composition.ended_at is not None
    assert composition.ask_due_at is None


def test_it_is_asked_about_ever_more_seldom_and_by_one_worker_at_a_time(cutting_room: CuttingRoom) -> None:
    cutting_room.simulator.settings(composition_secs=3600)
    composition = cutting_room.sent()
    pauses, now = [], timezone.now()
    for _ in range(12):
        composition.refresh_from_db()
        assert composition.ask_due_at is not None
        pauses.append(composition.ask_due_at - now)
        now = composition.ask_due_at
        assert following.ask_due(now) == 1
        assert following.ask_due(now) == 0
    cutting_room.simulator.settings(composition_secs=0.2)
    assert pauses == sorted(pauses)
    assert pauses[0] < timedelta(seconds=16)
    assert pauses[-1] > timedelta(minutes=1)
    assert len(cutting_room.simulator.calls("view_room_composition")) == 12


def test_what_telnyx_cannot_say_now_it_is_asked_again(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.sent()
    cutting_room.await_complete(composition)
    cutting_room.simulator.fault("status", "view_room_composition", status=500, times=1)
    cutting_room.asks_about(composition)
    composition.refresh_from_db()
    assert composition.status == "enqueued"
    cutting_room.asks_about(composition)
    composition.refresh_from_db()
    assert composition.status == "completed"


def test_late_and_doubled_tellings_change_nothing(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.completed()
    before = Composition.objects.values().get()
    cutting_room.studio.gathering.hear()
    cutting_room.studio.gathering.heard.clear()
    told = [event for event in cutting_room.studio.gathering.told() if "composition" in event["event_type"]]
    cutting_room.studio.gathering.post.deliver(told)
    events.apply_all()
    after = Composition.objects.values().get()
    assert {**after, "updated_at": None, "completed_at": None} == {
        **before, "updated_at": None, "completed_at": None,
    }  # fmt: skip
    assert composition.completed_at is not None
    assert abs(after["completed_at"] - composition.completed_at) < timedelta(seconds=1)


def test_a_believed_wrong_id_is_put_right_by_the_key(cutting_room: CuttingRoom) -> None:
    other = cutting_room.sent()
    cutting_room.simulator.fault("swap_id", CREATE, times=1)
    composition = cutting_room.sent()
    cutting_room.asks_about(composition)
    composition.refresh_from_db()
    assert [each["id"] for each in cutting_room.at_telnyx(composition)] == [str(composition.telnyx_id)]
    other.refresh_from_db()
    assert other.telnyx_id != composition.telnyx_id


def test_an_id_of_somebody_elses_is_forgotten_where_there_is_no_right_one(
    cutting_room: CuttingRoom, acme: Company
) -> None:
    composition = cutting_room.sent()
    session = str(composition.session.telnyx_id)
    theirs = cutting_room.simulator.api(
        "POST", "/room_compositions", key=acme.telnyx_key,
        json={"session_id": session, "webhook_event_url": f"https://a.example/?composition={session}"},
    ).json()["data"]  # fmt: skip
    gone = f"/room_compositions/{composition.telnyx_id}"
    assert cutting_room.simulator.api("DELETE", gone, key=acme.telnyx_key).status_code == 204
    Composition.objects.update(telnyx_id=theirs["id"])
    cutting_room.asks_about(composition)
    composition.refresh_from_db()
    assert composition.telnyx_id is None
    assert "another composition" in composition.failed_because
    assert theirs["id"] in {each["id"] for each in cutting_room.films()}


def test_one_that_vanishes_leaves_a_receipt_once_telnyx_can_be_believed(
    cutting_room: CuttingRoom, acme: Company
) -> None:
    composition = cutting_room.sent()
    gone = f"/room_compositions/{composition.telnyx_id}"
    assert cutting_room.simulator.api("DELETE", gone, key=acme.telnyx_key).status_code == 204
    cutting_room.asks_about(composition)
    assert acme.back_end.get(path(composition)).status == 200
    Composition.objects.update(seen_at=timezone.now() - BELIEVED_GONE_AFTER - timedelta(seconds=1))
    cutting_room.asks_about(composition)
    assert acme.back_end.get(path(composition)).status == 404
    assert Deletion.objects.get(footage_id=composition.pk).cause == "vanished"


def test_one_that_shows_after_its_order_was_given_up_is_claimed(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.ordered()
    cutting_room.simulator.fault("lost_answer", CREATE, how="reset", times=1)
    cutting_room.simulator.fault("status", "list_room_compositions", status=500)
    make_due()
    try_once(cutting_room, composition)
    Operation.objects.filter(kind="compose").update(deadline_at=timezone.now() - timedelta(seconds=5))
    make_due()
    settle()
    composition.refresh_from_db()
    assert "too late" in composition.failed_because
    cutting_room.simulator.clear_faults()
    cutting_room.goes_through()
    composition.refresh_from_db()
    assert composition.failed_because == ""
    assert [each["id"] for each in cutting_room.at_telnyx(composition)] == [str(composition.telnyx_id)]


def try_once(cutting_room: CuttingRoom, composition: Composition) -> None:
    """One attempt to carry its order out."""
    operations.carry_out(cutting_room.order_of(composition).pk)


def test_one_that_shows_after_it_was_deleted_is_taken_back(cutting_room: CuttingRoom, acme: Company) -> None:
    composition = cutting_room.ordered()
    assert acme.back_end.delete(path(composition)).status == 204
    settle()
    Composition.objects.update(state="deleted")
    body = {"session_id": str(composition.session.telnyx_id)}
    body["webhook_event_url"] = f"https://old.example/webhooks/telnyx/x?composition={composition.pk}"
    made = cutting_room.simulator.api("POST", "/room_compositions", key=acme.telnyx_key, json=body)
    assert made.status_code == 202
    cutting_room.goes_through()
    assert cutting_room.films() == []


def test_what_bears_no_key_of_ours_is_left_alone(cutting_room: CuttingRoom, acme: Company) -> None:
    session = str(cutting_room.studio.gathering.session.telnyx_id)
    strange = "https://x.example/?composition=7be1b2ab-6b05-4ab5-a22a-9a06a8cbbd05"
    for url in (None, "https://x.example/?composition=17", strange):
        body = {"session_id": session, **({"webhook_event_url": url} if url else {})}
        assert cutting_room.simulator.api("POST", "/room_compositions", key=acme.telnyx_key, json=body).ok
    cutting_room.goes_through()
    assert len(cutting_room.films()) == 3
    assert not Composition.objects.exists()


@pytest.mark.parametrize("known", [False, True])
def test_one_deleted_while_it_is_being_ordered_is_gone_everywhere(
    cutting_room: CuttingRoom, acme: Company, known: bool
) -> None:
    composition = cutting_room.ordered()
    if known:
        cutting_room.simulator.fault("lost_answer", CREATE, how="reset", times=1)
        try_once(cutting_room, composition)
    assert acme.back_end.delete(path(composition)).status == 204
    settle()
    composition.refresh_from_db()
    if known:
        assert [each["id"] for each in cutting_room.at_telnyx(composition)] == [str(composition.telnyx_id)]
    else:
        assert (cutting_room.made(), cutting_room.order_of(composition).state) == (0, "cancelled")
    assert composition.state in {"deleting", "deleted"}


def test_without_an_address_of_ours_a_lost_one_is_known_by_its_looks(
    cutting_room: CuttingRoom, acme: Company, settings: Any
) -> None:
    settings.PUBLIC_URL = ""
    body = {"session_id": str(cutting_room.studio.gathering.session.telnyx_id), "resolution": "640x480"}
    theirs = cutting_room.simulator.api("POST", "/room_compositions", key=acme.telnyx_key, json=body).json()
    ours = cutting_room.sent(resolution="800x600")
    cutting_room.simulator.fault("lost_answer", CREATE, how="reset", times=1)
    layout = {"stage": {"width": 320, "video_sources": "*"}}
    lost = cutting_room.sent(resolution="800x600", video_layout=layout)
    cutting_room.simulator.fault("lost_answer", CREATE, how="reset", times=1)
    twin = cutting_room.sent(resolution="800x600")
    assert cutting_room.made() == 4
    ids = {str(each.telnyx_id) for each in (ours, lost, twin)}
    assert ids == {each["id"] for each in cutting_room.films()} - {theirs["data"]["id"]}


def test_figures_tell_of_those_in_the_making_and_of_those_that_are_stuck(cutting_room: CuttingRoom) -> None:
    cutting_room.sent()

    def figures() -> tuple[float, ...]:
        found = {each.name: each.samples[0].value for each in measuring.Rows().collect() if each.samples}
        names = ("videobroker_compositions_in_the_making", "videobroker_compositions_stuck")
        return tuple(found[name] for name in names)

    assert figures() == (1, 0)
    Composition.objects.update(seen_at=timezone.now() - STUCK_AFTER)
    assert figures() == (1, 1)
    Composition.objects.update(failed_because="it was refused")
    assert figures() == (0, 0)


def test_what_bears_the_key_of_another_is_never_deleted_as_ours(cutting_room: CuttingRoom) -> None:
    ours, other = cutting_room.completed(), cutting_room.completed()
    others_id = other.telnyx_id
    other.delete()
    Composition.objects.filter(pk=ours.pk).update(telnyx_id=others_id)
    assert cutting_room.back_end.delete(path(ours)).status == 204
    carry_out_once()
    deletion = Deletion.objects.get(footage_id=ours.pk)
    assert (deletion.state, deletion.last_error) == (
        "blocked", "Telnyx has it as the film of another composition of ours",
    )  # fmt: skip
    assert str(others_id) in {film["id"] for film in cutting_room.films()}


def test_one_that_is_known_is_not_given_another_id(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.sent()
    found = telnyx.Composition(id=str(composition.telnyx_id), status="enqueued")
    with pytest.raises(composing.Again):
        composing.adopt(composition, found)
