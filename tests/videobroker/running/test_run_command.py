"""`python manage.py run`, with everything real."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest
from django.core.management import CommandError, call_command

from tests.videobroker.running.houses import House, until
from videobroker.running.lock import locked
from videobroker.running.ports import LOOPBACK, free_port

# With password hashing and all processes starting at once, on a machine that has other things to do.
READY_WITHIN_SECS = 90.0


def run(data_dir: Path, **env: str) -> House:
    """The command over `data_dir`, with nothing of our own environment that names other parts."""
    told = {"DATA_DIR": str(data_dir), "PORT": str(free_port()), "SIMULATOR_PORT": str(free_port())} | env
    house = House((sys.executable, "manage.py", "run"), told)
    for name in (
        "DJANGO_SETTINGS_MODULE",
        "DATABASE_URL",
        "REDIS_URL",
        "TELNYX_API_KEY",
        "TELNYX_API_BASE",
        "PUBLIC_URL",
    ):
        house.env.pop(name, None)
    return house


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.create_server((LOOPBACK, 0)) as server:
        yield str(server.getsockname()[1])


def test_a_taken_port_is_refused_before_anything_starts(taken_port: str, tmp_path: Path) -> None:
    with run(tmp_path, PORT=taken_port) as house:
        assert house.ends() == 1
        assert f"port {taken_port} is taken by " in house.output
        assert f"(pid {os.getpid()}): end that, or set PORT to a free port" in house.output
        assert "is ready" not in house.output


def test_a_taken_port_of_the_simulator_is_refused(taken_port: str, tmp_path: Path, settings: Any) -> None:
    told = refusal(settings, tmp_path, PORT=free_port(), SIMULATOR_PORT=int(taken_port))
    assert f"port {taken_port} is taken by " in told
    assert told.endswith("or set SIMULATOR_PORT to a free port")


def test_one_port_for_two_is_refused(tmp_path: Path, settings: Any) -> None:
    told = refusal(settings, tmp_path, PORT=8765, SIMULATOR_PORT=8765)
    assert told == "PORT and SIMULATOR_PORT must differ, both are 8765"


def test_a_port_that_is_none_is_refused(tmp_path: Path, settings: Any) -> None:
    told = refusal(settings, tmp_path, PORT=70000, SIMULATOR_PORT=free_port())
    assert told == "PORT must be between 1 and 65535, it is 70000"


def refusal(settings: Any, data_dir: Path, **ports: int) -> str:
    """Why the command, called in this process, starts nothing over `data_dir` with these ports."""
    settings.DATA_DIR = data_dir
    for name, port in ports.items():
        setattr(settings, name, port)
    umask = os.umask(0o077)  # which the command sets for all it starts
    try:
        with pytest.raises(CommandError) as refused:
            call_command("run")
    finally:
        os.umask(umask)
    return str(refused.value)


def test_a_second_run_over_the_same_data_is_refused(tmp_path: Path) -> None:
    with locked(tmp_path), run(tmp_path) as house:
        assert house.ends() == 1
        assert f"another run (pid {os.getpid()}) is using {tmp_path}" in house.output


def test_the_whole_house_serves_and_ends_and_serves_again_over_its_data(tmp_path: Path) -> None:
    demo_file = tmp_path / "demo.json"
    demo_file.write_text("of an earlier run")

    with run(tmp_path) as house:
        until(lambda: "is ready" in house.output, "something is ready", READY_WITHIN_SECS)
        assert not demo_file.exists()
        first = ready(house, demo_file)
        kill(house, "granian", of_its_workers=True)
        assert house.ends(within_secs=30) == 1
        house.nothing_is_left()
        assert "web exited with status" in house.output
        assert not demo_file.exists()

    with run(tmp_path) as house:
        again = ready(house, demo_file)
        assert [room["id"] for room in rooms(again)] == [room["id"] for room in rooms(first)]
        assert house.find("valkey-server").is_running()
        house.popen.send_signal(signal.SIGINT)
        assert house.ends(within_secs=30) == 130
        house.nothing_is_left()


def ready(house: House, demo_file: Path) -> dict[str, object]:
    """Waits until the house serves, and returns what it says of itself."""
    until(lambda: demo_file.exists() or house.popen.poll() is not None, "demo.json", READY_WITHIN_SECS)
    assert demo_file.exists(), house.output
    assert demo_file.stat().st_mode & 0o777 == 0o600
    told: dict[str, object] = json.loads(demo_file.read_text())
    with closing(urlopen(f"{told['url']}/readyz", timeout=5)) as answer:
        assert answer.status == 200
    for file in demo_file.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, f"{file} can be read by others"
    house.shows("curl")
    return told


def rooms(told: dict[str, object]) -> list[dict[str, str]]:
    tenants = told["tenants"]
    assert isinstance(tenants, list)
    return [room for tenant in tenants for room in tenant["rooms"]]


def kill(house: House, word: str, *, of_its_workers: bool) -> None:
    leader: psutil.Process = house.find(word)
    (leader.children()[0] if of_its_workers else leader).kill()
