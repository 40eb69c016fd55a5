"""A service is ready when it answers, not when it listens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from videobroker.running.ports import LOOPBACK, free_port
from videobroker.running.readiness import Check, answers_http, answers_redis

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Silent:
    async def announced(self) -> None:
        await asyncio.Event().wait()


def answering(*answers: bytes) -> Talk:
    """A server that gives these answers, one for each connection, the last one for ever."""
    left = list(answers)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        writer.close()

    return talk


async def is_ready(port: int, check: Check, talk: Talk) -> bool:
    """Whether it is ready before it has been asked three times."""
    asked, answered = 0, asyncio.Event()

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        if asked > 2:
            answered.set()
        await talk(reader, writer)

    async with await asyncio.start_server(counted, LOOPBACK, port):
        ready, enough = asyncio.create_task(check.wait(Silent())), asyncio.create_task(answered.wait())
        done, waiting = await asyncio.wait((ready, enough), timeout=15.0, return_when=asyncio.FIRST_COMPLETED)
        for each in waiting:
            each.cancel()
        assert done, "it is not asked again"
        return ready in done


@pytest.mark.parametrize(
    ("answers", "ready"),
    [
        ([b"HTTP/1.1 200 OK\r\n\r\n"], True),
        ([b"HTTP/1.1 503 Service Unavailable\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"], True),
        ([b"HTTP/1.1 503 Service Unavailable\r\n\r\n"], False),
        ([b"HTTP"], False),
        ([b""], False),
    ],
)
def test_the_web_is_ready_when_it_answers_with_200(answers: list[bytes], ready: bool) -> None:
    port = free_port()
    assert asyncio.run(is_ready(port, answers_http(port, "/readyz"), answering(*answers))) is ready


@pytest.mark.parametrize(("answer", "ready"), [(b"+PONG\r\n", True), (b"-LOADING dataset\r\n", False)])
def test_valkey_is_ready_when_it_has_loaded(answer: bytes, ready: bool) -> None:
    port = free_port()
    assert asyncio.run(is_ready(port, answers_redis(port), answering(answer))) is ready


def test_a_port_nobody_listens_at_is_asked_again() -> None:
    port = free_port()
    check = answers_redis(port)

    async def served_late() -> None:
        waiting = asyncio.create_task(check.wait(Silent()))
        done, _ = await asyncio.wait((waiting,), timeout=0.2)
        assert not done
        async with await asyncio.start_server(answering(b"+PONG\r\n"), LOOPBACK, port):
            await asyncio.wait_for(waiting, 5.0)

    asyncio.run(served_late())
