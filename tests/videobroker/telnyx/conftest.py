"""The line to Telnyx, over real sockets to servers that do as told."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.videobroker.telnyx.scripted import Script, ScriptedServer
from videobroker.secret import Secret
from videobroker.telnyx import Telnyx, Transport

API_KEY = "KEY0198f3a7c2secretofacme"


@pytest.fixture(scope="session")
def trusted() -> ssl.SSLContext:
    """The usual certificate authorities, loaded once: it takes longer than most of these tests."""
    return ssl.create_default_context()


@pytest.fixture
def transport(trusted: ssl.SSLContext) -> Iterator[Transport]:
    transport = Transport(pool_size=4, tls=trusted)
    yield transport
    transport.close()


@pytest.fixture
def serve() -> Iterator[Callable[[Script], ScriptedServer]]:
    """Starts servers that last as long as the test."""
    with ExitStack() as servers:
        yield lambda script: servers.enter_context(ScriptedServer(script))


@pytest.fixture
def connect(transport: Transport) -> Callable[..., Telnyx]:
    """A client of a scripted server, patient unless told otherwise."""

    def client(server: ScriptedServer, timeout_secs: float = 8) -> Telnyx:
        return Telnyx(server.api_base, Secret(API_KEY), transport, timeout_secs)

    return client
