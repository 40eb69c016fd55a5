"""The stack that `make run` runs, for browsers to meet in: real processes over a data folder of their own. Nothing here
touches the test's database: whoever wants something of the stack asks it over HTTP, as everybody does."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import jwt
import requests

from tests.asking import Asker, Json
from tests.simulated import wait_until
from tests.workers import Running, start
from videobroker.running.ports import free_port

READY_SECS = 180
# What would name parts of the test's own, or of the developer's.
NOT_OURS = {
    "DJANGO_SETTINGS_MODULE", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "TELNYX_API_KEY", "TELNYX_API_BASE",
    "PUBLIC_URL", "LOG_LEVEL",
}  # fmt: skip


@dataclass
class Stack:
    """A running stack, as its demo.json describes it."""

    told: Json
    data_dir: Path

    @property
    def url(self) -> str:
        return str(self.told["url"])

    @property
    def acme(self) -> Json:
        return self.told["tenants"][0]

    @property
    def back_end(self) -> Asker:
        """Acme's."""
        return Asker(self.acme["api_key"], self.url)

    def user(self, identity: str) -> Json:
        """Somebody of the demo: their user name, password and login token."""
        return next(
            user
            for tenant in self.told["tenants"]
            for user in tenant["users"]
            if user["identity"] == identity
        )

    def person(self, identity: str) -> Asker:
        return Asker(self.user(identity)["token"], self.url)

    def new_room(self, **fields: Json) -> str:
        """The id of a new room of acme's that ana moderates and bo takes part in, once it is there at Telnyx."""
        room = self.back_end.post("/v2/rooms", fields).data["id"]
        for identity, role in (("ana", "moderator"), ("bo", "participant")):
            member = {"identity": identity, "role": role, "display_name": identity.capitalize()}
            assert self.back_end.post(f"/v2/rooms/{room}/members", member).status == 201
        wait_until(
            lambda: self.back_end.get(f"/v2/rooms/{room}").data["upstream"] == "ready", 30, pause_secs=0.03
        )
        return str(room)

    def carry_out(self, path: str, body: Json = None) -> None:
        """Give an order, and see it done."""
        ordered = self.back_end.post(path, body)
        assert ordered.status == 202, ordered
        operation = f"/v2/operations/{ordered.data['operation_id']}"
        wait_until(lambda: self.back_end.get(operation).data["state"] == "succeeded", 30, pause_secs=0.05)

    def grants(self, room: str, state: str = "open") -> list[Json]:
        """Which devices are in."""
        found: list[Json] = self.back_end.get(
            "/v2/grants", {"filter[room_id]": room, "filter[state]": state}
        ).data
        return found

    def simulate(self, method: str, path: str, **body: Json) -> Json:
        """A call of the simulator's control API."""
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.told['simulator_url']}/_simulator/{path}"
            answer = session.request(method, url, json=body or None, timeout=20)
        assert answer.ok, answer.text
        return answer.json()["data"]

    def present(self, room: str, identity: str) -> list[str]:
        """The ids of those who are in the room at Telnyx and say that they are this person."""
        everybody = self.simulate("GET", "state")["participants"]
        said = {each["id"]: _said_by(each["context"]) for each in everybody if not each["left_at"]}
        return [
            each for each, claims in said.items() if (claims["room"], claims.get("sub")) == (room, identity)
        ]

    def effects(self, effect: str, participant_id: str) -> list[Json]:
        """What the simulator's ledger has of this kind about somebody."""
        entries = self.simulate("GET", f"ledger?entry=effect&effect={effect}")
        return [entry for entry in entries if entry["ids"].get("participant_id") == participant_id]


@contextmanager
def start_stack(folder: Path) -> Iterator[Stack]:
    """Run it; in its simulator, as at Telnyx, a call is over with its token."""
    data_dir = folder / "var"
    ports = {"PORT": str(free_port()), "SIMULATOR_PORT": str(free_port())}
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    environment = {**inherited, **ports, "DATA_DIR": str(data_dir)}
    with start([sys.executable, "manage.py", "run"], folder, "stack", environment) as running:
        wait_until(lambda: _is_ready(running, data_dir / "demo.json"), READY_SECS, pause_secs=0.1)
        stack = Stack(json.loads((data_dir / "demo.json").read_text()), data_dir)
        stack.simulate("PUT", "settings", expire_participants=True)
        yield stack


def _said_by(context: str) -> Json:
    """What a context says, if it is a true one."""
    return jwt.decode(context, options={"verify_signature": False})


def _is_ready(running: Running, demo: Path) -> bool:
    assert running.process.poll() is None, f"the stack ended:\n{running.log}"
    return demo.exists()
