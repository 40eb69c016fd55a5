"""One run at a time over one data directory."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FILE_NAME: Final = "run.lock"
# As long as the guardian of a killed run may take to end what is left of it, and a little more.
LEFTOVERS_GONE_WITHIN_SECS: Final = 4.0
_POLL_SECS: Final = 0.1


class DataDirInUseError(Exception):
    """Another run works on the same data directory."""

    def __init__(self, data_dir: Path, pid: int | None) -> None:
        by = f" (pid {pid})" if pid else ""
        super().__init__(
            f"another run{by} is using {data_dir}: stop it with Ctrl-C, or set DATA_DIR to another directory"
        )


@contextmanager
def locked(data_dir: Path) -> Iterator[int]:
    """Holds the data directory's lock and yields its file descriptor.

    The lock is free once every process that inherited the descriptor has closed it. What is left of a run
    whose supervisor was killed is waited for; one that is alive is not: then DataDirInUseError is raised.
    """
    handle = os.open(data_dir / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle, data_dir)
        os.ftruncate(handle, 0)
        os.pwrite(handle, b"%d\n" % os.getpid(), 0)
        yield handle
    finally:
        os.close(handle)


def _take(handle: int, data_dir: Path) -> None:
    deadline = time.monotonic() + LEFTOVERS_GONE_WITHIN_SECS
    while not _taken(handle):
        holder = _holder(handle)
        if time.monotonic() > deadline or (holder and _is_alive(holder)):
            raise DataDirInUseError(data_dir, holder)
        time.sleep(_POLL_SECS)


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(handle: int) -> int | None:
    written = os.pread(handle, 32, 0).strip()
    return int(written) if written.isdigit() else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
