"""Ten thousand courses of events that films may go through, and every step of a purge killed under every fault:
`pytest tests/rooms/soak_purging.py`; HISTORIES says how many courses. It is not part of the suite."""

import os
import time
from collections import Counter
from typing import Any

import pytest
from django.db import connection

from tests.cast import Company
from tests.rooms.ageing import assert_never_in_bulk
from tests.rooms.archives import Archive, histories
from tests.rooms.deletions import FAULTS
from tests.rooms.dying import Step
from tests.rooms.films import Studio
from tests.rooms.test_purging_killed import (
    CLOCK_FAULTS,
    OF_DELETIONS,
    OF_PURGES,
    kill_while_beginning,
    kill_while_deleting,
)
from tests.rooms.vaults import share_account
from tests.simulated import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3 * 3600)]

HISTORIES = int(os.environ.get("HISTORIES", "10000"))
FIRST_SEED = int(os.environ.get("FIRST_SEED", "1000"))
ACTS, FILMS = 200, 80
TOLD_EVERY_SECS = 60.0


def test_nothing_but_what_is_due_and_free_is_deleted(
    acme: Company, globex: Company, simulator: Simulator, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.PURGE_FREE_COUNT = 1_000_000
    settings.TELNYX_TASK_TIMEOUT_SECS = 2
    share_account(acme, globex)
    ours = [Studio.of(acme, simulator), Studio.of(acme, simulator)]
    foreign = Studio.of(globex, simulator, {"gus": "moderator"})
    different: set[int] = set()
    count: Counter[str] = Counter()
    started = told_at = time.monotonic()
    while len(different) < HISTORIES:
        archive = Archive(ours, foreign, FIRST_SEED + count["archives"])
        archive.live(ACTS, FILMS)
        archive.settle()
        assert_never_in_bulk(simulator)
        different |= {hash(each) for each in histories(archive)}
        count.update(archives=1, films=len(archive.films), acts=archive.acts, killed=archive.died)
        if time.monotonic() - told_at > TOLD_EVERY_SECS or len(different) >= HISTORIES:
            told_at = time.monotonic()
            with capsys.disabled():
                took = f"{told_at - started:.0f} s"
                print(
                    f"{connection.vendor}: {len(different)} different histories in {took}: {dict(count)}",
                    flush=True,
                )
    assert count["killed"] > count["archives"]


@pytest.mark.parametrize("step", OF_DELETIONS, ids=str)
def test_killed_at_every_step_of_a_deletion_under_every_fault(
    studio: Studio, settings: Any, step: Step
) -> None:
    settings.TELNYX_TASK_TIMEOUT_SECS = 1
    kill_while_deleting(studio, step, FAULTS)


@pytest.mark.parametrize("step", OF_PURGES, ids=str)
def test_killed_at_every_step_of_a_purge_under_every_fault_of_the_clocks(
    studio: Studio, settings: Any, step: Step
) -> None:
    settings.TELNYX_TASK_TIMEOUT_SECS = 1
    kill_while_beginning(studio, step, CLOCK_FAULTS)
