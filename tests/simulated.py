"""The simulated Telnyx for tests: started as a real process, driven through its control API.

    with start_simulator(tmp_path) as simulator:
        joined = simulator.join(token, context="ana")

The fixtures at the end give every test one that is empty; a conftest imports them by name.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

Json = dict[str, Any]
_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECS = 20


class ControlError(AssertionError):
    """The control API refused; the message has the status and what it said."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(
            f"{answer.request.method} {answer.request.url} -> {answer.status_code}: {answer.text}"
        )
        self.status = answer.status_code


class Simulator:
    """One running simulator. `url` is its root, `api_base` what a Telnyx SDK takes as its base URL."""

    def __init__(self, process: subprocess.Popen[str], announced: dict[str, str], data_dir: Path) -> None:
        self.process = process
        self.data_dir = data_dir
        self.is_faulty = False  # since a fault was asked for, until there are none for sure
        self.url = announced["url"]
        self.api_base = announced["api_base"]
        self.api_key = announced["api_key"]
        self.account_id = announced["account_id"]
        self.public_key = announced["public_key"]
        self.http = requests.Session()
        self.http.trust_env = False

    # Telnyx's interface

    def api(self, method: str, path: str, *, key: str | None = None, **options: Any) -> requests.Response:
        """A call of Telnyx's API with the first account's key; `path` follows `/v2`. Answers what comes."""
        headers = {"Authorization": f"Bearer {self.api_key if key is None else key}"}
        headers |= options.pop("headers", {})
        options.setdefault("timeout", _PATIENCE_SECS)
        return self.http.request(
            method, self.api_base + path, headers=headers, allow_redirects=False, **options
        )

    def create_room(self, *, key: str | None = None, **fields: Any) -> Json:
        """A new room as Telnyx answers it."""
        room: Json = _data(self.api("POST", "/rooms", key=key, json=fields))
        return room

    def mint(self, room_id: str, *, key: str | None = None, **ttls: int) -> Json:
        """A client token and a refresh token for the room."""
        path = f"/rooms/{room_id}/actions/generate_join_client_token"
        tokens: Json = _data(self.api("POST", path, key=key, json=ttls))
        return tokens

    # The people in the rooms

    def join(self, token: str, context: str | None = None, **more: Any) -> Json:
        """Enter the token's room; answers participant_id, session_id and room_id."""
        return self.control("POST", "join", token=token, context=context, **more)

    def enter(self, room_id: str, context: str | None = None, **more: Any) -> Json:
        """Mint a token with the first account's key and join with it."""
        return self.join(self.mint(room_id)["token"], context, **more)

    def renew(self, participant_id: str, token: str) -> Json:
        """Give someone present a newer token."""
        return self.control("POST", "renew", participant_id=participant_id, token=token)

    def leave(self, participant_id: str) -> Json:
        """Leave of one's own will."""
        return self.control("POST", "leave", participant_id=participant_id)

    def speak(self, participant_id: str) -> Json:
        """Be heard; raises ControlError with status 409 for who is muted."""
        return self.control("POST", "speak", participant_id=participant_id)

    def participant(self, participant_id: str) -> Json:
        """Whether someone is present and muted, and until when their token lasts."""
        return self.control("GET", f"participants/{participant_id}")

    def present(self, room_id: str) -> list[Json]:
        """Everyone who is in the room now, as the state shows them."""
        people = self.state()["participants"]
        return [person for person in people if person["room_id"] == room_id and person["left_at"] is None]

    def start_recording(self, participant_id: str, kind: str = "video") -> Json:
        """Begin to record someone; answers the recording."""
        return self.control("POST", "recordings", participant_id=participant_id, type=kind)

    def complete_recording(self, recording_id: str, **outcome: float) -> Json:
        """Finish a recording; answers it."""
        return self.control("POST", f"recordings/{recording_id}/complete", **outcome)

    # What happened, what there is, what goes wrong

    def ledger(self, operation: str | None = None, **query: Any) -> list[Json]:
        """The ledger's entries, narrowed by operation, since, room_id, account_id, effect or entry."""
        query |= {"operation": operation} if operation else {}
        return self._listed("ledger", **query)

    def calls(self, operation: str | None = None, **query: Any) -> list[Json]:
        """The ledger's calls alone."""
        return self.ledger(operation, entry="call", **query)

    def effects(self, effect: str | None = None, **query: Any) -> list[Json]:
        """The ledger's effects alone."""
        query |= {"effect": effect} if effect else {}
        return self.ledger(entry="effect", **query)

    def fault(
        self,
        kind: str,
        operation: str | list[str] | None = None,
        *,
        match: dict[str, Any] | None = None,
        **parameters: Any,
    ) -> str:
        """Let a fault strike from now on; answers its id. `operation` is short for a match by operation."""
        self.is_faulty = True
        wanted = (match or {}) | ({"operation": operation} if operation else {})
        return str(self.control("POST", "faults", kind=kind, match=wanted, **parameters)["id"])

    def see_fault(self, fault_id: str) -> Json:
        """How often a fault fired and how many calls it holds."""
        return self.control("GET", f"faults/{fault_id}")

    def release(self, fault_id: str) -> None:
        """Let the calls that a fault holds go on."""
        self.control("POST", f"faults/{fault_id}/release")

    def await_held(self, fault_id: str, calls: int = 1) -> None:
        """Wait until the fault holds so many calls."""
        wait_until(lambda: self.see_fault(fault_id)["held"] >= calls)

    def clear_faults(self) -> None:
        """Let nothing go wrong any more."""
        self.control("DELETE", "faults")
        self.is_faulty = False

    def settings(self, **changes: Any) -> Json:
        """Change settings; answers all of them."""
        return self.control("PUT", "settings", **changes)

    def state(self) -> Json:
        """The whole state."""
        return self.control("GET", "state")

    def put_state(self, **state: Any) -> Json:
        """Merge a state into what there is; answers the whole."""
        return self.control("PUT", "state", **state)

    def clear(self) -> None:
        """Back to the beginning: only the first account is left."""
        _data(self._request("DELETE", "state", params={"accounts": "true"}))
        self.is_faulty = False

    def new_account(self, **given: str) -> Json:
        """One more account: id, api_key, public_key."""
        return self.control("POST", "accounts", **given)

    def add_key(self, account_id: str, **given: str) -> str:
        """One more key for an account; answers it."""
        return str(self.control("POST", f"accounts/{account_id}/keys", **given)["api_key"])

    def revoke_key(self, account_id: str, key: str) -> None:
        """Let a key hold no more."""
        self.control("DELETE", f"accounts/{account_id}/keys/{key}")

    def webhooks(self, **query: str) -> list[Json]:
        """The events, narrowed by event_type, room_id or account_id, with deliveries and attempts."""
        return self._listed("webhooks", **query)

    def send_webhook(self, url: str, event_type: str, payload: dict[str, Any], **more: Any) -> str:
        """Send a signed event made to order; answers its id."""
        asked = {"url": url, "event_type": event_type, "payload": payload, **more}
        return str(self.control("POST", "webhooks", **asked)["id"])

    def control(self, method: str, path: str, **body: Any) -> Json:
        """A call of the control API; answers its data. Raises ControlError when it refuses."""
        answer: Json = _data(self._request(method, path, json=body if method in ("POST", "PUT") else None))
        return answer

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.http.request(method, f"{self.url}/_simulator/{path}", timeout=_PATIENCE_SECS, **options)

    def _listed(self, path: str, **query: Any) -> list[Json]:
        listed: list[Json] = _data(self._request("GET", path, params=query))
        return listed


