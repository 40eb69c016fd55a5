"""One started step: its leader, all that the leader started, and what they print."""

from __future__ import annotations

import asyncio
import re
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Final

from videobroker.running.children import Child
from videobroker.running.guardian import KILL_GRACE_SECS, POLL_SECS, signal_group
from videobroker.running.guarding import Guardian
from videobroker.running.steps import Service, Step

LAST_LINES: Final = 20
LONGEST_LINE: Final = 16 * 1024
DRAIN_WITHIN_SECS: Final = 0.5


class ProcessGroup:
    """A running step. Made where an event loop runs; somebody must call `reap` on SIGCHLD."""

    def __init__(self, step: Step, guardian: Guardian, show: Callable[[str], None]) -> None:
        """`show` is given each line of output but the announcement. Raises OSError if it cannot start."""
        self.step = step
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self.announcement: str | None = None
        self._announced = asyncio.Event()
        self._announces = re.compile(step.announces) if isinstance(step, Service) and step.announces else None
        self._show = show
        popen = guardian.launch(step)
        assert popen.stdout is not None
        self._child = Child(popen)
        self._output = asyncio.create_task(self._read(popen.stdout))

    @property
    def number(self) -> int:
        """The number of the process group, which is its leader's pid."""
        return self._child.popen.pid

    def reap(self) -> None:
        """Looks whether the leader has ended."""
        self._child.reap()

    async def status(self) -> int:
        """Waits for the end of the leader and returns its status (negative: the signal that killed it)."""
        return await self._child.status()

    async def announced(self) -> None:
        """Waits for the line that the service's `announces` describes; `announcement` then has it."""
        await self._announced.wait()

    async def drained(self) -> None:
        """Waits, not long, until what an ended leader printed has been shown."""
        await asyncio.wait([self._output], timeout=DRAIN_WITHIN_SECS)

    async def end(self, grace_secs: float, hurry: asyncio.Event) -> bool:
        """Ends every process of the group: SIGTERM, then SIGKILL after `grace_secs` or once `hurry` is set.

        Whether all are gone, which SIGKILL guarantees unless one is stuck in the kernel.
        """
        if signal_group(self.number, signal.SIGTERM):
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_secs):
                    await self._gone_or(hurry)
        if signal_group(self.number, signal.SIGKILL):
            with suppress(TimeoutError):
                async with asyncio.timeout(KILL_GRACE_SECS):
                    await self._gone_or(asyncio.Event())
        await self.drained()
        self._output.cancel()
        return not self._is_there()

    def _is_there(self) -> bool:
        return not self._child.has_ended or signal_group(self.number, 0)

    async def _gone_or(self, hurry: asyncio.Event) -> None:
        while self._is_there() and not hurry.is_set():
            await asyncio.sleep(POLL_SECS)

    async def _read(self, stream: IO[bytes]) -> None:
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), stream)
        try:
            rest = b""
            while chunk := await reader.read(LONGEST_LINE):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._take(line)
                if len(rest) >= LONGEST_LINE:
                    self._take(rest)
                    rest = b""
            if rest:
                self._take(rest)
        finally:
            transport.close()

    def _take(self, raw: bytes) -> None:
        line = raw.decode(errors="replace").rstrip("\r")
        if self._announces and self.announcement is None and self._announces.search(line):
            self.announcement = line
            self._announced.set()
            return
        self.last_lines.append(line)
        self._show(line)
