"""One request and its answer, against real servers on loopback that misbehave in every way we know."""

import gzip
import random
import socket
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.videobroker.outbound.servers import answering, dripping, read_request, saying, serving
from videobroker import outbound

LOCAL = outbound.AddressPolicy(schemes=frozenset({"http"}), allow_private=True)


def fetch(url: str, **changes: Any) -> outbound.Answer:
    options: dict[str, Any] = {"timeout_secs": 5, "max_bytes": 1000, "policy": LOCAL}
    return outbound.fetch(url, **options | changes)


def test_an_answer_has_status_headers_and_body() -> None:
    with serving(answering(b"hello", "X-Kind: one", "x-kind: two", status="203 So So")) as server:
        answer = fetch(server.url("/path?query=1"))
    assert (answer.status, answer.body, answer.headers["x-kind"]) == (203, b"hello", "one, two")
    assert server.requests[0].startswith(b"GET /path?query=1 HTTP/1.1\r\n")


def test_a_request_says_the_host_and_asks_for_no_encoding() -> None:
    with serving(answering(b"")) as server:
        fetch(server.url(host="keys.example"), resolver=lambda host, port: ["127.0.0.1"])
    lines = server.requests[0].split(b"\r\n")
    assert f"Host: keys.example:{server.port}".encode() in lines
    assert {b"Accept-Encoding: identity", b"Connection: close", b"User-Agent: videobroker"} < set(lines)
    assert not any(line.lower().startswith((b"cookie", b"authorization")) for line in lines)


def test_a_body_is_sent_with_its_length() -> None:
    with serving(answering(b"")) as server:
        fetch(server.url(), method="POST", body=b'{"a": 1}', headers={"Content-Type": "application/json"})
    assert server.requests[0].endswith(b"\r\n\r\n" + b'{"a": 1}')
    assert b"Content-Length: 8\r\n" in server.requests[0]
    assert b"Content-Type: application/json\r\n" in server.requests[0]


def test_a_large_body_is_sent_whole() -> None:
    body = random.Random(1).randbytes(2_000_000)
    with serving(answering(b"")) as server:
        fetch(server.url(), method="POST", body=body)
    assert server.requests[0].endswith(body)


def test_a_head_request_has_no_body() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Encoding: gzip\r\n\r\n"
    with serving(saying(head)) as server:
        assert fetch(server.url(), method="HEAD").body == b""


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Again", "308 Moved"])
def test_a_redirect_is_an_answer_and_is_not_followed(status: str) -> None:
    with serving(answering(b"secret")) as elsewhere:
        location = f"Location: {elsewhere.url()}"
        with serving(answering(b"", location, status=status)) as server:
            answer = fetch(server.url(), method="POST", body=b"x")
    assert answer.status == int(status[:3])
    assert (server.accepted, elsewhere.accepted) == (1, 0)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering(b"from the proxy")) as proxy, serving(answering(b"direct")) as server:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url())
        assert fetch(server.url()).body == b"direct"
    assert proxy.accepted == 0


def test_a_host_is_looked_up_once_so_rebinding_gains_nothing() -> None:
    answers: Iterator[list[str]] = iter([["127.0.0.1"], ["127.0.0.2"], ["127.0.0.3"]])
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    with serving(answering(b"first")) as server:
        assert fetch(server.url(host="keys.example"), resolver=resolver).body == b"first"
    assert asked == ["keys.example"]


def test_a_name_that_turns_private_is_refused_on_the_next_request() -> None:
    turns = iter([["127.0.0.1"], ["169.254.169.254"]])
    with serving(answering(b"first")) as server:
        fetch(server.url(host="keys.example"), resolver=lambda host, port: next(turns))
        with pytest.raises(outbound.AddressRefused):
            fetch(server.url(host="keys.example"), resolver=lambda host, port: next(turns))
    assert server.accepted == 1


def test_an_address_literal_is_not_looked_up() -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up")

    with serving(answering(b"hello")) as server:
        assert fetch(server.url(), resolver=resolver).body == b"hello"


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with serving(answering(b"hello")) as server:
        answer = fetch(
            server.url(host="keys.example"), resolver=lambda host, port: ["127.0.0.9", "127.0.0.1"]
        )
    assert answer.body == b"hello"


