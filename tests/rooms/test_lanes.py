"""Lanes: deletions of several accounts at once, each within its own limit, so that a slow or silent Telnyx of one holds
up no other."""

import time
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from rooms import deleting, lanes, tasks
from rooms.models import Deletion, PurgeRun
from tests.cast import Company
from tests.rooms.ageing import account_id_of, carry_out_once, deleted_at_telnyx, stocked
from tests.rooms.films import Studio
from tests.simulated import Simulator, wait_until
from tests.tokens.doors import mint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def theirs(globex: Company, simulator: Simulator) -> Studio:
    """Globex's studio, on an account of its own."""
    return Studio.of(globex, simulator, {"ana": "moderator"})


def to_delete(studio: Studio, count: int) -> list[str]:
    """So many films whose deletion has begun, by their ids at Telnyx."""
    films = stocked(studio, count, days_ago=40)
    for film in films:
        assert deleting.begin(film, cause=Deletion.Cause.ORDERED, ordered_by="x:y")
    return sorted(str(film.telnyx_id) for film in films)


def works_off(carriers: lanes.Lanes, secs: float = 30) -> None:
    """Dispatch as a worker does, until nothing is left and nobody runs."""

    def is_done() -> bool:
        carriers.dispatch()
        return not carriers.running() and not Deletion.objects.exclude(state="done").exists()

    wait_until(is_done, secs, pause_secs=0.05)


def is_still(carriers: lanes.Lanes) -> bool:
    return not carriers.running()


def begun_until(moment: float, carriers: lanes.Lanes) -> int:
    """Dispatch as a worker does, till that moment of the monotonic clock; how many runners were started before it."""
    begun = 0
    while True:
        started = carriers.dispatch()
        if time.monotonic() >= moment:
            return begun
        begun += started
        time.sleep(0.05)  # between two looks of a worker


def limit(studio: Studio, calls: int, per_secs: float) -> None:
    """Telnyx limits this company's account."""
    account = account_id_of(studio.simulator, str(studio.gathering.row.telnyx_id))
    limited = {"id": account, "rate_limit": {"limit": calls, "per_secs": per_secs}}
    studio.simulator.put_state(accounts=[limited])


def test_everything_due_is_deleted_once(studio: Studio, theirs: Studio) -> None:
    expected = sorted(to_delete(studio, 12) + to_delete(theirs, 5))
    carriers = lanes.Lanes()
    works_off(carriers)
    assert sorted(deleted_at_telnyx(studio.simulator)) == expected
    assert len(studio.simulator.calls("delete_room_recording")) == 17
    assert carriers._deleting.total() == 0


def test_a_silent_telnyx_of_one_account_holds_up_no_other(
    studio: Studio, theirs: Studio, settings: Any
) -> None:
    settings.TELNYX_TASK_TIMEOUT_SECS = 1
    to_delete(studio, 8)
    account = account_id_of(studio.simulator, str(studio.gathering.row.telnyx_id))
    studio.simulator.fault("timeout", match={"account_id": account}, secs=5)
    expected = to_delete(theirs, 8)
    carriers = lanes.Lanes(at_once=5)

    def is_theirs_done() -> bool:
        carriers.dispatch()
        return sorted(deleted_at_telnyx(studio.simulator)) == expected

    wait_until(is_theirs_done, 20, pause_secs=0.05)
    studio.simulator.clear_faults()
    carriers.stop()
    wait_until(lambda: is_still(carriers), 20)


def test_it_is_never_faster_than_telnyx_allows_and_leaves_some_of_it(studio: Studio) -> None:
    limit(studio, 20, 1.0)
    to_delete(studio, 20)
    began = time.monotonic()
    works_off(lanes.Lanes())
    took = time.monotonic() - began
    statuses = [
        call["status"] for call in studio.simulator.calls() if "recording" in (call["operation"] or "")
    ]
    assert 429 not in statuses
    assert statuses.count(204) == 20
    # A quarter of each second's 20 calls is left to others; the first second may have been half over.
    assert len(statuses) / took <= 20 * 0.75 * 1.5


