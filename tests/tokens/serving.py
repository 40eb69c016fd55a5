"""The web process as it runs in production, over the database of the tests."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import requests
from django.db import connection

from tests.simulated import Simulator, wait_until

ROOT = Path(__file__).resolve().parents[2]
THREADS = 32
STARTS_WITHIN_SECS = 60
ENDS_WITHIN_SECS = 20


@contextmanager
def serve(simulator: Simulator, output: Path, **environment: str) -> Iterator[str]:
    """Serve on a free port with this simulator as Telnyx; gives the address. What it logs goes to `output`."""
    port = free_port()
    words = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    words += ["--blocking-threads", str(THREADS), "--log-level", "warning", "--no-ws"]
    given = {"DJANGO_SETTINGS_MODULE": "videobroker.settings", "DATABASE_URL": database_url()}
    given |= {"TELNYX_API_BASE": simulator.api_base, "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    command = [sys.executable, "-m", "granian", *words, "videobroker.wsgi:application"]
    with (
        output.open("w") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=os.environ | given | environment, stdout=log, stderr=log
        ) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: _is_ready(url, process, output), STARTS_WITHIN_SECS)
            yield url
        finally:
            _end(process)


def free_port() -> int:
    """A port of the loopback where nobody listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def database_url() -> str:
    """The database that this process has open, as DATABASE_URL says it."""
    opened = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{opened['NAME']}"
    login = ":".join(quote(part, safe="") for part in (opened["USER"], opened["PASSWORD"]) if part)
    return f"postgres://{login}@{opened['HOST']}:{opened['PORT'] or 5432}/{opened['NAME']}"


def _is_ready(url: str, process: subprocess.Popen[bytes], output: Path) -> bool:
    assert process.poll() is None, f"the web process ended: {output.read_text()}"
    try:
        return requests.get(f"{url}/readyz", timeout=5).ok
    except requests.ConnectionError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(ENDS_WITHIN_SECS)
    except subprocess.TimeoutExpired:
        process.kill()
