"""Rooms that close and open by the clock, and their Telnyx rooms with them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from rooms import provisioning, tasks
from rooms.models import Operation, Room
from tests.asking import Json
from tests.cast import Company
from tests.rooms.carriers import threads
from tests.rooms.orders import at_telnyx, last, made, mint_path, orders, path_of, row, settle, states
from tests.simulated import Simulator


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


@pytest.fixture
def meeting(acme: Company) -> Json:
    """A room that closes in an hour, there at Telnyx."""
    room = acme.new_room({"bo": "participant"}, closes_at=in_hours(1))
    settle()
    return room


def pass_closing_time(room: Json) -> None:
    Room.objects.filter(pk=room["id"]).update(closes_at=timezone.now())


def follow() -> None:
    provisioning.follow_schedules(timezone.now())
    settle()


def test_a_room_that_closes_has_its_telnyx_room_deleted(simulator: Simulator, meeting: Json) -> None:
    pass_closing_time(meeting)
    follow()
    assert at_telnyx(simulator, meeting) == []
    assert (row(meeting).upstream, row(meeting).telnyx_id) == ("absent", None)


def test_a_room_that_is_still_open_keeps_it(simulator: Simulator, meeting: Json) -> None:
    follow()
    assert len(at_telnyx(simulator, meeting)) == 1
    assert states(meeting) == ["succeeded"]


def test_with_no_beat_at_all_a_closed_room_still_lets_nobody_in(acme: Company, meeting: Json) -> None:
    pass_closing_time(meeting)
    assert acme.person("bo").post(mint_path(meeting)).refusal == (403, "closed")


def test_two_beats_order_it_once(meeting: Json) -> None:
    pass_closing_time(meeting)
    for _ in range(2):
        provisioning.follow_schedules(timezone.now())
    assert [order.kind for order in orders(meeting)] == ["create_room", "delete_room"]
    settle()
    follow()
    assert len(orders(meeting)) == 2


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_the_same_moment_delete_it_once(simulator: Simulator, meeting: Json) -> None:
    pass_closing_time(meeting)
    with threads(2) as submit:
        for beat in [submit(tasks.tidy) for _ in range(2)]:
            beat.result(20)
    settle()
    assert len(simulator.effects("room.deleted")) == 1
    assert {order.state for order in orders(meeting)} == {"succeeded"}


def test_a_room_opened_again_gets_a_new_telnyx_room(
    acme: Company, simulator: Simulator, meeting: Json
) -> None:
    first = row(meeting).telnyx_id
    pass_closing_time(meeting)
    follow()
    acme.back_end.patch(path_of(meeting), {"closes_at": in_hours(1)})
    settle()
    assert [found["id"] for found in at_telnyx(simulator, meeting)] == [str(row(meeting).telnyx_id)]
    assert row(meeting).telnyx_id != first
    assert acme.person("bo").post(mint_path(meeting)).status == 201


def test_a_room_opened_again_behind_our_back_is_noticed(simulator: Simulator, meeting: Json) -> None:
    pass_closing_time(meeting)
    follow()
    Room.objects.filter(pk=meeting["id"]).update(closes_at=None)
    follow()
    assert len(at_telnyx(simulator, meeting)) == 1


def test_a_room_that_closed_before_it_was_made_is_never_made(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room(closes_at=in_hours(1))
    pass_closing_time(room)
    settle()
    follow()
    assert (states(room), made(simulator, room)) == (["cancelled", "succeeded"], 0)
    assert row(room).upstream == "absent"


def test_a_room_that_opens_later_is_made_in_time(acme: Company, simulator: Simulator) -> None:
    room = acme.new_room(opens_at=in_hours(1))
    settle()
    assert len(at_telnyx(simulator, room)) == 1


def test_a_delete_that_telnyx_refused_is_ordered_again(
    acme: Company, simulator: Simulator, meeting: Json
) -> None:
    simulator.fault("status", "delete_room", status=422, times=1)
    acme.back_end.delete(path_of(meeting))
    settle()
    assert (last(meeting).state, len(at_telnyx(simulator, meeting))) == ("failed", 1)
    follow()
    assert (last(meeting).state, at_telnyx(simulator, meeting)) == ("succeeded", [])


def test_a_closed_room_that_is_deleted_is_left_alone(acme: Company, meeting: Json) -> None:
    pass_closing_time(meeting)
    follow()
    acme.back_end.delete(path_of(meeting))
    settle()
    ordered = Operation.objects.count()
    follow()
    assert Operation.objects.count() == ordered
