"""A process that dies in the middle of what it does, as by kill -9, at a step that the test names.

    died = dies_at(Step("rooms.composing", "adopt"), lambda: operations.carry_out(operation.pk))

The work is done in a fork of the test's process; a trace function watches for the step. Nothing of ours is changed.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Literal

from django.db import connections

PATIENCE_SECS = 30
FAILED = 3


@dataclass(frozen=True)
class Step:
    """When a function of a module is entered, or has done its work and returns."""

    module: str
    function: str
    when: Literal["call", "return"] = "call"

    def __str__(self) -> str:
        return f"{self.function}-{self.when}"

    def is_here(self, frame: FrameType) -> bool:
        return frame.f_code.co_name == self.function and frame.f_globals.get("__name__") == self.module


def dies_at(step: Step, work: Callable[[], object]) -> bool:
    """Whether the work reached the step, and ended there; else it was done to its end."""
    child = begin(lambda: _traced(step, work))
    return ended(child)


def begin(work: Callable[[], object]) -> int:
    """Begin the work in a fork; its process id. To be followed by `ended`."""
    connections.close_all()  # a connection is one process's own
    child = os.fork()
    if child == 0:
        _work_and_go(work)
    return child


def ended(child: int) -> bool:
    """Wait for its end; whether it was killed. Fails if the work did."""
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, f"ended by signal {os.WTERMSIG(status)}: it hung"
        return True
    assert os.WEXITSTATUS(status) == 0, "the work raised; see the log"
    return False


def kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)


def _work_and_go(work: Callable[[], object]) -> None:
    """In the fork, which never returns: the test is its parent's."""
    status = FAILED
    try:
        signal.alarm(PATIENCE_SECS)
        work()
        status = 0
    finally:
        os._exit(status)


def _traced(step: Step, work: Callable[[], object]) -> None:
    def watch(frame: FrameType, event: str, _: Any) -> Any:
        if not step.is_here(frame):
            return None
        if step.when == "call":
            _die()
        return lambda _frame, event, _: _die() if event == "return" else None

    sys.settrace(watch)
    try:
        work()
    finally:
        sys.settrace(None)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(PATIENCE_SECS)  # the signal arrives at once; nothing may happen until then
