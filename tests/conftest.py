"""What every test may ask for."""

from tests.cast import acme, demo_room, globex, telnyx_is_simulated
from tests.simulated import running_simulator, simulator

__all__ = ["acme", "demo_room", "globex", "running_simulator", "simulator", "telnyx_is_simulated"]
