"""Reaching a host by its name, within a time: lookup and TCP."""

import queue
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any, Final

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]

TCP_OPTIONS: Final = (
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
        if hasattr(socket, name)
    ),
)


def dial(host: str, port: int, within_secs: float) -> socket.socket:
    """A connected TCP socket whose timeout is what is left of `within_secs`, for the TLS handshake to keep
    to.

    Raises `OSError`: `socket.gaierror` for an unknown name, `TimeoutError` when the time is up, else what the
    last address said. A host with several addresses gets an even share of the time for each, so that one that
    swallows everything does not hide the others.
    """
    ends_at = time.monotonic() + within_secs
    found = look_up(host, port, within_secs)
    failure: OSError = OSError("the name has no address")
    for tried, address in enumerate(found):
        share_secs = (ends_at - time.monotonic()) / (len(found) - tried)
        try:
            connected = _connect(address, share_secs)
        except OSError as error:
            failure = error
            continue
        connected.settimeout(max(ends_at - time.monotonic(), 0.001))
        return connected
    raise failure


def look_up(host: str, port: int, within_secs: float) -> Sequence[Address]:
    """The addresses of a host. The resolver keeps no deadline, so it is asked on a thread of its own."""
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        answers: queue.SimpleQueue[Sequence[Address] | OSError] = queue.SimpleQueue()
    threading.Thread(target=_resolve, args=(host, port, answers), daemon=True, name="look-up").start()
    try:
        answer = answers.get(timeout=within_secs)
    except queue.Empty:
        raise TimeoutError(f"no answer about the name {host} in {within_secs:.1f} s") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _resolve(host: str, port: int, answers: "queue.SimpleQueue[Sequence[Address] | OSError]") -> None:
    try:
        answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except OSError as error:
        answers.put(error)
    except UnicodeError:
        answers.put(socket.gaierror(socket.EAI_NONAME, "not a name that can be looked up"))


def _connect(address: Address, within_secs: float) -> socket.socket:
    if within_secs <= 0:
        raise TimeoutError("no time left to connect")
    family, kind, protocol, _, where = address
    connection = socket.socket(family, kind, protocol)
    try:
        for level, option, value in TCP_OPTIONS:
            connection.setsockopt(level, option, value)
        connection.settimeout(within_secs)
        connection.connect(where)
    except OSError:
        connection.close()
        raise
    return connection
