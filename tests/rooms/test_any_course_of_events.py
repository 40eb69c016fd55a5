"""Whatever is asked for, in whatever order it is carried out, whatever goes wrong meanwhile: in the end Telnyx has
each room as ours says it is, once or not at all."""

from typing import Any

from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rooms import operations, provisioning
from tests.asking import Json
from tests.cast import Company
from tests.rooms.orders import assert_agreed, make_due, orders, path_of, settle
from tests.simulated import Simulator

ALL = ["create_room", "update_room", "delete_room", "list_rooms", "view_room"]
FAULTS: list[Json] = [
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 403},
    {"kind": "rate_limit", "reset": "1"},
    {"kind": "reset"},
    {"kind": "malformed", "body": "<html>"},
    {"kind": "truncate_json"},
    {"kind": "lost_answer", "how": "reset"},
    {"kind": "lost_answer", "how": "status", "status": 502},
    {"kind": "lost_answer", "how": "truncate"},
]
CLOSED: Json = {"closes_at": "2020-01-01T00:00:00Z"}
OPEN: Json = {"closes_at": None}

changes = st.one_of(
    st.integers(2, 50).map(lambda seats: {"max_participants": seats}),
    st.booleans().map(lambda on: {"enable_recording": on}),
    st.sampled_from([CLOSED, OPEN]),
)
steps = st.one_of(
    changes.map(lambda change: ("change", change)),
    st.sampled_from([CLOSED, OPEN]).map(lambda change: ("change", change)),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
    st.just(("carry out", 0)),
    st.integers(0, 3).map(lambda which: ("carry out", which)),
    st.just(("look at the clock", None)),
)


def take(step: tuple[str, Any], acme: Company, simulator: Simulator, room: Json) -> None:
    match step:
        case "change", change:
            assert acme.back_end.patch(path_of(room), change).status == 200
        case "fault", fault:
            more = dict(fault)
            simulator.fault(more.pop("kind"), ALL, times=1, **more)
        case "carry out", which:
            make_due()
            for order in [one for one in orders(room) if not one.is_finished][which : which + 1]:
                operations.carry_out(order.pk)
        case _:
            provisioning.follow_schedules(timezone.now())


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(course=st.lists(steps, max_size=14), deleted=st.booleans())
def test_both_sides_agree_in_the_end(
    acme: Company, simulator: Simulator, course: list[tuple[str, Any]], deleted: bool
) -> None:
    simulator.clear_faults()
    room = acme.new_room()
    for step in course:
        take(step, acme, simulator, room)
    if deleted:
        assert acme.back_end.delete(path_of(room)).status == 204
    simulator.clear_faults()
    settle()
    provisioning.follow_schedules(timezone.now())
    settle()
    assert_agreed(simulator, room)
