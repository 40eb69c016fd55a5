"""A server that does exactly as told: everything Telnyx, or something in between, might do wrong."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

Script = Callable[["Connection"], object]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One accepted connection, as its script sees it."""

    def __init__(self, plug: socket.socket, server: "ScriptedServer") -> None:
        self._plug = plug
        self._server = server
        self._unread = b""

    def request(self) -> Request | None:
        """The next request, whole; None when the client has gone."""
        while b"\r\n\r\n" not in self._unread:
            if not self._more():
                return None
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", 0))
        while len(self._unread) < length:
            if not self._more():
                return None
        body, self._unread = self._unread[:length], self._unread[length:]
        method, path, _ = first.split(" ")
        request = Request(method, path, headers, body)
        self._server.requests.append(request)
        return request

    def _more(self) -> bool:
        received = self._plug.recv(65536)
        self._unread += received
        return bool(received)

    def send(self, data: bytes) -> None:
        self._plug.sendall(data)

    def drip(self, data: bytes, pause_secs: float = 0.02) -> None:
        """One byte at a time, until the client or the test has had enough."""
        for place in range(len(data)):
            self.send(data[place : place + 1])
            if self._server.closing.wait(pause_secs):
                return

    def hang(self) -> None:
        self._server.closing.wait()

    def reset(self) -> None:
        """Ends the connection with RST instead of FIN."""
        self._plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._plug.close()

    def answer(
        self, said: object = None, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send(answer(said, status, headers))


def answer(said: object = None, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """A well-formed answer: `said` as JSON, or as it is if it is bytes, or no body if it is None."""
    body = b"" if said is None else said if isinstance(said, bytes) else json.dumps(said).encode()
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    if status == 204:
        fields = {}
    lines = [f"{name}: {value}" for name, value in (fields | dict(headers or {})).items()]
    return "\r\n".join([f"HTTP/1.1 {status} Said so", *lines, "", ""]).encode("latin-1") + body


def always(said: object = None, status: int = 200, headers: Mapping[str, str] | None = None) -> Script:
    """Gives the same answer to every request, on connections that stay open."""

    def script(connection: Connection) -> None:
        while connection.request():
            connection.answer(said, status, headers)

    return script


def once(data: bytes) -> Script:
    """Reads one request, sends these bytes, and closes."""

    def script(connection: Connection) -> None:
        connection.request()
        connection.send(data)

    return script


class ScriptedServer:
    """Listens on a free loopback port and plays `script` on each connection, in a thread of its own."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.connections = 0
        self.closing = threading.Event()
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._plugs: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def api_base(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/v2"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        for plug in (self._listener, *self._plugs):
            with suppress(OSError):
                plug.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for plug in (self._listener, *self._plugs):
            plug.close()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                plug, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._plugs.append(plug)
            thread = threading.Thread(target=self._play, args=(plug,))
            self._threads.append(thread)
            thread.start()

    def _play(self, plug: socket.socket) -> None:
        # A client that hangs up on a misbehaving server does what is expected of it.
        with suppress(OSError):
            if self._tls:
                plug = self._tls.wrap_socket(plug, server_side=True)
                self._plugs.append(plug)
            self.script(Connection(plug, self))
            plug.close()
