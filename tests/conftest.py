"""What every test may ask for."""

from tests.simulated import running_simulator, simulator

__all__ = ["running_simulator", "simulator"]
