"""Ports on the loopback: finding a free one, and saying who has one that is taken."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_LISTENING: Final = "0A"  # the state's number in /proc/net/tcp
_CONNECT_WITHIN_SECS: Final = 0.5


class PortTakenError(Exception):
    """Somebody else listens where we want to."""

    def __init__(self, port: int, setting: str) -> None:
        holder = holder_of(port)
        by = f" by {holder}" if holder else ""
        super().__init__(f"port {port} is taken{by}: end that, or set {setting} to a free port")


def require_free(port: int, setting: str) -> None:
    """Raises PortTakenError, which names the setting to change, if `port` cannot be listened at."""
    if _is_answered(port) or not _can_be_bound(port):
        raise PortTakenError(port, setting)


def free_port() -> int:
    """A port on the loopback that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def holder_of(port: int) -> str | None:
    """Who listens at `port`, as far as this user may see: `python3 (pid 4711)`."""
    pids = _pids_by_proc(port) if sys.platform == "linux" else _pids_by_lsof(port)
    return next((f"{_name_of(pid)} (pid {pid})" for pid in pids), None)


def _is_answered(port: int) -> bool:
    # Asked first, because some systems let one bind the loopback beside a listener on all addresses.
    try:
        socket.create_connection((LOOPBACK, port), _CONNECT_WITHIN_SECS).close()
    except OSError:
        return False
    return True


def _can_be_bound(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: connections of an earlier run that still linger are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _pids_by_proc(port: int) -> Iterator[int]:
    sockets = {f"socket:[{inode}]" for inode in _listening_inodes(port)}
    for process in Path("/proc").glob("[0-9]*"):
        # Other users' processes cannot be looked into, and any may end while we look.
        with suppress(OSError):
            if any(os.readlink(handle) in sockets for handle in (process / "fd").iterdir()):
                yield int(process.name)


def _listening_inodes(port: int) -> Iterator[str]:
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state, *rest = line.split()
            if state == _LISTENING and int(local.rpartition(":")[2], 16) == port:
                yield rest[5]


def _pids_by_lsof(port: int) -> list[int]:
    lsof = shutil.which("lsof")
    if lsof is None:
        return []
    command = [lsof, "-nP", "-t", f"-iTCP:{port}", "-sTCP:LISTEN"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    return [int(pid) for pid in asked.stdout.split()]


def _name_of(pid: int) -> str:
    # The name only: the rest of a command line may hold secrets.
    command = [shutil.which("ps") or "/bin/ps", "-o", "comm=", "-p", str(pid)]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    except OSError:
        return "a process"
    return Path(asked.stdout.strip() or "a process").name
