"""Killed at any step of a purge, under any fault of Telnyx's: it goes on, and each film is deleted once, with one
receipt. Here each step meets some of the faults, one of them when Telnyx is asked to delete, and each fault some step;
`soak_purging.py` has every step under every fault, of either call."""

from datetime import timedelta
from itertools import cycle, product
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from rooms import purging
from rooms.models import Composition, Deletion, PurgeRun, Recording
from tests.rooms.ageing import (
    assert_never_in_bulk,
    carry_out_due,
    deleted_at_telnyx,
    left,
    purge,
    purge_all,
    receipt,
    stocked,
)
from tests.rooms.deletions import DELETE, FAULTS, LOOK, composed
from tests.rooms.dying import Step, dies_at
from tests.rooms.films import Studio
from tests.simulated import Simulator, wait_until
from tests.workers import start_broker, start_worker

pytestmark = pytest.mark.django_db(transaction=True)

OF_PURGES = [
    Step("rooms.purging", "_begin", "return"),
    Step("rooms.purging", "_clocks_agree", "return"),
    Step("rooms.purging", "_may_go_on", "return"),
    Step("rooms.purging", "_begin_deletions", "call"),
    Step("rooms.deleting", "_order", "return"),
    Step("rooms.deleting", "begin_all", "return"),
    Step("rooms.purging", "_begin_deletions", "return"),
    Step("rooms.purging", "_begin_some", "return"),
    Step("rooms.purging", "_finish_if_done", "call"),
]
OF_DELETIONS = [
    Step("rooms.deleting", "_lease", "return"),
    Step("rooms.shredding", "_look", "call"),
    Step("rooms.shredding", "_look", "return"),
    Step("rooms.shredding", "_about_to_ask", "call"),
    Step("rooms.shredding", "_about_to_ask", "return"),
    Step("rooms.shredding", "_delete", "return"),
    Step("rooms.deleting", "_write", "call"),
    Step("rooms.deleting", "_finish", "call"),
    Step("rooms.deleting", "_finish", "return"),
]
RESUMED_SECS = 15
# Those that differ in what we are left with: nothing, a no, or nonsense.
CLOCK_FAULTS: list[dict[str, Any]] = [
    {"kind": "reset"},
    {"kind": "timeout", "secs": 2},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 401},
    {"kind": "rate_limit"},
    {"kind": "malformed"},
    {"kind": "truncate_json"},
]
Strike = tuple[str, dict[str, Any]]


def restart() -> None:
    """As if the leases of whoever was killed had run out."""
    Deletion.objects.filter(state="leased").update(due_at=Now())


def lease_secs_left() -> float:
    """How long whoever was killed keeps what it had begun to itself."""
    [until] = Deletion.objects.filter(state="leased").order_by("-due_at").values_list("due_at", flat=True)[:1]
    return float((until - timezone.now()).total_seconds())


def goes_on() -> None:
    """Work until all is done; leases of the dead run out between the looks."""
    for _ in range(10):
        restart()
        purge()
        carry_out_due()
        Deletion.objects.filter(state="pending").update(due_at=Now())
        if not left() and not PurgeRun.objects.exclude(state="finished").exists():
            return
    raise AssertionError(f"it does not go on: {left()}")


def assert_each_deleted_once(simulator: Simulator, films: list[Recording]) -> None:
    assert sorted(deleted_at_telnyx(simulator)) == sorted(str(film.telnyx_id) for film in films)
    receipts = Deletion.objects.filter(state="done").values_list("footage_id", flat=True)
    assert sorted(receipts) == sorted(film.pk for film in films)
    assert Deletion.objects.count() == len(films)
    assert not Recording.objects.exclude(state="deleted").exists()
    assert_never_in_bulk(simulator)


@pytest.mark.parametrize("step", OF_DELETIONS, ids=str)
def test_killed_while_deleting(studio: Studio, settings: Any, step: Step) -> None:
    settings.TELNYX_TASK_TIMEOUT_SECS = 1
    strikes = list(zip(cycle([LOOK, DELETE]), FAULTS))
    kill_while_struck(studio, step, strikes[OF_DELETIONS.index(step) :: len(OF_DELETIONS)])


def kill_while_deleting(studio: Studio, step: Step, faults: list[dict[str, Any]]) -> None:
    """Without a fault, and under each of these of either call."""
    kill_while_struck(studio, step, list(product([LOOK, DELETE], faults)))


def kill_while_struck(studio: Studio, step: Step, strikes: list[Strike]) -> None:
    """Without a fault, and under each of these."""
    films: list[Recording] = []
    for operation, fault in [(LOOK, {}), *strikes]:
        films += stocked(studio, 1, days_ago=40)
        more = dict(fault)
        if more:
            studio.simulator.fault(more.pop("kind"), operation, times=1, **more)
        purge()
        died = dies_at(step, carry_out_due)
        assert died or fault, "without a fault every step is reached"
        goes_on()
        studio.simulator.clear_faults()
    assert_each_deleted_once(studio.simulator, films)


@pytest.mark.parametrize("step", OF_DELETIONS[1::2], ids=str)
def test_killed_while_deleting_a_composition(studio: Studio, step: Step) -> None:
    film = composed(studio)
    then = timezone.now() - timedelta(days=40)
    Composition.objects.update(status="completed", completed_at=then, expires_at=then + timedelta(days=30))
    purge()
    assert dies_at(step, carry_out_due)
    goes_on()
    assert deleted_at_telnyx(studio.simulator) == [str(film.telnyx_id)]
    assert (Deletion.objects.count(), receipt(film).state) == (1, "done")
    assert Composition.objects.get().state == "deleted"


@pytest.mark.parametrize("step", OF_PURGES, ids=str)
def test_killed_while_beginning(studio: Studio, settings: Any, step: Step) -> None:
    settings.TELNYX_TASK_TIMEOUT_SECS = 1
    kill_while_beginning(studio, step, CLOCK_FAULTS[OF_PURGES.index(step) % len(CLOCK_FAULTS) :][:1])


def kill_while_beginning(studio: Studio, step: Step, faults: list[dict[str, Any]]) -> None:
    """Without a fault, and under each of these."""
    films: list[Recording] = []
    for fault in ({}, *faults):
        films += stocked(studio, 2, days_ago=40)
        more = dict(fault)
        if more:
            studio.simulator.fault(more.pop("kind"), "list_rooms", times=1, **more)
        died = dies_at(step, purge_all)
        assert died or fault, "without a fault every step is reached"
        goes_on()
        studio.simulator.clear_faults()
    assert_each_deleted_once(studio.simulator, films)


def test_a_killed_workers_deletion_is_finished_by_another(
    studio: Studio, simulator: Simulator, tmp_path: Path
) -> None:
    told = {"TELNYX_TASK_TIMEOUT_SECS": "2"}
    films = stocked(studio, 4, days_ago=40)
    with start_broker(tmp_path) as broker:
        told["REDIS_URL"] = broker.url
        hold = simulator.fault("hold", DELETE, where="after", times=1)
        with start_worker(tmp_path, **told) as worker:
            purging.begin_due(timezone.now())
            simulator.await_held(hold)
            worker.kill()
        simulator.clear_faults()
        assert lease_secs_left() < RESUMED_SECS
        restart()
        with start_worker(tmp_path, **told):
            wait_until(lambda: PurgeRun.objects.get().state == "finished", 40, pause_secs=0.05)
    assert_each_deleted_once(simulator, films)
