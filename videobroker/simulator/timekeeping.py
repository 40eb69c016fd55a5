"""What happens by itself: compositions go on, and people whose token has run out are dropped."""

import threading
import time

from videobroker.simulator import attendance, compositions
from videobroker.simulator.simulation import Simulation

_LONGEST_WAIT_SECS = 1.0


def start(sim: Simulation) -> None:
    """Begin to watch the clock in the background, until the simulation stops."""
    threading.Thread(target=_watch, args=(sim,), name="timekeeper", daemon=True).start()


def _watch(sim: Simulation) -> None:
    while not sim.stopping.is_set():
        seen_wakes = sim.wakes
        next_due = [
            moment for moment in (compositions.advance_due(sim), attendance.expire_due(sim)) if moment
        ]
        wait_secs = min(next_due, default=time.time() + _LONGEST_WAIT_SECS) - time.time()
        sim.wait_for_something_due(min(wait_secs, _LONGEST_WAIT_SECS), seen_wakes)
