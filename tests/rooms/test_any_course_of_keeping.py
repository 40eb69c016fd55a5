"""Whatever happens to films, and in whatever order: nothing held, early or foreign is ever deleted, and in the end all
that is due and free. `soak_purging.py` has ten thousand courses of events; here are some of them."""

from typing import Any

import pytest

from tests.cast import Company
from tests.rooms.archives import Archive, histories
from tests.rooms.films import Studio
from tests.rooms.vaults import share_account
from tests.simulated import Simulator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

ACTS, FILMS = 100, 40


@pytest.mark.parametrize("seed", range(2))
def test_nothing_but_what_is_due_and_free_is_deleted(
    acme: Company, globex: Company, simulator: Simulator, settings: Any, seed: int
) -> None:
    settings.PURGE_FREE_COUNT = 1_000_000
    settings.TELNYX_TASK_TIMEOUT_SECS = 2
    share_account(acme, globex)
    ours = [Studio.of(acme, simulator), Studio.of(acme, simulator)]
    archive = Archive(ours, Studio.of(globex, simulator, {"gus": "moderator"}), seed)
    archive.live(ACTS, FILMS)
    archive.settle()
    assert len(histories(archive)) > FILMS / 2
