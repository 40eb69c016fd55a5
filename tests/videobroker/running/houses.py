"""A supervisor with stand-ins in processes of their own, and how to look at them from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

PROJECT_DIR = Path(__file__).parents[3]
MARK = "VIDEOBROKER_TEST_HOUSE"
PATIENCE_SECS = 15.0

Steps = Iterable[dict[str, Any]]


def until(condition: Callable[[], bool], what: str, within_secs: float = PATIENCE_SECS) -> None:
    """Polls the condition; fails with `what` when it does not come true in time."""
    deadline = time.monotonic() + within_secs
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_secs} s: {what}"
        time.sleep(0.02)  # between two looks; the deadline is above


def in_a_row(*manners: str) -> list[dict[str, Any]]:
    """Services s1, s2, … of these manners, each after the one before."""
    return [
        {"name": f"s{n}", "manner": manner, "after": [f"s{n - 1}"] if n > 1 else []}
        for n, manner in enumerate(manners, 1)
    ]


class House:
    """Starts on entering; on leaving, ends what a failed test left. Each process of it carries a mark."""

    def __init__(self, argv: Iterable[str], env: dict[str, str] | None = None) -> None:
        self.mark = uuid.uuid4().hex
        self.argv = list(argv)
        self.env = os.environ | (env or {}) | {MARK: self.mark}
        self.lines: list[str] = []
        self.passes: tuple[int, ...] = ()

    @classmethod
    def of(cls, steps: Steps, *, launcher: Iterable[str] = (), **supervisor: Any) -> House:
        """Stand-ins under a supervisor, started through `launcher`."""
        plan = json.dumps({"steps": list(steps), "grace_secs": 5.0, **supervisor})
        house = cls([*launcher, sys.executable, "-m", "tests.videobroker.running.stand_in_house", plan])
        house.passes = (supervisor["stdout"],) if "stdout" in supervisor else ()
        return house

    def __enter__(self) -> Self:
        self.popen = subprocess.Popen(
            self.argv,
            env=self.env,
            cwd=PROJECT_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self.passes,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.popen.kill()
        self.popen.wait()
        self._reader.join(PATIENCE_SECS)
        assert self.popen.stdout is not None
        assert not self._reader.is_alive(), "somebody unmarked still holds the output"
        self.popen.stdout.close()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            self.lines.append(line.decode().rstrip("\n"))

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def shows(self, text: str, within_secs: float = PATIENCE_SECS) -> None:
        """Waits until `text` has been shown."""
        until(lambda: text in self.output, f"{text!r} in the output", within_secs)

    def processes(self) -> list[psutil.Process]:
        """All living processes of this house, the supervisor and the guardian among them.

        Valkey writes its title over its environment, mark included; it is known by the directory it works in.
        """
        return [process for process in psutil.process_iter() if self._has(process)]

    def _has(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process.environ().get(MARK) == self.mark or process.cwd() == self.env.get("DATA_DIR")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def find(self, *words: str) -> psutil.Process:
        """The leader whose command line has all these words."""
        found = [p for p in self.processes() if all(word in " ".join(_command_of(p)) for word in words)]
        return min(found, key=lambda process: (process.create_time(), process.pid))

    @property
    def supervisor(self) -> psutil.Process:
        return self.find("stand_in_house", "-m")

    @property
    def guardian(self) -> psutil.Process:
        return self.find("guardian.py")

    def leader(self, name: str) -> psutil.Process:
        return self.find("stand_in.py", f" {name} ")

    def ends(self, within_secs: float = PATIENCE_SECS) -> int:
        """Waits for the end of the started process, and of its output; returns its status."""
        status = self.popen.wait(within_secs)
        self._reader.join(within_secs)
        return status

    def nothing_is_left(self, within_secs: float = 0.5) -> None:
        """Fails unless every process of this house is gone in time."""
        until(lambda: not self.processes(), f"{self.processes()} are gone", within_secs)


def _command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