def test_people_of_the_same_account_can_mint_meanwhile(studio: Studio) -> None:
    limit(studio, 20, 1.0)
    to_delete(studio, 12)
    carriers = lanes.Lanes()
    ana = studio.gathering.company.person("ana")
    minted = 0
    while Deletion.objects.exclude(state="done").exists():
        carriers.dispatch()
        assert mint(ana, studio.room).status == 201
        minted += 1
        time.sleep(0.4)  # people come one after the other
    wait_until(lambda: is_still(carriers))
    assert minted > 1


def test_after_429_the_whole_account_is_left_alone_for_as_long_as_telnyx_says(studio: Studio) -> None:
    to_delete(studio, 6)
    fault = studio.simulator.fault("rate_limit", "view_room_recording", reset="1")
    carriers = lanes.Lanes()
    until = time.monotonic() + 1
    carriers.dispatch()
    wait_until(lambda: is_still(carriers))
    asked = len(studio.simulator.calls("view_room_recording"))
    assert asked <= lanes.AT_ONCE_FOR_ACCOUNT
    assert begun_until(until, carriers) == 0
    studio.simulator.control("DELETE", f"faults/{fault}")
    works_off(carriers)
    assert len(deleted_at_telnyx(studio.simulator)) == 6


def test_while_telnyx_fails_it_is_asked_ever_more_seldom(studio: Studio) -> None:
    to_delete(studio, 20)
    studio.simulator.fault("status", "view_room_recording", status=503)
    carriers = lanes.Lanes(rest_secs=1.5)
    begun_until(time.monotonic() + 1.5, carriers)
    wait_until(lambda: is_still(carriers))
    assert len(studio.simulator.calls("view_room_recording")) <= 2 * lanes.AT_ONCE_FOR_ACCOUNT
    studio.simulator.clear_faults()
    works_off(carriers)


def test_what_is_stopped_begins_nothing_more(studio: Studio) -> None:
    to_delete(studio, 3)
    carriers = lanes.Lanes()
    carriers.stop()
    assert carriers.dispatch() == 0
    assert deleted_at_telnyx(studio.simulator) == []


def test_a_wake_up_deletes(studio: Studio) -> None:
    expected = to_delete(studio, 2)
    tasks.delete()
    wait_until(lambda: sorted(deleted_at_telnyx(studio.simulator)) == expected)
    wait_until(lambda: is_still(lanes.lanes()))


def test_the_beat_purges(studio: Studio) -> None:
    stocked(studio, 2, days_ago=40)
    tasks.purge()
    assert Deletion.objects.filter(cause="retention").count() == 2
    assert Deletion.objects.filter(begun_at__gt=timezone.now()).count() == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables as they are")
def test_what_is_done_is_not_gone_through_to_find_what_is_due(studio: Studio) -> None:
    of_account = deleting.due().filter(account=studio.gathering.row.account_id).order_by("due_at")
    assert "deletions_due (account_id=? AND due_at<?)" in of_account.explain()
    purge = PurgeRun.objects.create(tenant=studio.gathering.row.tenant)
    assert "deletions_of_a_purge (run_id=?)" in Deletion.objects.unfinished().filter(run=purge).explain()
    assert "purges_under_way" in PurgeRun.objects.under_way().explain()


def test_a_share_of_telnyxs_limit_is_left_to_others(studio: Studio) -> None:
    account = studio.gathering.row.account
    studio.simulator.settings(rate_limit={"limit": 40, "per_secs": 30})
    runners = lanes.Lanes()
    assert runners._pause_secs(account) == 0
    for each in stocked(studio, 3, days_ago=40):
        deleting.begin(each, cause=Deletion.Cause.ORDERED, ordered_by="x:y")
    carry_out_once()
    assert runners._pause_secs(account) == 0
    assert runners.places(account) == 4
    for _ in range(24):
        studio.simulator.api("GET", "/rooms", key=studio.gathering.company.telnyx_key)
    for each in stocked(studio, 1, days_ago=40):
        deleting.begin(each, cause=Deletion.Cause.ORDERED, ordered_by="x:y")
    carry_out_once()
    assert 0 < runners._pause_secs(account) <= 30
    assert not runners._wait_for_allowance(account)
    assert not runners.is_awake(account)
