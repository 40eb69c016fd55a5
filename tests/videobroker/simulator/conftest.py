"""What the tests of the simulator share."""

import pytest

from tests.simulated import Simulator
from tests.videobroker.simulator.worlds import World, make_world


@pytest.fixture
def world(simulator: Simulator) -> World:
    """A room with ana and bo in it."""
    return make_world(simulator)
