"""A whole house for a story: web server, worker and broker of its own, and Telnyx's webhooks arriving."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.db import connection

from tests.asking import Asker, Json
from tests.cast import Company
from tests.simulated import Simulator, wait_until
from tests.workers import Broker, Running, start, start_broker, start_web, start_worker
from videobroker.running import valkey
from videobroker.running.ports import free_port


@dataclass
class House:
    """Where it answers, and what it stands on."""

    url: str
    broker: Broker
    worker: Running
    company: Company
    simulator: Simulator

    def person(self, identity: str) -> Asker:
        return replace(self.company.person(identity), url=self.url)

    @property
    def back_end(self) -> Asker:
        return replace(self.company.back_end, url=self.url)

    def new_room(self, members: dict[str, str], **fields: Any) -> Json:
        """A room, once the worker has made it at Telnyx: only the worker knows where webhooks are to come."""
        room = self.company.at(self.url).new_room(members, **fields)
        path = f"/v2/rooms/{room['id']}"
        wait_until(lambda: self.back_end.get(path).data["upstream"] == "ready", 15)
        return room


@contextmanager
def start_house(
    folder: Path, company: Company, simulator: Simulator, **worker_is_told: str
) -> Iterator[House]:
    """Everything a story needs, on the test's database: Redis beside PostgreSQL where there is one, else Valkey."""
    with (
        broker_beside(connection.vendor, folder) as broker,
        start_web(folder, REDIS_URL=broker.url) as url,
        start_worker(folder, REDIS_URL=broker.url, PUBLIC_URL=url, **worker_is_told) as worker,
    ):
        yield House(url, broker, worker, company, simulator)


@contextmanager
def broker_beside(database: str, folder: Path) -> Iterator[Broker]:
    """A Redis of its own beside PostgreSQL, if the machine has one; a Valkey otherwise."""
    binary = shutil.which("redis-server") if database == "postgresql" else None
    if binary is None:
        with start_broker(folder) as broker:
            yield broker
        return
    port = free_port()
    service = valkey.valkey(Path(binary), port, env=os.environ, cwd=folder)
    with start([str(word) for word in service.argv], folder, "redis", dict(os.environ)) as server:
        redis = Broker(server.process, server._log_path, port)
        wait_until(redis.is_up, 20, pause_secs=0.02)
        yield redis
