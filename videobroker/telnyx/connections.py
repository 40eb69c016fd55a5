"""Connections that keep to the time of the whole call.

The timeouts of urllib3 and of sockets bound each wait, so a server that sends a byte now and then holds a
caller for ever. Here every wait, in name lookup, connecting, TLS, sending, and reading headers as well as
bodies, is given what is left of the one `Attempt`.
"""

import io
import socket
import time
from http.client import HTTPResponse
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from videobroker.telnyx.attempts import Attempt, current_attempt
from videobroker.telnyx.dialling import dial

CONNECT_SECS: Final = 2.0
"""Name lookup, TCP and TLS together: whoever is not there by then is not there."""


class TimedReader(io.RawIOBase):
    """What a socket delivers, until the attempt that asked for it is over. Raises `TimeoutError` then."""

    def __init__(self, source: io.RawIOBase, connection: socket.socket, attempt: Attempt) -> None:
        self._source = source
        self._connection = connection
        self._attempt = attempt

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._connection.settimeout(self._attempt.remaining_secs())
        return self._source.readinto(buffer)

    def close(self) -> None:
        self._source.close()
        super().close()


class TimedAnswer(HTTPResponse):
    """An HTTP answer whose status line, headers and body are read through a `TimedReader`."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(TimedReader(self.fp.detach(), sock, current_attempt()))


class TimedConnection(HTTPConnection):
    """One connection; it belongs to whichever attempt the thread that uses it is making."""

    response_class = TimedAnswer
    _used_at = 0.0

    def _new_conn(self) -> socket.socket:
        try:
            within_secs = min(CONNECT_SECS, current_attempt().remaining_secs())
            return dial(self._dns_host, self.port, within_secs)
        except OSError as error:
            # As it is, urllib3 would take a reset for one that came while sending, and look for an answer.
            raise NewConnectionError(self, "no connection") from error

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        attempt = current_attempt()
        self.sock.settimeout(attempt.remaining_secs())
        attempt.sent = True
        self._used_at = time.monotonic()
        super().send(data)

    @property
    def is_connected(self) -> bool:
        """Whether the pool may use this connection again."""
        return super().is_connected and time.monotonic() - self._used_at < current_attempt().max_idle_secs


class TimedTLSConnection(TimedConnection, HTTPSConnection):
    """The same inside TLS. The handshake keeps to the timeout that `dial` left on the socket."""


class TimedPool(HTTPConnectionPool):
    ConnectionCls = TimedConnection


class TimedTLSPool(HTTPSConnectionPool):
    ConnectionCls = TimedTLSConnection
