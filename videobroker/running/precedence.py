"""Who goes first on a machine that web and workers share: whoever is waited for.

A worker that purges keeps a core half busy for hours. Without this, each of the many short turns of a mint may first
have to wait until the worker's is over. It takes nothing from a worker as long as a core is free, or where it has a
machine or a container of its own.
"""

import os
import time
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

# Linux weighs sessions against each other before it looks at the processes in them: sched(7), "The autogroup feature".
AUTOGROUP: Final = Path("/proc/self/autogroup")
_TRIES: Final = 20
_APART_SECS: Final = 0.11


def give_way(niceness: int, autogroup: Path = AUTOGROUP) -> None:
    """Let this process, and what it starts from now on, go behind others by so much, from 0 (not at all) to 19, unless
    it does so already. `autogroup` is where the system says, and is told, what this process's session weighs, if it
    weighs sessions at all."""
    os.nice(max(0, niceness - os.getpriority(os.PRIO_PROCESS, 0)))
    # A session's weight is everybody's in it; only who leads one has it to itself.
    if os.getsid(0) == os.getpid():
        _weigh_session(niceness, autogroup)


def niceness_of_session(autogroup: Path = AUTOGROUP) -> int | None:
    """How far this process's session goes behind others. None where sessions are not weighed, and for what runs in none
    that is: what the system itself began and gave no session of its own finds the file empty."""
    try:
        return int(autogroup.read_text().split()[-1])
    except (FileNotFoundError, IndexError):
        return None


def _weigh_session(niceness: int, autogroup: Path) -> None:
    """Linux lets only one session of all be weighed each tenth of a second."""
    for _ in range(_TRIES):
        try:
            known = niceness_of_session(autogroup)
            if known is not None and niceness > known:
                autogroup.write_text(str(niceness))
        except BlockingIOError:
            time.sleep(_APART_SECS)
        except OSError as error:  # a container may keep its processes from it; they have a weight as a whole
            log.info("session_not_weighed", error=str(error))
            return
        else:
            return
    log.info("session_not_weighed", error="others were being weighed all the time")
