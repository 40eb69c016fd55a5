"""One stack for all workers of a run: whoever needs it first has it started, and it ends when nobody needs it any more.

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


@contextmanager
def shared_stack(folder: Path) -> Iterator[Stack]:
    """The stack of this folder, which is the same for all workers."""
    with _locked(folder / "needed", fcntl.LOCK_SH):
        with _locked(folder / "starting", fcntl.LOCK_EX):
            if not _told(folder).exists():
                _start_keeper(folder)
        yield Stack(json.loads(_told(folder).read_text()), folder / "var")


def keep(folder: Path) -> None:
    """Run the stack until nobody needs it."""
    with ExitStack() as held, start_stack(folder) as stack:
        written = folder / "told.new"
        written.write_text(json.dumps(stack.told))
        written.rename(_told(folder))
        held.enter_context(_locked(folder / "needed", fcntl.LOCK_EX))
        # Who comes now waits until it has ended, and has another one started.
        _told(folder).unlink()


def _start_keeper(folder: Path) -> None:
    log = folder / "keeper.log"
    log.touch()
    command = ["sh", "-c", '"$@" > "$0" 2>&1 &', str(log), sys.executable, "-c", KEEPER, str(folder)]
    subprocess.run(command, check=True, start_new_session=True)
    wait_until(lambda: _told(folder).exists() or "Traceback" in log.read_text(), READY_SECS, pause_secs=0.1)
    assert _told(folder).exists(), f"there is no stack:\n{log.read_text()}"


def _told(folder: Path) -> Path:
    return folder / "told.json"


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, how)
        yield
