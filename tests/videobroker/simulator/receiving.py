"""A receiver of webhooks on loopback that keeps what it gets and answers what it is told."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.simulated import wait_until


@dataclass(frozen=True)
class Received:
    """One webhook as it came."""

    headers: dict[str, str]
    raw: bytes

    @property
    def data(self) -> dict[str, Any]:
        """The event."""
        data: dict[str, Any] = json.loads(self.raw)["data"]
        return data

    @property
    def meta(self) -> dict[str, Any]:
        """Which attempt it is and where it was sent."""
        meta: dict[str, Any] = json.loads(self.raw)["meta"]
        return meta

    @property
    def kind(self) -> str:
        """The event's type without what all have in common."""
        return str(self.data["event_type"]).removeprefix("video.room.")

    def verify(self, public_key: str) -> None:
        """Check the signature; raises InvalidSignature."""
        signed = self.headers["telnyx-timestamp"].encode() + b"|" + self.raw
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        key.verify(base64.b64decode(self.headers["telnyx-signature-ed25519"]), signed)


class Receiver:
    """What came so far, and what is answered: the statuses in turn, then the last of them for ever."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.received: list[Received] = []
        self.statuses = [200]
        self.silent = threading.Event()
        self.let_go = threading.Event()

    def kinds(self) -> list[str]:
        """The types of what came, in order."""
        return [webhook.kind for webhook in self.received]

    def await_count(self, count: int) -> list[Received]:
        """What came, as soon as it is so many."""
        wait_until(lambda: len(self.received) >= count)
        return self.received

    def await_kind(self, kind: str) -> Received:
        """The first of this type, as soon as it is there."""
        wait_until(lambda: kind in self.kinds())
        return next(webhook for webhook in self.received if webhook.kind == kind)

    def next_status(self) -> int:
        """What to answer now."""
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    receiver: Receiver


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.received.append(Received(headers, raw))
        if receiver.silent.is_set():
            receiver.let_go.wait(10)
        status = receiver.next_status()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", receiver.url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class names it)
        """Tests are quiet."""


@contextmanager
def receive() -> Iterator[Receiver]:
    """A receiver on a free port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.receiver
    finally:
        server.receiver.let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()
