"""The race for a successor, long: `pytest tests/tokens/soak_refresh_race.py` runs 1,000 rounds, or as many as ROUNDS
says, and prints how it went. It is not part of the suite; `test_races.py` runs the same rounds, fewer of them."""

import os
import time

import pytest
from django.db import connection

from tests.asking import Json
from tests.cast import Company
from tests.tokens.racing import RACERS, Race

ROUNDS = int(os.environ.get("ROUNDS", "1000"))


@pytest.mark.timeout(3600)
@pytest.mark.django_db(transaction=True)
def test_a_thousand_rounds_give_one_successor_each(
    acme: Company, demo_room: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    acme.change(grant_ttl_secs=604_800, requests_per_minute=10_000_000, mints_per_minute=10_000_000)
    race = Race(acme, demo_room)
    started = time.monotonic()
    race.run(ROUNDS)
    race.check()
    secs = time.monotonic() - started
    with capsys.disabled():
        print(
            f"\n{connection.vendor}: {race.rounds} rounds of {RACERS} at once, one successor each, no error, no false"
            f" alarm; {secs:.0f} s, {race.rounds * RACERS / secs:.0f} refreshes a second"
        )
