"""A child process as the event loop sees it: its end is something to wait for, by as many as like."""

from __future__ import annotations

import asyncio
import subprocess


class Child:
    """Watches a started process. Somebody must call `reap` on SIGCHLD."""

    def __init__(self, popen: subprocess.Popen[bytes]) -> None:
        self.popen = popen
        self._ended = asyncio.Event()

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    def reap(self) -> None:
        """Looks whether the process has ended."""
        if self.popen.poll() is not None:
            self._ended.set()

    async def status(self) -> int:
        """Waits for the end of the process and returns its status (negative: the signal that killed it)."""
        await self._ended.wait()
        return self.popen.wait()
