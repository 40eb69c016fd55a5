"""Connections are kept and shared, and those that cannot be trusted are not used."""

import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.videobroker.telnyx import samples
from tests.videobroker.telnyx.conftest import API_KEY
from tests.videobroker.telnyx.scripted import Connection, Script, ScriptedServer, always, answer, once
from videobroker.secret import Secret
from videobroker.telnyx import Telnyx, Transport, errors

Serve = Callable[[Script], ScriptedServer]
Connect = Callable[..., Telnyx]

ROOM = {"data": samples.ROOM}


def wait_until(condition: Callable[[], bool], within_secs: float = 5) -> None:
    ends_at = time.monotonic() + within_secs
    while not condition():
        assert time.monotonic() < ends_at, "it did not come true in time"


def test_one_connection_serves_many_calls_and_accounts(serve: Serve, transport: Transport) -> None:
    server = serve(always(ROOM))
    for key in ("KEYofacme", "KEYofglobex") * 10:
        Telnyx(server.api_base, Secret(key), transport).view_room(samples.ROOM_ID)
    assert server.connections == 1
    assert [request.headers["authorization"] for request in server.requests] == [
        "Bearer KEYofacme",
        "Bearer KEYofglobex",
    ] * 10


@pytest.mark.parametrize("status", [204, 404, 422, 429, 503])
def test_an_error_does_not_cost_the_connection(status: int, serve: Serve, connect: Connect) -> None:
    server = serve(always(None if status == 204 else {"errors": []}, status))
    telnyx = connect(server)
    for _ in range(3):
        with suppress(errors.TelnyxError):
            telnyx.delete_room(samples.ROOM_ID)
    assert len(server.requests) == 3
    assert server.connections == 1


def test_threads_share_the_pool(serve: Serve, transport: Transport) -> None:
    server = serve(always(ROOM))
    telnyx = Telnyx(server.api_base, Secret(API_KEY), transport)
    with ThreadPoolExecutor(4) as threads:
        rooms = list(threads.map(lambda _: telnyx.view_room(samples.ROOM_ID), range(100)))
    assert {room.id for room in rooms} == {samples.ROOM_ID}
    assert server.connections <= 4


def test_a_connection_the_server_has_closed_is_noticed_before_use(serve: Serve, connect: Connect) -> None:
    closed = threading.Event()

    def answer_once(connection: Connection) -> None:
        once(answer(ROOM))(connection)
        connection.reset()
        closed.set()

    server = serve(answer_once)
    telnyx = connect(server)
    for calls in (1, 2, 3):
        closed.clear()
        telnyx.update_room(samples.ROOM_ID, max_participants=4)
        assert closed.wait(5)
        assert server.connections == calls


def test_a_connection_idle_for_too_long_is_not_used_again(serve: Serve, trusted: ssl.SSLContext) -> None:
    server = serve(always(ROOM))
    with closing(Transport(max_idle_secs=0.05, tls=trusted)) as transport:
        telnyx = Telnyx(server.api_base, Secret(API_KEY), transport)
        telnyx.view_room(samples.ROOM_ID)
        idle_since = time.monotonic()
        wait_until(lambda: time.monotonic() > idle_since + 0.06)
        telnyx.view_room(samples.ROOM_ID)
    assert server.connections == 2


def test_an_answer_that_asks_to_close_is_obeyed(serve: Serve, connect: Connect) -> None:
    server = serve(always(ROOM, headers={"Connection": "close"}))
    telnyx = connect(server)
    telnyx.view_room(samples.ROOM_ID)
    telnyx.view_room(samples.ROOM_ID)
    assert server.connections == 2


def test_cookies_are_not_kept(serve: Serve, connect: Connect) -> None:
    server = serve(always(ROOM, headers={"Set-Cookie": "session=acme; Path=/"}))
    telnyx = connect(server)
    telnyx.view_room(samples.ROOM_ID)
    telnyx.view_room(samples.ROOM_ID)
    assert "cookie" not in server.requests[1].headers


