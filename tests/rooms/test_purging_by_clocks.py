"""Nothing is purged by a wrong clock: ours, the database's, or one that nobody can compare."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from structlog.testing import capture_logs

from rooms import purging
from rooms.clocks import Clocks
from rooms.models import Deletion, PurgeRun
from tests.rooms.ageing import (
    LATER,
    carry_out_once,
    deletes,
    kept,
    purge,
    purge_all,
    run_of,
    stocked,
)
from tests.rooms.films import Studio
from tests.tokens.passing import Time

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("jump", [{"days": 3650}, {"minutes": 6}, {"minutes": -6}])
def test_a_clock_that_jumped_deletes_nothing_and_raises_the_alarm(
    studio: Studio, jump: dict[str, float]
) -> None:
    films = stocked(studio, 3, days_ago=1) + stocked(studio, 2, days_ago=40)
    with capture_logs() as logs:
        purge(timezone.now() + timedelta(**jump))
    assert [line["log_level"] for line in logs if line["event"] == "purge_refused"] == ["error"]
    assert "our clock" in run_of(studio.gathering.company).why
    assert kept() == {film.pk for film in films}
    assert not Deletion.objects.exists()
    assert deletes(studio.simulator) == []

    PurgeRun.objects.update(checked_at=timezone.now() - LATER)
    purge_all()
    assert kept() == {film.pk for film in films[:3]}


@pytest.mark.parametrize("minutes", [4, -4])
def test_clocks_that_differ_by_less_than_five_minutes_agree(studio: Studio, minutes: float) -> None:
    films = stocked(studio, 1, days_ago=1) + stocked(studio, 2, days_ago=40)
    now = timezone.now() + timedelta(minutes=minutes)
    purge(now)
    carry_out_once(now)
    assert kept() == {films[0].pk}
    assert len(deletes(studio.simulator)) == 2


def test_the_clock_of_the_whole_process_jumps_ahead(studio: Studio, time: Time) -> None:
    stocked(studio, 3, days_ago=1)
    time.traveller.shift(timedelta(days=3650))
    purge()
    assert run_of(studio.gathering.company).state == "refused"
    assert len(kept()) == 3


def test_the_databases_clock_has_to_be_right_too(studio: Studio, time: Time) -> None:
    stocked(studio, 3, days_ago=40)
    time.passes(3600)  # here and at Telnyx, and the database is left behind
    purge()
    run = run_of(studio.gathering.company)
    assert run.state == "refused"
    assert "the database's clock" in run.why
    assert "our clock" not in run.why
    assert len(kept()) == 3


def test_a_clock_that_jumps_in_the_middle_stops_what_goes_on(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 1000
    stocked(studio, 250, days_ago=40)
    stocked(studio, 250, days_ago=1)
    purge()
    carry_out_once(timezone.now() + timedelta(days=3650))
    assert deletes(studio.simulator) == []
    assert not Deletion.objects.exists()
    purge(timezone.now() + timedelta(days=3650))
    run = run_of(studio.gathering.company)
    assert (run.state, run.begun) == ("refused", 0)
    assert len(kept()) == 500


def test_clocks_are_compared_every_minute_and_once_for_an_account(studio: Studio) -> None:
    stocked(studio, 2, days_ago=40)
    purge()
    asked = len(studio.simulator.calls("list_rooms"))
    purging.go_on(timezone.now())
    assert len(studio.simulator.calls("list_rooms")) == asked
    purging.go_on(timezone.now() + LATER)
    assert len(studio.simulator.calls("list_rooms")) == asked + 1
    clocks, account = Clocks(timezone.now()), studio.gathering.row.account
    assert clocks.verdict(account) == clocks.verdict(account)
    assert len(studio.simulator.calls("list_rooms")) == asked + 2


@pytest.mark.parametrize("fault", ["reset", "malformed", "rate_limit"])
def test_without_telnyxs_word_on_the_time_nothing_begins(studio: Studio, fault: str) -> None:
    stocked(studio, 2, days_ago=40)
    struck = studio.simulator.fault(fault, "list_rooms")
    purge()
    assert (run_of(studio.gathering.company).state, len(kept())) == ("running", 2)
    studio.simulator.control("DELETE", f"faults/{struck}")
    purge_all()
    assert kept() == set()
