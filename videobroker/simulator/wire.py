"""Putting an answer on the wire, whole or in the ways that go wrong.

A sender takes a connection, an answer and the usual headers; it answers whether the connection is still good.
"""

import os
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from http.client import responses

from videobroker.simulator.exchange import Answer, Headers

Sender = Callable[[socket.socket, Answer, Headers], bool]
_CHUNK = 64 * 1024
_BEFORE, _AFTER = b'{"data":{"padding":"', b'"}}'


def head_of(answer: Answer, usual: Headers, length: int) -> bytes:
    """The status line and headers; `usual` are those every response carries."""
    lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in (*usual, *answer.headers)]
    if answer.body is not None:
        lines += [f"Content-Type: {answer.content_type}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def whole(connection: socket.socket, answer: Answer, usual: Headers) -> bool:
    """Send the answer as it should be."""
    body = answer.body or b""
    connection.sendall(head_of(answer, usual, len(body)) + body)
    return True


def reset(connection: socket.socket, answer: Answer, usual: Headers) -> bool:
    """End the connection with a reset and not a byte of answer."""
    del answer, usual
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # Closing the descriptor itself, because shutting down first would say a polite goodbye.
    os.close(connection.detach())
    return False


def close(connection: socket.socket, answer: Answer, usual: Headers) -> bool:
    """End the connection politely and not a byte of answer."""
    del answer, usual
    connection.shutdown(socket.SHUT_RDWR)
    return False


def silent(secs: float, stopping: threading.Event) -> Sender:
    """Say nothing for a while, then end the connection."""

    def send(connection: socket.socket, answer: Answer, usual: Headers) -> bool:
        stopping.wait(secs)
        return close(connection, answer, usual)

    return send


def truncated(keep_bytes: int | None) -> Sender:
    """Promise the whole body, send a part (half, unless told otherwise), and end the connection."""

    def send(connection: socket.socket, answer: Answer, usual: Headers) -> bool:
        body = answer.body or b" " * 64
        kept = body[: len(body) // 2 if keep_bytes is None else keep_bytes]
        promised = max(len(body), len(kept) + 1)
        connection.sendall(head_of(Answer(answer.status, body, answer.headers), usual, promised) + kept)
        return False

    return send


def dripping(bytes_per_sec: float, stopping: threading.Event) -> Sender:
    """Send the whole answer, head and all, a byte at a time."""

    def send(connection: socket.socket, answer: Answer, usual: Headers) -> bool:
        body = answer.body or b""
        for byte in head_of(answer, usual, len(body)) + body:
            connection.sendall(bytes([byte]))
            if stopping.wait(1 / bytes_per_sec):
                return False
        return True

    return send


def huge(size: int) -> Sender:
    """Send valid JSON of `size` bytes in place of the body."""

    def send(connection: socket.socket, answer: Answer, usual: Headers) -> bool:
        length = max(size, len(_BEFORE) + len(_AFTER))
        connection.sendall(head_of(Answer(answer.status, b"", answer.headers), usual, length))
        for chunk in _padded_json(size):
            connection.sendall(chunk)
        return True

    return send


def gzip_bomb(size: int) -> Sender:
    """Send a small gzip body that unpacks to `size` bytes of valid JSON."""

    def send(connection: socket.socket, answer: Answer, usual: Headers) -> bool:
        packed = _packed(size)
        headers = (*answer.headers, ("Content-Encoding", "gzip"))
        head = head_of(Answer(answer.status, b"", headers), usual, len(packed))
        connection.sendall(head + packed)
        return True

    return send


def _padded_json(size: int) -> Iterator[bytes]:
    left = max(0, size - len(_BEFORE) - len(_AFTER))
    yield _BEFORE
    filler = b"x" * _CHUNK
    for start in range(0, left, _CHUNK):
        yield filler[: min(_CHUNK, left - start)]
    yield _AFTER


@lru_cache(maxsize=2)
def _packed(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(chunk) for chunk in _padded_json(size)), packer.flush()])