def _data(answer: requests.Response) -> Any:
    if not answer.ok:
        raise ControlError(answer)
    return answer.json()["data"] if answer.content else {}


@contextmanager
def start_simulator(data_dir: Path, *options: str) -> Iterator[Simulator]:
    """Run a simulator over `data_dir` on a free port; it has surely ended when the block is left."""
    command = [
        sys.executable,
        "-m",
        "videobroker.simulator",
        "--port",
        "0",
        "--data-dir",
        str(data_dir),
        *options,
    ]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"the simulator ended with {process.wait()} before it listened"
            simulator = Simulator(process, json.loads(line), data_dir)
            try:
                yield simulator
            finally:
                simulator.http.close()
        finally:
            _end(process)


def wait_until(condition: Callable[[], Any], secs: float = 10, pause_secs: float = 0.01) -> Any:
    """Ask until the answer is true, and answer it; fails when it does not become true in time."""
    deadline = time.monotonic() + secs
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"this did not become true within {secs} s"
        time.sleep(pause_secs)  # between two looks; the deadline is above
    return answer


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE_SECS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def running_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One simulator for the whole test run (for each worker of a parallel one)."""
    with start_simulator(tmp_path_factory.mktemp("simulator")) as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Iterator[Simulator]:
    """The running simulator, emptied before the test, with nothing held back after it."""
    running_simulator.clear()
    yield running_simulator
    running_simulator.clear_faults()