def test_the_environment_has_no_say(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy = serve(always(ROOM))
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", proxy.api_base)
    monkeypatch.setenv("no_proxy", "")
    server = serve(always(ROOM))
    connect(server).view_room(samples.ROOM_ID)
    assert proxy.connections == 0
    assert server.requests[0].headers["authorization"] == f"Bearer {API_KEY}"


def test_a_forked_process_opens_connections_of_its_own(serve: Serve, connect: Connect) -> None:
    server = serve(always(ROOM))
    telnyx = connect(server, timeout_secs=5)
    telnyx.view_room(samples.ROOM_ID)
    child = os.fork()
    if child == 0:
        try:
            telnyx.view_room(samples.ROOM_ID)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    telnyx.view_room(samples.ROOM_ID)
    assert (server.connections, len(server.requests)) == (2, 3)


def test_every_call_is_told_to_the_hook(serve: Serve) -> None:
    calls: list[tuple[str, str, float]] = []
    with closing(Transport(on_call=lambda *call: calls.append(call))) as transport:
        good = Telnyx(serve(always(ROOM)).api_base, Secret(API_KEY), transport)
        bad = Telnyx(serve(always(None, 429)).api_base, Secret(API_KEY), transport)
        slow = Telnyx(serve(Connection.hang).api_base, Secret(API_KEY), transport, timeout_secs=0.1)
        good.view_room(samples.ROOM_ID)
        with pytest.raises(errors.RateLimited):
            bad.kick(samples.SESSION_ID, "all")
        with pytest.raises(errors.TimedOut):
            slow.list_rooms()
    assert [call[:2] for call in calls] == [
        ("view_room", "ok"),
        ("kick", "rate_limited"),
        ("list_rooms", "timed_out"),
    ]
    assert all(0 <= secs < 1 for *_, secs in calls)
    assert calls[2][2] >= 0.1


def test_a_closed_transport_may_be_used_again(serve: Serve, transport: Transport) -> None:
    server = serve(always(ROOM))
    telnyx = Telnyx(server.api_base, Secret(API_KEY), transport)
    telnyx.view_room(samples.ROOM_ID)
    transport.close()
    telnyx.view_room(samples.ROOM_ID)
    assert server.connections == 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody but these tests trusts, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[ScriptedServer]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with ScriptedServer(always(ROOM), tls) as server:
        yield server


@pytest.fixture
def trusting(certificate: Path) -> Iterator[Transport]:
    with closing(Transport(tls=ssl.create_default_context(cafile=str(certificate)))) as transport:
        yield transport


def test_tls_works_and_its_connections_are_kept(tls_server: ScriptedServer, trusting: Transport) -> None:
    telnyx = Telnyx(tls_server.api_base, Secret(API_KEY), trusting)
    for _ in range(5):
        assert telnyx.view_room(samples.ROOM_ID).id == samples.ROOM_ID
    assert tls_server.connections == 1


def test_whoever_cannot_prove_to_be_telnyx_is_sent_nothing(
    tls_server: ScriptedServer, transport: Transport
) -> None:
    with pytest.raises(errors.NotSent, match="no trustworthy TLS connection") as caught:
        Telnyx(tls_server.api_base, Secret(API_KEY), transport).create_room()
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
    assert tls_server.requests == []


def test_another_host_than_the_certificate_names_is_sent_nothing(
    tls_server: ScriptedServer, trusting: Transport
) -> None:
    with pytest.raises(errors.NotSent, match="no trustworthy TLS connection"):
        Telnyx(tls_server.api_base.replace("127.0.0.1", "localhost"), Secret(API_KEY), trusting).create_room()
    assert tls_server.requests == []


@pytest.mark.parametrize(
    "script", [Connection.hang, lambda connection: connection.drip(b"\x16\x03\x03" * 100)]
)
def test_a_handshake_that_goes_nowhere_is_given_up_unsent(
    script: Script, serve: Serve, transport: Transport
) -> None:
    api_base = serve(script).api_base.replace("http:", "https:")
    started = time.monotonic()
    with pytest.raises(errors.NotSent):
        Telnyx(api_base, Secret(API_KEY), transport, timeout_secs=0.3).create_room()
    assert time.monotonic() - started < 0.8


def test_slow_answers_are_cut_off_inside_tls_too(tls_server: ScriptedServer, trusting: Transport) -> None:
    def drip(connection: Connection) -> None:
        connection.request()
        connection.drip(answer(ROOM))

    tls_server.script = drip
    started = time.monotonic()
    with pytest.raises(errors.TimedOut):
        Telnyx(tls_server.api_base, Secret(API_KEY), trusting, timeout_secs=0.3).create_room()
    assert time.monotonic() - started < 0.8
