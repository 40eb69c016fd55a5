"""Redis for tests: a real server of our own, one that is away, and one that never answers."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.simulated import wait_until
from videobroker.running import ports
from videobroker.running.valkey import server_binary


class Server:
    """A running server; `stop` takes it away."""

    def __init__(self, folder: Path) -> None:
        self.port = ports.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [str(server_binary()), *options], cwd=folder, stdout=subprocess.DEVNULL, env=dict(os.environ)
        )
        wait_until(self._answers)

    def _answers(self) -> bool:
        with redis.Redis(port=self.port) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    def everything(self) -> bytes:
        """Every key and value there is, as the server would write them to a disk."""
        with redis.Redis(port=self.port) as client:
            return b"\n".join(key + b" " + client.dump(key) for key in client.scan_iter())

    def stop(self) -> None:
        """End it at once, as a crash would."""
        self._process.kill()
        self._process.wait(10)


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A server that remembers nothing once it has ended."""
    server = Server(folder)
    try:
        yield server
    finally:
        server.stop()


def away() -> str:
    """The address of a Redis that is not there."""
    return f"redis://127.0.0.1:{ports.free_port()}/0"


@contextmanager
def mute() -> Iterator[str]:
    """The address of a Redis that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