def test_the_systems_resolver_knows_this_machine() -> None:
    with serving(answering(b"hello")) as server:
        assert fetch(server.url(host="localhost")).body == b"hello"


def test_a_name_that_does_not_resolve_is_unreachable() -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    with pytest.raises(outbound.Unreachable, match=r"^http://keys\.example/: .* does not resolve"):
        fetch("http://keys.example/", resolver=resolver)


@pytest.mark.parametrize("found", [[], ["nonsense"]])
def test_a_resolver_that_gives_no_address_makes_a_host_unreachable(found: list[str]) -> None:
    with pytest.raises(outbound.Unreachable):
        fetch("http://keys.example/", resolver=lambda host, port: found)


def test_a_slow_lookup_counts_against_the_deadline() -> None:
    released = socket.socketpair()

    def resolver(host: str, port: int) -> list[str]:
        released[1].recv(1)
        return ["127.0.0.1"]

    began = time.monotonic()
    with released[0], released[1]:
        with pytest.raises(outbound.TimedOut, match="not resolved in time"):
            fetch("http://keys.example/", resolver=resolver, timeout_secs=0.2)
        assert time.monotonic() - began < 2
        released[0].sendall(b"x")


def test_nobody_listening_is_unreachable() -> None:
    with serving(answering(b"")) as server:
        url = server.url()
    with pytest.raises(outbound.Unreachable, match="nobody accepts connections"):
        fetch(url)


def test_a_hang_up_without_an_answer_is_unreachable() -> None:
    with serving(saying(b"")) as server, pytest.raises(outbound.Unreachable, match="without an answer"):
        fetch(server.url())


def test_a_peer_that_accepts_and_says_nothing_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(outbound.TimedOut):
            fetch(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_secs=0.3)
        assert 0.2 < time.monotonic() - began < 2


OK_HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"),
        (OK_HEAD, b"X"),
        (OK_HEAD, b"X: y\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK_HEAD + b"Content-Length: 900\r\n\r\n", b"x"),
        (OK_HEAD + b"\r\n", b"x"),
        (OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"Trailer: x\r\n"),
    ],
    ids=["status", "header", "headers", "continue", "body", "endless", "chunks", "trailers"],
)
def test_a_dripping_answer_ends_at_the_deadline(start: bytes, drop: bytes) -> None:
    with serving(dripping(start, drop)) as server:
        began = time.monotonic()
        with pytest.raises(outbound.TimedOut):
            fetch(server.url(), timeout_secs=0.4)
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (OK_HEAD + b"\r\n", b"x" * 4000),
        (OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"fff\r\n" + b"x" * 4095 + b"\r\n"),
        (OK_HEAD, b"A: " + b"x" * 4000 + b"\r\n"),
        (OK_HEAD, b"x" * 4000),
        (b"HTTP/1.1 ", b"2" * 4000),
    ],
    ids=["body", "chunks", "headers", "one header", "status"],
)
def test_an_answer_without_end_is_cut_off_by_its_size(start: bytes, drop: bytes) -> None:
    with serving(dripping(start, drop, every_secs=0)) as server, pytest.raises(outbound.TooLarge):
        fetch(server.url(), timeout_secs=20)


def test_a_body_that_announces_too_much_is_refused_unread() -> None:
    with (
        serving(saying(OK_HEAD + b"Content-Length: 1001\r\n\r\n")) as server,
        pytest.raises(outbound.TooLarge),
    ):
        fetch(server.url())


def test_a_body_of_exactly_the_cap_is_taken() -> None:
    with serving(answering(b"x" * 1000)) as server:
        assert len(fetch(server.url()).body) == 1000


def test_a_gzipped_body_is_decoded() -> None:
    with serving(answering(gzip.compress(b"x" * 1000, mtime=0), "Content-Encoding: gzip")) as server:
        assert fetch(server.url()).body == b"x" * 1000


def test_a_gzip_bomb_is_refused() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with serving(answering(bomb, "Content-Encoding: gzip")) as server, pytest.raises(outbound.TooLarge):
        fetch(server.url(), max_bytes=64 * 1024)


