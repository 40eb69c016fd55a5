"""One stack for all workers of a run: whoever will need it has it started, and it ends when nobody needs it any more.

It is kept by a process of its own, since a worker that started it could not know how long others go on. Whoever needs
it holds a lock, which the kernel takes back even from the killed.
"""

import fcntl
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.browser.stacks import READY_SECS, Stack, start_stack
from tests.simulated import wait_until

KEEPER = """
import sys, pathlib, django
django.setup()
from tests.browser.sharing import keep
keep(pathlib.Path(sys.argv[1]))
"""


class Share:
    """A worker's share in the stack of this folder, which is the same for all workers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: ExitStack | None = None

    def take(self) -> None:
        """Need it from now on: it is started, if it is not. It takes its time, and is not waited for."""
        if self._held:
            return
        self._held = ExitStack()
        self._folder.mkdir(exist_ok=True)
        self._held.enter_context(_locked(self._folder / "needed", fcntl.LOCK_SH))
        with _locked(self._folder / "starting", fcntl.LOCK_EX):
            if not _begun(self._folder).exists():
                _start_keeper(self._folder)
                _begun(self._folder).touch()

    def stack(self) -> Stack:
        """The stack, once it is there."""
        told, log = _told(self._folder), _log(self._folder)
        wait_until(lambda: told.exists() or "Traceback" in log.read_text(), READY_SECS, pause_secs=0.1)
        assert told.exists(), f"there is no stack:\n{log.read_text()}"
        return Stack(json.loads(told.read_text()), self._folder / "var")

    def give_back(self) -> None:
        """Need it no more."""
        if self._held:
            self._held.close()
        self._held = None


def keep(folder: Path) -> None:
    """Run the stack until nobody needs it."""
    with ExitStack() as held, start_stack(folder) as stack:
        written = folder / "told.new"
        written.write_text(json.dumps(stack.told))
        written.rename(_told(folder))
        held.enter_context(_locked(folder / "needed", fcntl.LOCK_EX))
        # Who comes now waits until it has ended, and has another one started.
        _told(folder).unlink()
        _begun(folder).unlink()


def _start_keeper(folder: Path) -> None:
    _log(folder).write_text("")
    command = [
        "sh",
        "-c",
        '"$@" >> "$0" 2>&1 &',
        str(_log(folder)),
        sys.executable,
        "-c",
        KEEPER,
        str(folder),
    ]
    subprocess.run(command, check=True, start_new_session=True)


def _begun(folder: Path) -> Path:
    return folder / "begun"


def _log(folder: Path) -> Path:
    return folder / "keeper.log"


def _told(folder: Path) -> Path:
    return folder / "told.json"


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, how)
        yield
