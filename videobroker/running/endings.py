"""Why a run ends: each ending knows its exit status and what to tell the person who started it."""

from __future__ import annotations

import signal
from collections.abc import Iterable


class Ending(Exception):
    """The run ends. `status` is the exit status; the message says why."""

    status = 1


class Asked(Ending):
    """Somebody asked for the end: a signal, or the parent's or the reader's going away."""

    status = 0

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(f"{why}; stopping")
        self.status = status

    @classmethod
    def by_signal(cls, number: int) -> Asked:
        """Ctrl-C ends with 130, as shells expect; an orderly SIGTERM is a success."""
        if number == signal.SIGINT:
            return cls("interrupted", 128 + number)
        return cls(f"received {signal.Signals(number).name}")


class GuardianDied(Ending):
    """Without the guardian, nothing would end the services if the supervisor were killed."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the guardian process {outcome(status)}; stopping everything")


class StepFailed(Ending):
    """A step died, or did not become ready."""

    def __init__(self, name: str, what: str, last_lines: Iterable[str]) -> None:
        told = "\n".join(f"    {line}" for line in last_lines)
        said = f"its last lines were:\n{told}" if told else "it printed nothing"
        super().__init__(f"{name} {what}; stopping everything; {said}")


def outcome(status: int) -> str:
    """In words, how a process ended whose status (as `subprocess` gives it) this is."""
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal has no name
        return f"was killed by signal {-status}"