def test_a_gzip_bomb_never_unfolds_in_memory() -> None:
    bomb = gzip.compress(bytes(12_000_000))
    with serving(answering(bomb, "Content-Encoding: gzip")) as server:
        tracemalloc.start()
        try:
            with pytest.raises(outbound.TooLarge):
                fetch(server.url(), max_bytes=64 * 1024)
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak_bytes < 2_000_000


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"hello", mtime=0)[:-3], "gzip"),
        (gzip.compress(b"hello", mtime=0) + b"more", "gzip"),
        (b"hello", "gzip"),
        (zlib.compress(b"hello"), "gzip"),
        (b"hello", "br"),
        (gzip.compress(gzip.compress(b"hello", mtime=0), mtime=0), "gzip, gzip"),
    ],
)
def test_a_body_in_an_unreadable_encoding_is_a_bad_answer(body: bytes, encoding: str) -> None:
    with (
        serving(answering(body, f"Content-Encoding: {encoding}")) as server,
        pytest.raises(outbound.BadAnswer),
    ):
        fetch(server.url())


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n",
        OK_HEAD + b"Content-Length: 10\r\n\r\nshort", OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello", OK_HEAD + b"A: b\r\n" * 200 + b"\r\n",
    ],
)  # fmt: skip
def test_what_is_not_a_whole_http_answer_is_a_bad_answer(answer: bytes) -> None:
    with serving(saying(answer)) as server, pytest.raises(outbound.BadAnswer):
        fetch(server.url())


def test_no_answer_however_mangled_raises_anything_but_our_own_errors() -> None:
    source = random.Random(7)
    whole = OK_HEAD + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\nX: y\r\n\r\n"
    packed = gzip.compress(b"hello", mtime=0)
    whole += b"%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed)

    def mangle(connection: socket.socket) -> None:
        data = bytearray(whole)
        for _ in range(source.randrange(1, 4)):
            data[source.randrange(len(data))] = source.randrange(256)
        connection.sendall(data[: source.randrange(len(data) // 2, len(data) + 1)])

    outcomes: set[type] = set()
    with serving(mangle) as server:
        for _ in range(300):
            try:
                outcomes.add(type(fetch(server.url())))
            except outbound.OutboundError as error:
                outcomes.add(type(error))
    assert outbound.BadAnswer in outcomes


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "get", "GET /\r\n", ""])
def test_a_method_that_is_not_ours_to_send_is_the_callers_mistake(method: str) -> None:
    with serving(answering(b"")) as server, pytest.raises(ValueError, match="not a method"):
        fetch(server.url(), method=method)
    assert server.accepted == 0


@pytest.mark.parametrize(
    "name", ["Host", "host", "Content-Length", "Transfer-Encoding", "Cookie", "User-Agent"]
)
def test_headers_of_the_connection_are_not_the_callers_to_set(name: str) -> None:
    with serving(answering(b"")) as server, pytest.raises(ValueError, match="set by the connection"):
        fetch(server.url(), headers={name: "x"})
    assert server.accepted == 0


@pytest.mark.parametrize(
    "headers",
    [{"A": "b\r\nHost: inside"}, {"A\r\nB": "c"}, {"A": "b\nc"}, {"A": "\u20ac"}, {"A": " b"}, {"": "b"}],
)
def test_a_header_cannot_smuggle_a_line(headers: dict[str, str]) -> None:
    with serving(answering(b"")) as server, pytest.raises(ValueError, match="header"):
        fetch(server.url(), headers=headers)
    assert server.accepted == 0


def test_an_answer_does_not_show_its_content() -> None:
    with serving(answering(b"hush", "X-Secret: hush")) as server:
        assert "hush" not in repr(fetch(server.url()))


def test_errors_name_the_address_without_query() -> None:
    with serving(saying(b"")) as server, pytest.raises(outbound.Unreachable) as caught:
        fetch(server.url("/hook?key=hush"))
    assert str(caught.value).startswith(f"http://127.0.0.1:{server.port}/hook: ")
    assert "hush" not in str(caught.value)


def test_the_servers_of_these_tests_read_a_request_whole() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
        assert read_request(theirs).endswith(b"abc")
