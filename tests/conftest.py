"""What every test may ask for."""

import gc

import pytest

from tests.cast import acme, demo_room, globex, telnyx_is_simulated
from tests.simulated import running_simulator, simulator

__all__ = ["acme", "demo_room", "globex", "running_simulator", "simulator", "telnyx_is_simulated"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Thousands of tests and all modules stay to the end: to look through them again and again for garbage would take a
    tenth of the time."""
    gc.collect()
    gc.freeze()
