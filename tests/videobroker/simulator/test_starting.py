"""Starting, stopping, and starting again over the same data."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.simulated import Simulator, start_simulator, wait_until
from tests.videobroker.simulator.receiving import receive
from tests.videobroker.simulator.worlds import composition, make_world

_ROOT = Path(__file__).resolve().parents[3]


def test_it_announces_itself_in_one_line(tmp_path: Path) -> None:
    with start_simulator(tmp_path, "--api-key", "KEY_of_acme") as simulator:
        assert simulator.api_base == f"{simulator.url}/v2"
        assert simulator.api_key == "KEY_of_acme"
        assert simulator.api("GET", "/rooms").status_code == 200
        assert simulator.control("GET", "health")["status"] == "ok"
        assert (tmp_path / "simulator.sqlite3").exists()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_cleanly(tmp_path: Path, signum: int) -> None:
    with start_simulator(tmp_path) as simulator, receive() as receiver:
        receiver.silent.set()
        simulator.send_webhook(receiver.url, "video.room.session.started", {}, timeout_secs=30)
        receiver.await_count(1)
        simulator.fault("timeout", "list_rooms")
        with pytest.raises(requests.Timeout):
            simulator.api("GET", "/rooms", timeout=0.1)

        simulator.process.send_signal(signum)

        assert simulator.process.wait(3) == 0


def test_a_restart_goes_on_where_it_ended(tmp_path: Path) -> None:
    with start_simulator(tmp_path) as simulator:
        world = make_world(simulator)
        globex = simulator.new_account()
        token = simulator.mint(world.room_id)["token"]
        simulator.settings(clock_offset_secs=5)
        before, ledger = simulator.state(), simulator.ledger()

    with start_simulator(tmp_path) as again:
        after = again.state()
        for name in ("accounts", "rooms", "sessions", "participants", "settings"):
            assert after[name] == before[name]
        assert (again.api_key, again.account_id) == (simulator.api_key, simulator.account_id)
        assert again.public_key == simulator.public_key
        assert again.ledger() == ledger
        assert again.join(token)["session_id"] == world.session_id
        assert again.api("GET", "/rooms", key=globex["api_key"]).status_code == 200


def test_what_is_committed_survives_a_sudden_end(tmp_path: Path) -> None:
    with start_simulator(tmp_path) as simulator:
        room = simulator.create_room(unique_name="standup")
        simulator.process.kill()
        simulator.process.wait()

    with start_simulator(tmp_path) as again:
        assert again.api("GET", f"/rooms/{room['id']}").status_code == 200


def test_a_composition_under_way_is_completed_after_a_restart(tmp_path: Path) -> None:
    with start_simulator(tmp_path) as simulator:
        simulator.settings(composition_secs=1)
        ordered = simulator.api("POST", "/room_compositions", json={}).json()["data"]

    with start_simulator(tmp_path) as again:
        again.settings(composition_secs=0)
        wait_until(lambda: composition(again, ordered["id"])["status"] == "completed")


def test_a_webhook_that_was_not_delivered_is_sent_after_a_restart(tmp_path: Path) -> None:
    with receive() as receiver:
        receiver.statuses = [500]
        with start_simulator(tmp_path) as simulator:
            simulator.settings(webhook_retry_secs=[0.3])
            event_id = simulator.send_webhook(receiver.url, "video.room.session.started", {})
            wait_until(lambda: simulator.webhooks()[0]["deliveries"][0]["attempts"])
        receiver.statuses = [200]

        with start_simulator(tmp_path) as again:
            second = receiver.await_count(2)[1]

            assert second.data["id"] == event_id
            assert second.meta["attempt"] == 2
            second.verify(again.public_key)


def test_a_port_that_is_taken_is_said_plainly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "videobroker.simulator", "--port", str(taken.getsockname()[1])]
        ended = subprocess.run(
            [*command, "--data-dir", str(tmp_path)], cwd=_ROOT, capture_output=True, text=True, timeout=20
        )

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.startswith("simulator: cannot listen on 127.0.0.1 port")


def test_verbose_logs_calls_and_no_secrets(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "videobroker.simulator",
        "--port",
        "0",
        "--data-dir",
        str(tmp_path),
        "--verbose",
    ]
    with subprocess.Popen(
        command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        simulator = Simulator(process, json.loads(process.stdout.readline()), tmp_path)
        room = simulator.create_room()
        token = simulator.mint(room["id"])["token"]
        simulator.join(token)
        simulator.http.close()
        process.terminate()
        _, logged = process.communicate(timeout=10)

    assert "POST /v2/rooms -> 201" in logged
    assert simulator.api_key not in logged
    assert token not in logged


def test_it_is_a_command_of_the_house_as_well(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "simulator", "--port", "0"]
    environment = os.environ | {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "videobroker.settings"}
    with subprocess.Popen(
        command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        simulator = Simulator(process, json.loads(process.stdout.readline()), tmp_path)
        assert simulator.api("GET", "/rooms").status_code == 200
        simulator.http.close()
        process.terminate()
        process.communicate(timeout=10)

    assert process.returncode == 0
    assert (tmp_path / "simulator.sqlite3").exists()
