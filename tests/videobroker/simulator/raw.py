"""HTTP spoken by hand, so that a test sees what is really on the wire."""

import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.simulated import Simulator

_PATIENCE_SECS = 10


@dataclass
class Heard:
    """Everything that came back until the connection ended; `ended` is `fin`, `reset` or `silence`."""

    wire: bytes
    ended: str

    @property
    def head(self) -> bytes:
        """The status line and headers."""
        return self.wire.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        """What follows the headers."""
        return self.wire.partition(b"\r\n\r\n")[2]

    @property
    def promised(self) -> int:
        """The Content-Length."""
        (line,) = [line for line in self.head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        return int(line.partition(b":")[2])


def request(simulator: Simulator, method: str, path: str, body: bytes = b"", more: str = "") -> bytes:
    """The bytes of a call of Telnyx's API that asks for the connection to be closed."""
    head = (
        f"{method} /v2{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {simulator.api_key}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n{more}\r\n"
    )
    return head.encode() + body


def hear(simulator: Simulator, sent: bytes, patience_secs: float = _PATIENCE_SECS) -> Heard:
    """Send the bytes and listen until the connection ends, or for so long."""
    with connect(simulator) as connection:
        connection.settimeout(patience_secs)
        connection.sendall(sent)
        return _listen(connection)


def hear_for(simulator: Simulator, sent: bytes, secs: float) -> bytes:
    """Send the bytes; what arrives within so many seconds."""
    deadline, heard = time.monotonic() + secs, b""
    with connect(simulator) as connection:
        connection.sendall(sent)
        while (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            try:
                heard += connection.recv(65_536)
            except TimeoutError:
                break
    return heard


def connect(simulator: Simulator) -> socket.socket:
    """A connection to the simulator."""
    parts = urlsplit(simulator.url)
    assert parts.hostname is not None
    return socket.create_connection((parts.hostname, parts.port or 80), timeout=_PATIENCE_SECS)


def _listen(connection: socket.socket) -> Heard:
    heard = b""
    while True:
        try:
            received = connection.recv(65_536)
        except ConnectionResetError:
            return Heard(heard, "reset")
        except TimeoutError:
            return Heard(heard, "silence")
        if not received:
            return Heard(heard, "fin")
        heard += received
