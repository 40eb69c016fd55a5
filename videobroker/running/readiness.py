"""How a service shows that it is ready. A check waits for ever; the supervisor holds the deadline."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

PAUSE_SECS: Final = 0.1
ANSWER_WITHIN_SECS: Final = 2.0
LOOPBACK: Final = "127.0.0.1"


class Announcing(Protocol):
    """What a check may see of the service it waits for."""

    async def announced(self) -> None: ...


class Check(Protocol):
    """Something to wait for."""

    async def wait(self, service: Announcing) -> None:
        """Returns once the service is ready. Never raises because it is not yet."""


class Announced:
    """Ready when the line of output that the service's `announces` describes has come."""

    async def wait(self, service: Announcing) -> None:
        await service.announced()


@dataclass(frozen=True)
class Answers:
    """Ready when what listens at `port` on the loopback answers `question` with bytes that start as given."""

    port: int
    question: bytes
    answer: bytes

    async def wait(self, _service: Announcing) -> None:
        while not await self._answers():
            await asyncio.sleep(PAUSE_SECS)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_SECS):
                return await self._ask() == self.answer
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False

    async def _ask(self) -> bytes:
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        try:
            writer.write(self.question)
            await writer.drain()
            return await reader.readexactly(len(self.answer))
        finally:
            writer.close()


def answers_http(port: int, path: str) -> Answers:
    """Ready when GET `path` is answered with 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n"
    return Answers(port, request.encode("ascii"), b"HTTP/1.1 200")


def answers_redis(port: int) -> Answers:
    """Ready when PING is answered with PONG (and not with -LOADING)."""
    return Answers(port, b"PING\r\n", b"+PONG\r\n")
