"""The supervisor: starts steps in order, watches them, and ends them all when one ends or somebody asks."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

from videobroker.running import orphans
from videobroker.running.console import Console
from videobroker.running.endings import Asked, Ending, GuardianDied, StepFailed, outcome
from videobroker.running.groups import ProcessGroup
from videobroker.running.guarding import Guardian
from videobroker.running.steps import Errand, Service, Step, followers_of, in_order

PARENT_POLL_SECS: Final = 0.25
_ASKING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """Runs `steps` as one until one of them fails or the end is asked for; then nothing of them is left.

    SIGTERM, SIGHUP and the first Ctrl-C end everything in reverse order; another Ctrl-C kills at once.
    Each service has `grace_secs` between SIGTERM and SIGKILL.
    """

    def __init__(
        self,
        steps: Iterable[Step],
        *,
        stdout: int = 1,
        grace_secs: float = 6.0,
        ends_with_parent: bool = False,
        holds: Sequence[int] = (),
    ) -> None:
        """`stdout` is the file descriptor to write to. `holds` are file descriptors (of locks) that stay open
        until the last process is gone, even if the supervisor itself is killed. `ends_with_parent`: the end
        of the process that started the supervisor counts as being asked to end.

        Raises ImpossiblePlanError if the steps cannot be ordered.
        """
        self._steps = in_order(steps)
        self._stdout = stdout
        self._grace_secs = grace_secs
        self._parent = os.getppid() if ends_with_parent else None
        self._holds = holds

    def run(self) -> int:
        """Returns the exit status, once all has ended: 0 if asked to, 130 after Ctrl-C, 1 after a failure."""
        return asyncio.run(self._run())

    async def _run(self) -> int:
        self._groups: list[ProcessGroup] = []
        self._ready = {step.name: asyncio.Event() for step in self._steps}
        self._asked: asyncio.Future[Asked] = asyncio.get_running_loop().create_future()
        self._hurry = asyncio.Event()
        orphans.adopt()
        self._listen_to_signals()
        self._guardian = Guardian(self._holds)
        self._console = self._open_console()
        status = 0
        try:
            await self._watch()
        except* Ending as endings:
            status = self._tell(next(ending for ending in endings.exceptions if isinstance(ending, Ending)))
        finally:
            await self._end_all()
            self._guardian.dismiss()
            self._console.close()
        return status

    def _open_console(self) -> Console:
        loop = asyncio.get_running_loop()
        return Console(
            self._stdout,
            [step.name for step in self._steps],
            colour=os.isatty(self._stdout) and not os.environ.get("NO_COLOR"),
            on_reader_gone=partial(loop.call_soon_threadsafe, self._ask, Asked("nobody reads the output")),
        )

    # What may end a run.

    async def _watch(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._until_asked())
            tasks.create_task(self._while_guarded())
            if self._parent is not None:
                tasks.create_task(self._while_child_of(self._parent))
            for step in self._steps:
                tasks.create_task(self._see_through(step))

    async def _until_asked(self) -> None:
        raise await self._asked

    async def _while_guarded(self) -> None:
        raise GuardianDied(await self._guardian.status())

    async def _while_child_of(self, parent: int) -> None:
        while os.getppid() == parent:
            await asyncio.sleep(PARENT_POLL_SECS)
        raise Asked("the process that started this one is gone")

    async def _see_through(self, step: Step) -> None:
        for name in step.after:
            await self._ready[name].wait()
        group = self._start(step)
        try:
            async with asyncio.timeout(step.within_secs):
                await self._until_ready(group)
        except TimeoutError as error:
            what = f"was not ready within {step.within_secs:g} s"
            raise StepFailed(step.name, what, group.last_lines) from error
        self._ready[step.name].set()
        if isinstance(step, Service):
            self._console.say(f"{step.name} is ready")
            raise await self._death_of(group)

    # Starting.

    def _start(self, step: Step) -> ProcessGroup:
        try:
            group = ProcessGroup(step, self._guardian, partial(self._show, step))
        except OSError as error:
            raise StepFailed(step.name, f"could not be started ({error})", ()) from error
        self._groups.append(group)
        return group

    def _show(self, step: Step, line: str) -> None:
        if isinstance(step, Errand) and step.plain:
            self._console.show_plain(line)
        elif not _keeps_quiet(step) or self._ready[step.name].is_set():
            self._console.show(step.name, line)

    async def _until_ready(self, group: ProcessGroup) -> None:
        if isinstance(group.step, Service):
            await self._until_service_ready(group, group.step)
        elif await group.status() != 0:
            raise await self._death_of(group)
        else:
            await self._end(group)

    async def _until_service_ready(self, group: ProcessGroup, service: Service) -> None:
        ready = asyncio.create_task(service.ready.wait(group))
        died = asyncio.create_task(group.status())
        try:
            await asyncio.wait((ready, died), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            died.cancel()
        if not ready.done():
            raise await self._death_of(group)
        ready.result()
        if group.announcement is not None:
            service.on_announced(group.announcement)

    async def _death_of(self, group: ProcessGroup) -> StepFailed:
        status = await group.status()
        await group.drained()
        return StepFailed(group.step.name, outcome(status), group.last_lines)

    # Ending.

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _ASKING:
            loop.add_signal_handler(number, self._on_signal, number)
        loop.add_signal_handler(signal.SIGCHLD, self._reap)

    def _on_signal(self, number: int) -> None:
        if number == signal.SIGINT and self._asked.done():
            self._hurry.set()
        else:
            self._ask(Asked.by_signal(number))

    def _ask(self, asked: Asked) -> None:
        if not self._asked.done():
            self._asked.set_result(asked)

    def _reap(self) -> None:
        self._guardian.reap()
        for group in self._groups:
            group.reap()
        orphans.bury(self._own_children())

    def _own_children(self) -> set[int]:
        return {self._guardian.pid, *(group.number for group in self._groups)}

    def _tell(self, ending: Ending) -> int:
        self._console.say(str(ending))
        return ending.status

    async def _end_all(self) -> None:
        """Ends every group once all that came after it are gone."""
        followers = followers_of(self._steps)
        gone = {group.step.name: asyncio.Event() for group in self._groups}

        async def end_in_turn(group: ProcessGroup) -> None:
            for name in followers[group.step.name] & gone.keys():
                await gone[name].wait()
            await self._end(group)
            gone[group.step.name].set()

        await asyncio.gather(*map(end_in_turn, self._groups))
        orphans.end(self._own_children())

    async def _end(self, group: ProcessGroup) -> None:
        if await group.end(self._grace_secs, self._hurry):
            self._guardian.forget(group.number)
            self._groups.remove(group)
        else:
            self._console.say(
                f"{group.step.name} (process group {group.number}) survives SIGKILL, left behind"
            )


def _keeps_quiet(step: Step) -> bool:
    return isinstance(step, Service) and step.quiet_start
