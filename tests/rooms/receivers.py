"""A tenant's back end that takes webhooks: a real server that keeps what it gets, and reads it with Telnyx's SDK."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import telnyx

from tests.asking import Asker, Json


@dataclass(frozen=True)
class Webhook:
    """One that came: its path, its headers, its bytes."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def event(self) -> Json:
        return json.loads(self.raw)["data"]

    @property
    def meta(self) -> Json:
        return json.loads(self.raw)["meta"]

    @property
    def kind(self) -> str:
        """The event's type, without what all have in common."""
        return str(self.event["event_type"]).removeprefix("video.room.")

    @property
    def sequence(self) -> int:
        return int(self.event["payload"]["sequence"])

    def unwrap(self, key: str) -> Any:
        """The event as Telnyx's own SDK reads it. Raises `ValueError` if `key` did not sign it."""
        client = telnyx.Telnyx(api_key="none", public_key=key)
        return client.webhooks.unwrap(self.raw.decode(), headers=self.headers).data


def public_keys() -> list[str]:
    """What we sign with, as anybody is told."""
    return [each["public_key"] for each in Asker().get("/v2/webhook_keys").data]


@dataclass
class Receiver:
    """What came, and what is answered: `statuses` in turn and then the last of them for ever. While `held`, nothing is
    answered at all."""

    url: str
    connections: int = 0
    webhooks: list[Webhook] = field(default_factory=list)
    statuses: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    held: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def kinds(self) -> list[str]:
        return [webhook.kind for webhook in self.webhooks]

    def next_status(self) -> int:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    receiver: Receiver

    def get_request(self) -> Any:
        self.receiver.connections += 1
        return super().get_request()


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.webhooks.append(Webhook(self.path, dict(self.headers.items()), raw))
        if receiver.held.is_set():
            receiver.released.wait(20)
            return
        self.send_response(receiver.next_status())
        for name, value in receiver.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(receiver.answer)))
        self.end_headers()
        self.wfile.write(receiver.answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it)
        """Tests are quiet."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of loopback."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.receiver
    finally:
        server.receiver.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
