"""The line to Telnyx, over real sockets to servers that do as told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.videobroker.telnyx.scripted import Script, ScriptedServer
from videobroker.secret import Secret
from videobroker.telnyx import Telnyx, Transport

API_KEY = "KEY0198f3a7c2secretofacme"


@pytest.fixture
def transport() -> Iterator[Transport]:
    transport = Transport(pool_size=4)
    yield transport
    transport.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Script], ScriptedServer]]:
    """Starts servers that last as long as the test."""
    with ExitStack() as servers:
        yield lambda script: servers.enter_context(ScriptedServer(script))


@pytest.fixture
def connect(transport: Transport) -> Callable[..., Telnyx]:
    """A client of a scripted server; half a second is for ever in these tests."""

    def client(server: ScriptedServer, timeout_secs: float = 0.5) -> Telnyx:
        return Telnyx(server.api_base, Secret(API_KEY), transport, timeout_secs)

    return client
