"""Processes whose parent has died. On Linux they become the supervisor's children, which it buries or ends.

Elsewhere init adopts them, and they are ended by their process group alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h
END_WITHIN_SECS: Final = 1.0
_POLL_SECS: Final = 0.01


def adopt() -> None:
    """From now on, makes this process the parent of every descendant that loses its own."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def bury(own: Collection[int]) -> None:
    """Takes the status of every dead child but the `own` ones, whose status somebody else awaits.

    A dead process that is not buried keeps its process group in being, and not every init is quick.
    """
    if sys.platform != "linux":
        return
    try:
        while (dead := _first_dead()) and dead not in own:
            os.waitpid(dead, 0)
    except ChildProcessError:
        return  # no child is left, dead or alive


def end(own: Collection[int]) -> None:
    """Kills adopted descendants that left their process group to escape being ended with it."""
    deadline = time.monotonic() + END_WITHIN_SECS
    while (escaped := [pid for pid in _children() if pid not in own]) and time.monotonic() < deadline:
        for pid in escaped:
            os.kill(pid, signal.SIGKILL)  # our child: its number is taken until it is buried
        time.sleep(_POLL_SECS)
        bury(own)


def _first_dead() -> int | None:
    dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return dead.si_pid if dead else None


def _children() -> Iterable[int]:
    if sys.platform != "linux":
        return ()
    lists = Path("/proc/self/task").glob("*/children")
    return [int(pid) for children in lists for pid in children.read_text().split()]
