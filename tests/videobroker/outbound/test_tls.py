"""Who the other side must prove to be."""

import socket
import ssl

import pytest

from tests.videobroker.outbound.servers import Authority, Server, answering, saying, serving
from videobroker import outbound

LOCAL = outbound.AddressPolicy(allow_private=True)


def fetch(server: Server, authority: Authority | None, *, host: str = "keys.example") -> outbound.Answer:
    return outbound.fetch(
        server.url(scheme="https", host=host),
        timeout_secs=5,
        max_bytes=100,
        policy=LOCAL,
        resolver=lambda host, port: ["127.0.0.1"],
        ca_file=authority.ca_file if authority else None,
    )


def test_a_host_with_a_certificate_for_its_name_is_trusted(authority: Authority) -> None:
    with serving(answering(b"hello"), authority.context_for("keys.example")) as server:
        assert fetch(server, authority).body == b"hello"


def test_an_address_with_a_certificate_for_it_is_trusted(authority: Authority) -> None:
    with serving(answering(b"hello"), authority.context_for("127.0.0.1")) as server:
        assert fetch(server, authority, host="127.0.0.1").body == b"hello"


def test_the_name_in_the_url_is_what_the_server_is_told(authority: Authority) -> None:
    context = authority.context_for("keys.example")
    names: list[str | None] = []

    def note(connection: ssl.SSLObject, name: str | None, asked: ssl.SSLContext) -> None:
        names.append(name)

    context.sni_callback = note
    with serving(answering(b""), context) as server:
        fetch(server, authority)
    assert names == ["keys.example"]


def test_a_private_address_is_not_contacted_however_good_its_certificate(authority: Authority) -> None:
    with serving(answering(b"hello"), authority.context_for("keys.example")) as server:
        with pytest.raises(outbound.AddressRefused):
            outbound.fetch(
                server.url(scheme="https", host="keys.example"),
                timeout_secs=5,
                max_bytes=100,
                policy=outbound.AddressPolicy(),
                resolver=lambda host, port: ["127.0.0.1"],
                ca_file=authority.ca_file,
            )
        assert server.accepted == 0


@pytest.mark.parametrize("names", [["other.example"], ["127.0.0.1"], ["*.example.org"], ["sub.keys.example"]])
def test_a_certificate_for_another_host_is_refused(authority: Authority, names: list[str]) -> None:
    with (
        serving(answering(b"hello"), authority.context_for(*names)) as server,
        pytest.raises(outbound.TlsFailed, match="not valid for this host"),
    ):
        fetch(server, authority)
    assert server.requests == []


def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    with (
        serving(answering(b"hello"), authority.context_for("keys.example", days=-1)) as server,
        pytest.raises(outbound.TlsFailed, match="expired"),
    ):
        fetch(server, authority)
    assert server.requests == []


def test_an_unknown_authority_is_refused(authority: Authority) -> None:
    with (
        serving(answering(b"hello"), authority.context_for("keys.example")) as server,
        pytest.raises(outbound.TlsFailed),
    ):
        fetch(server, None)
    assert server.requests == []


def test_a_server_without_tls_is_refused(authority: Authority) -> None:
    with (
        serving(answering(b"hello"), reads_request=False) as server,
        pytest.raises(outbound.TlsFailed, match="no TLS"),
    ):
        fetch(server, authority)


def test_a_handshake_that_never_ends_times_out() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(outbound.TimedOut, match="handshake"),
    ):
        outbound.fetch(
            f"https://127.0.0.1:{silent.getsockname()[1]}/", timeout_secs=0.3, max_bytes=100, policy=LOCAL
        )


def test_a_hang_up_during_the_handshake_is_an_error_of_ours(authority: Authority) -> None:
    with (
        serving(saying(b""), reads_request=False) as server,
        pytest.raises((outbound.Unreachable, outbound.TlsFailed)),
    ):
        fetch(server, authority)
