"""One limit of time for a whole exchange, kept by the socket under it.

A socket's own timeout bounds each read, so a peer that sends a byte now and then can hold a thread for ever.
Here each read and write gets only what is left of the whole.
"""

import io
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class Deadline:
    """A moment on the monotonic clock, `timeout_secs` from its making."""

    def __init__(self, timeout_secs: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_at = clock() + timeout_secs

    def remaining_secs(self) -> float:
        """What is left, always more than 0; raises TimeoutError when nothing is."""
        left = self._ends_at - self._clock()
        if left <= 0:
            raise TimeoutError("the time for the exchange has run out")
        return left


class HeadTooLarge(Exception):
    """More bytes came before the head of the answer was complete than a head may have."""


class DeadlineSocket:
    """The part of a socket that `http.client` uses, bound to a deadline.

    Until `head_is_read` is called it takes at most `most_head_bytes` from the peer and then raises
    HeadTooLarge. Raises TimeoutError past the deadline.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline, most_head_bytes: int) -> None:
        self._sock = sock
        self._deadline = deadline
        self._head_bytes_left: int | None = most_head_bytes

    def head_is_read(self) -> None:
        self._head_bytes_left = None

    def sendall(self, data: "ReadableBuffer") -> None:
        unsent = memoryview(data).cast("B")
        while unsent:
            self._sock.settimeout(self._deadline.remaining_secs())
            unsent = unsent[self._sock.send(unsent) :]

    def receive_into(self, buffer: "WriteableBuffer") -> int:
        if self._head_bytes_left == 0:
            raise HeadTooLarge
        self._sock.settimeout(self._deadline.remaining_secs())
        received = self._sock.recv_into(memoryview(buffer)[: self._head_bytes_left])
        if self._head_bytes_left is not None:
            self._head_bytes_left -= received
        return received

    def makefile(self, mode: str) -> io.BufferedReader:
        """A reader over this socket; closing it leaves the socket open. `mode` is "rb"."""
        if mode != "rb":
            raise ValueError(f"a DeadlineSocket opens for reading bytes only, not {mode!r}")
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """Does nothing: `http.client` closes early, while the body is still to be read. The owner closes."""


class _Incoming(io.RawIOBase):
    """What a DeadlineSocket receives, as a raw stream."""

    def __init__(self, source: DeadlineSocket) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        return self._source.receive_into(buffer)
