"""The supervisor's side of the guardian: starting it, telling it what has ended, noticing its death."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from videobroker.running import guardian, launch
from videobroker.running.children import Child
from videobroker.running.steps import Step

# Without site-packages and without the user's environment: a bare interpreter starts in milliseconds.
_BARE_PYTHON: Final = (sys.executable, "-I", "-S")
_LEAVES_WITHIN_SECS: Final = guardian.TERM_GRACE_SECS + guardian.KILL_GRACE_SECS + 1.0


class Guardian:
    """A running guardian. To be made where an event loop runs."""

    def __init__(self, keeps_open: Sequence[int] = ()) -> None:
        """`keeps_open` are file descriptors (of locks) to be held until the last process is gone."""
        read_end, self._pipe = os.pipe()
        try:
            popen = subprocess.Popen(  # noqa: S603 - our own script
                [*_BARE_PYTHON, guardian.__file__],
                stdin=read_end,
                stdout=subprocess.DEVNULL,
                pass_fds=keeps_open,
                start_new_session=True,
                cwd="/",
            )
        finally:
            os.close(read_end)
        self._child = Child(popen)

    @property
    def pid(self) -> int:
        return self._child.popen.pid

    def launch(self, step: Step) -> subprocess.Popen[bytes]:
        """Starts the step's command as the leader of a new process group that the guardian knows of.

        Its output and errors come by `stdout`; it has nothing to read. To be called in the main thread, whose
        death, for the kernel, is the supervisor's.
        """
        return subprocess.Popen(  # noqa: S603 - the command is the plan's
            [*_BARE_PYTHON, launch.__file__, str(os.getpid()), str(self._pipe), *step.argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(self._pipe,),
            start_new_session=True,
            env=step.env,
            cwd=step.cwd,
        )

    def forget(self, group: int) -> None:
        """Tells the guardian that a process group is gone, as its number may be another's tomorrow."""
        # A guardian that is gone has nothing to forget; the supervisor learns of its death by `status`.
        with suppress(BrokenPipeError):
            os.write(self._pipe, b"-%d\n" % group)

    def reap(self) -> None:
        """Looks whether the guardian has died. To be called on SIGCHLD."""
        self._child.reap()

    async def status(self) -> int:
        """Waits for the death of the guardian, which is never expected, and returns its status."""
        return await self._child.status()

    def dismiss(self) -> None:
        """Lets the guardian go, which ends what is still running, and waits until it has gone."""
        os.close(self._pipe)
        self._child.popen.wait(_LEAVES_WITHIN_SECS)
