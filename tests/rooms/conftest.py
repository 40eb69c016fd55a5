"""What tests of rooms may ask for."""

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.simulated import Simulator
from tests.tokens.passing import time

__all__ = ["time"]


@pytest.fixture
def gathering(acme: Company, simulator: Simulator, demo_room: Json) -> Gathering:
    """Acme's demo room, which ana moderates and bo takes part in. Nobody has come yet."""
    return Gathering.of(acme, simulator, demo_room)
