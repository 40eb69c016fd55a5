"""The embedded Valkey answers, forgets, and is found where it may be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.videobroker.running.houses import until
from videobroker.running import valkey
from videobroker.running.ports import free_port


def is_up(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def test_the_server_answers_on_the_loopback_and_keeps_nothing(tmp_path: Path) -> None:
    port = free_port()
    service = valkey.valkey(valkey.server_binary(), port, env=os.environ, cwd=tmp_path)
    server = subprocess.Popen(service.argv, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis.from_url(valkey.url(port)) as client:
            until(lambda: is_up(client), "the server answers")
            client.set("a", "b")
            told = client.config_get("*")
    finally:
        server.terminate()
        server.wait(5)
    assert told["bind"] == "127.0.0.1"
    assert (told["save"], told["appendonly"], told["maxmemory-policy"]) == ("", "no", "noeviction")
    assert list(tmp_path.iterdir()) == []


def test_the_installed_package_comes_first() -> None:
    assert valkey.PACKAGE in valkey.server_binary().parts


@pytest.mark.parametrize("name", valkey.SERVER_NAMES)
def test_without_the_package_a_server_on_path_serves(name: str, tmp_path: Path) -> None:
    server = tmp_path / name
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert found_without_packages(path=tmp_path) == str(server)


def test_without_any_server_it_says_what_to_do(tmp_path: Path) -> None:
    assert found_without_packages(path=tmp_path).endswith("set REDIS_URL to a running server")


def found_without_packages(path: Path) -> str:
    """What an interpreter that sees no installed packages finds, or is told."""
    script = (
        "from videobroker.running import valkey\n"
        "try:\n    print(valkey.server_binary())\n"
        "except valkey.NoValkeyError as error:\n    print(error)\n"
    )
    project_dir = Path(__file__).parents[3]
    asked = subprocess.run(
        (sys.executable, "-S", "-c", script),
        env={"PATH": str(path), "PYTHONPATH": str(project_dir)},
        capture_output=True,
        text=True,
        check=True,
    )
    return asked.stdout.strip()
