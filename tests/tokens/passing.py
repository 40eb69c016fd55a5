"""Time that passes at will, here and at the simulated Telnyx alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.simulated import Simulator


@dataclass
class Time:
    """The clock of this process, which goes on by itself and can be put forward."""

    traveller: time_machine.Traveller
    simulator: Simulator
    passed_secs: float = 0

    def passes(self, secs: float) -> None:
        """So many seconds later."""
        self.passed_secs += secs
        self.traveller.shift(secs)
        self.simulator.settings(clock_offset_secs=self.passed_secs)

    def passes_until(self, moment: datetime) -> None:
        """It is `moment`, or just after it."""
        self.passes((moment - datetime.now(UTC)).total_seconds() + 0.01)


@pytest.fixture
def time(simulator: Simulator) -> Iterator[Time]:
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:
        yield Time(traveller, simulator)


def moment(text: str) -> datetime:
    """A time of an answer."""
    return datetime.fromisoformat(text)


def ahead(**span: float) -> str:
    """The time that is so far ahead, as a body says it."""
    return (datetime.now(UTC) + timedelta(**span)).isoformat()
