"""Redis counts and wakes; nobody's way in depends on it."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.asking import Asker
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import enter, refresh, revoke, stay
from tests.tokens.serving import free_port, serve

# A caller may notice that Redis is gone once in a while, but does not wait for it.
QUICKLY_SECS = 3.0


@contextmanager
def stopped() -> Iterator[str]:
    """Nobody listens."""
    yield f"redis://127.0.0.1:{free_port()}/0"


@contextmanager
def hanging() -> Iterator[str]:
    """Somebody takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.mark.parametrize("redis", [stopped, hanging])
@pytest.mark.django_db(transaction=True)
def test_everything_about_tokens_works_and_works_quickly(
    acme: Company, simulator: Simulator, tmp_path: Path, redis: Callable[[], AbstractContextManager[str]]
) -> None:
    with redis() as redis_url, serve(simulator, tmp_path / "web.log", REDIS_URL=redis_url) as url:
        there = acme.at(url)
        bo: Asker = replace(acme.person("bo"), url=url)
        room = there.new_room({"bo": "participant"})
        started = time.monotonic()
        minted = enter(bo, room)
        refreshed = stay(bo, room, minted["refresh_token"])
        assert simulator.join(refreshed["token"], refreshed["context"])
        assert revoke(bo, room, refresh_token=refreshed["refresh_token"]).data["revoked"] == 1
        assert refresh(bo, room, refreshed["refresh_token"]).refusal == (403, "grant_revoked")
        assert time.monotonic() - started < QUICKLY_SECS
