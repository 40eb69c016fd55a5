"""Workers, web servers and brokers for tests: real processes beside the test, on its database and its simulator.

    with start_broker(tmp_path) as broker, start_worker(tmp_path, REDIS_URL=broker.url) as worker:
        ...
        worker.kill()

A test that starts one has to commit what it writes: `@pytest.mark.django_db(transaction=True)`. What was started, and
whatever it started in turn, has surely ended when the block is left.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
import redis
import requests
from django.conf import settings
from django.db import connection

from tests.simulated import wait_until
from videobroker.running import valkey
from videobroker.running.apps import ANNOUNCE_VARIABLE, ANNOUNCEMENT
from videobroker.running.ports import free_port

_ROOT = Path(__file__).resolve().parent.parent
_START_SECS = 40
_END_SECS = 10


class Running:
    """One process of ours. `log` is all it has written so far."""

    def __init__(self, process: "subprocess.Popen[bytes]", log_path: Path) -> None:
        self.process = process
        self._log_path = log_path

    @property
    def log(self) -> str:
        return self._log_path.read_text(errors="replace")

    def await_log(self, text: str, secs: float = _START_SECS) -> None:
        """Wait until it has written this; fails with its log when it has ended instead."""

        def written() -> bool:
            if text in self.log:
                return True
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log}"
            return False

        wait_until(written, secs, pause_secs=0.05)

    def kill(self) -> None:
        """End it as a power cut would: at once, without a word."""
        _end_group(self.process, signal.SIGKILL)

    def end(self) -> None:
        """Ask it to end, as a deployment would; kill it if it does not."""
        _end_group(self.process, signal.SIGTERM)


def _end_group(process: "subprocess.Popen[bytes]", how: signal.Signals) -> None:
    """End the process and everything it has started (each has a process group of its own)."""
    children = _descendants(process.pid)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    try:
        process.wait(_END_SECS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(_END_SECS)
    for child in psutil.wait_procs(children, timeout=1)[1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@contextmanager
def start(command: list[str], folder: Path, name: str, environment: dict[str, str]) -> Iterator[Running]:
    """Run a command in the project with this environment, its output in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    log_path = folder / f"{name}-{free_port()}.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=_ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield Running(process, log_path)
    finally:
        _end_group(process, signal.SIGTERM)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """What a process beside the test is told: the test's database, simulator and secrets; `more` goes before."""
    ours = {
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url(),
        "TELNYX_API_BASE": settings.TELNYX_API_BASE,
        "SECRET_KEY": settings.SECRET_KEY,
        "KEY_RING": settings.KEY_RING.reveal(),
        "DJANGO_SETTINGS_MODULE": "videobroker.settings",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "json",
        "ALLOW_PRIVATE_ADDRESSES": "true",
        "PYTHONUNBUFFERED": "1",
        # Tests wait for workers.
        "WORKER_NICENESS": "0",
        ANNOUNCE_VARIABLE: "1",
    }
    inherited = {name: value for name, value in os.environ.items() if name not in ("PUBLIC_URL", "REDIS_URL")}
    return {**inherited, **ours, **more}


def database_url() -> str:
    """The URL of the database that this test uses."""
    told = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{told['NAME']}"
    who = quote(told["USER"], safe="")
    if told["PASSWORD"]:
        who += ":" + quote(told["PASSWORD"], safe="")
    return f"postgres://{who}@{told['HOST']}:{told['PORT'] or 5432}/{quote(told['NAME'], safe='')}"


@contextmanager
def start_worker(folder: Path, *, ready: str = ANNOUNCEMENT, **more: str) -> Iterator[Running]:
    """A Celery worker. With a broker that is away it never says that it is ready: give another text to wait for."""
    options = ["--pool", "threads", "--concurrency", "4", "--loglevel", "info"]
    quick = ["--without-gossip", "--without-mingle"]
    command = [sys.executable, "-m", "celery", "-A", "videobroker", "worker", *options, *quick]
    with start(command, folder, "worker", environment(folder, **more)) as worker:
        worker.await_log(ready)
        yield worker


@contextmanager
def start_web(folder: Path, **more: str) -> Iterator[str]:
    """The web server, as it runs in earnest; gives its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--http", "1", "--no-ws"]
    size = ["--workers", "1", "--blocking-threads", "8", "--workers-kill-timeout", "2"]
    command = [sys.executable, "-m", "granian", *options, *size, "videobroker.wsgi:application"]
    with start(command, folder, "web", environment(folder, **more)) as web:
        wait_until(lambda: _is_ready(web, url), _START_SECS, pause_secs=0.05)
        yield url


def _is_ready(web: Running, url: str) -> bool:
    assert web.process.poll() is None, f"the web server ended with {web.process.returncode}:\n{web.log}"
    try:
        return requests.get(f"{url}/readyz", timeout=5).ok
    except requests.ConnectionError:
        return False


class Broker(Running):
    """A Valkey (or Redis) server of the test's own."""

    def __init__(self, process: "subprocess.Popen[bytes]", log_path: Path, port: int) -> None:
        super().__init__(process, log_path)
        self.port = port
        self.url = valkey.url(port)

    def is_up(self) -> bool:
        with redis.Redis.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    def forget_everything(self) -> None:
        """FLUSHALL."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()


@contextmanager
def start_broker(folder: Path, port: int | None = None) -> Iterator[Broker]:
    """A server at this port or a free one, which keeps nothing."""
    port = port or free_port()
    service = valkey.valkey(valkey.server_binary(), port, env=os.environ, cwd=folder)
    with start([str(word) for word in service.argv], folder, "broker", dict(os.environ)) as server:
        broker = Broker(server.process, server._log_path, port)
        wait_until(broker.is_up, _START_SECS, pause_secs=0.02)
        yield broker
