"""A hold and the beginning of a deletion never both succeed, however close they come; and of several workers one
begins, and one deletes."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from structlog.testing import capture_logs

from rooms import deleting, holding, purging, shredding
from rooms.models import Deletion, Hold, PurgeRun, Recording
from rooms.shredding import Wait
from tests.rooms.ageing import deleted_at_telnyx, purge, stocked
from tests.rooms.carriers import threads
from tests.rooms.films import Studio
from videobroker.api.problems import Problem
from videobroker.tenants.callers import HOUSE

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 12


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each of them gives, all begun at the same moment; a refusal is given, not raised."""
    start = threading.Barrier(len(works))

    def begin(work: Callable[[], object]) -> object:
        start.wait(10)
        try:
            return work()
        except Problem as problem:
            return problem

    with threads(len(works)) as submit:
        begun = [submit(lambda work=work: begin(work)) for work in works]
        return [each.result(60) for each in begun]


def hold(film: Recording, subject: str) -> holding.Placed:
    found = Recording.objects.select_related("room", "room__tenant", "participant").get(pk=film.pk)
    of: dict[str, Any] = {"room": found.room, "identity": found.participant.identity, "recording": found}
    return holding.place(HOUSE, found.room.tenant, {subject: of[subject]}, reason="a quarrel", holder="dee")


def begin(film: Recording) -> Deletion | None:
    found = Recording.objects.select_related("room").get(pk=film.pk)
    return deleting.begin(found, cause=Deletion.Cause.RETENTION, ordered_by="system:videobroker")


@pytest.mark.parametrize("subject", ["recording", "room", "identity"])
def test_either_held_or_begun(studio: Studio, subject: str) -> None:
    outcomes = set()
    for _ in range(ROUNDS):
        Hold.objects.all().delete()
        (film,) = stocked(studio, 1, days_ago=40)
        works = [lambda film=film: hold(film, subject), lambda film=film: begin(film)]
        placed, begun = at_once(*works)
        film.refresh_from_db()
        came_too_late = isinstance(placed, Problem) or film.pk in {
            each.pk for each in getattr(placed, "too_late_for", [])
        }
        if begun is None:
            assert (film.state, film.held, came_too_late) == ("kept", True, False)
        else:
            assert (film.state, film.held, came_too_late) == ("deleting", False, True)
        outcomes.add(begun is None)
        Recording.objects.filter(pk=film.pk).update(state="deleted")
    assert outcomes


def test_either_held_or_purged_by_the_hundred(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 1000
    films = stocked(studio, 150, days_ago=40)
    purging.begin_due(timezone.now())
    some = films[::10]
    at_once(
        lambda: purging.go_on(timezone.now()),
        lambda: purging.go_on(timezone.now()),
        lambda: [at_most_refused(film) for film in some],
    )
    # A step begins no more than was counted free before; what is left then is the next one's.
    purging.go_on(timezone.now())
    held = set(Recording.objects.filter(held=True).values_list("pk", flat=True))
    begun = list(Deletion.objects.values_list("footage_id", flat=True))
    assert held & set(begun) == set()
    assert len(begun) == len(set(begun))
    on_films = set(Hold.objects.values_list("recording", flat=True))
    assert on_films == held
    assert held | set(begun) == {film.pk for film in films}


def at_most_refused(film: Recording) -> bool:
    try:
        hold(film, "recording")
    except Problem:
        return False  # its deletion has begun, which the test sees in the rows
    return True


def test_of_several_workers_one_begins_and_none_begins_too_many(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 1000
    stocked(studio, 30, days_ago=40)
    at_once(*[lambda: purging.begin_due(timezone.now())] * 4)
    assert PurgeRun.objects.count() == 1
    at_once(*[lambda: purging.go_on(timezone.now())] * 4)
    run = PurgeRun.objects.get()
    assert (run.due, run.begun, Deletion.objects.count()) == (30, 30, 30)


def test_of_several_carriers_one_deletes(studio: Studio) -> None:
    (film,) = stocked(studio, 1, days_ago=40)
    purge()
    cases = [case for _ in range(4) for case in shredding.cases_of(Deletion.objects.all())]
    outcomes = at_once(*[lambda case=case: deleting.carry_out(case, now=timezone.now()) for case in cases])
    assert sum(outcome is not None for outcome in outcomes) == 1
    assert deleted_at_telnyx(studio.simulator) == [str(film.telnyx_id)]
    assert len(studio.simulator.calls("delete_room_recording")) == 1


def test_whoever_outlived_its_lease_deletes_and_writes_nothing(studio: Studio) -> None:
    stocked(studio, 1, days_ago=40)
    purge()
    (case,) = shredding.cases_of(Deletion.objects.all())
    asked = studio.simulator.fault("hold", "view_room_recording")
    with threads(1) as submit, capture_logs() as logs:
        outcome = submit(lambda: deleting.carry_out(case, now=timezone.now()))
        studio.simulator.await_held(asked)
        # Its lease runs out while Telnyx is asked, and another takes it.
        Deletion.objects.update(fence=9)
        studio.simulator.release(asked)
        assert outcome.result(30) == Wait("somebody else has it by now", 0.0, has_failed=False)
    assert "deletion_lost" in [line["event"] for line in logs]
    assert Deletion.objects.filter(state="leased", fence=9, answer="").count() == 1
    assert deleted_at_telnyx(studio.simulator) == []


def test_a_purge_that_is_refused_by_one_worker_is_not_gone_on_with_by_another(studio: Studio) -> None:
    stocked(studio, 3, days_ago=40)
    purging.begin_due(timezone.now())
    ahead = timezone.now() + timedelta(days=3650)
    at_once(lambda: purging.go_on(ahead), lambda: purging.go_on(timezone.now()))
    assert Deletion.objects.count() in (0, 3)
    assert all(each.policy["expires_at"] < timezone.now().isoformat() for each in Deletion.objects.all())
