"""However slow the other side is, a call ends when its time is up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.videobroker.telnyx import samples
from tests.videobroker.telnyx.conftest import API_KEY
from tests.videobroker.telnyx.scripted import Connection, Script, ScriptedServer, always, answer
from videobroker.secret import Secret
from videobroker.telnyx import Telnyx, Transport, errors

Serve = Callable[[Script], ScriptedServer]
Connect = Callable[..., Telnyx]

# Enough to connect and to send, be the machine ever so busy; what is dripped would take many times as long.
TIME_SECS = 1.0
SLACK_SECS = 1.5
GOOD_ANSWER = answer({"data": samples.ROOM})
HEADERS, _, BODY = GOOD_ANSWER.partition(b"\r\n\r\n")


@contextmanager
def taking_at_most(secs: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < secs + SLACK_SECS


def drip_everything(connection: Connection) -> None:
    connection.request()
    connection.drip(GOOD_ANSWER)


def drip_endless_headers(connection: Connection) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 200 OK\r\n")
    connection.drip(b"X-Padding: y\r\n" * 1000)


def drip_the_body(connection: Connection) -> None:
    connection.request()
    connection.send(HEADERS + b"\r\n\r\n")
    connection.drip(BODY)


def drip_chunks(connection: Connection) -> None:
    connection.request()
    connection.send(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    connection.drip(b"1\r\n{\r\n" * 1000)


def drip_interim_answers(connection: Connection) -> None:
    connection.request()
    connection.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, pause_secs=0.001)


def say_nothing(connection: Connection) -> None:
    connection.request()
    connection.hang()


def stop_half_way(connection: Connection) -> None:
    connection.request()
    connection.send(GOOD_ANSWER[:-10])
    connection.hang()


def never_read(connection: Connection) -> None:
    connection.hang()


@pytest.mark.parametrize(
    "script",
    [
        drip_everything,
        drip_endless_headers,
        drip_the_body,
        drip_chunks,
        drip_interim_answers,
        say_nothing,
        stop_half_way,
        never_read,
    ],
)
def test_a_slow_answer_is_cut_off_when_the_time_is_up(script: Script, serve: Serve, connect: Connect) -> None:
    telnyx = connect(serve(script), timeout_secs=TIME_SECS)
    with (
        taking_at_most(TIME_SECS),
        pytest.raises(errors.TimedOut, match="may have been done, so look") as caught,
    ):
        telnyx.create_room(unique_name="vb-lecture")
    assert caught.value.operation == "create_room"


def test_a_request_that_is_not_taken_is_cut_off_when_the_time_is_up(serve: Serve, connect: Connect) -> None:
    telnyx = connect(serve(never_read), timeout_secs=TIME_SECS)
    with taking_at_most(TIME_SECS), pytest.raises(errors.TimedOut):
        telnyx.create_room(unique_name="x" * 16_000_000)


def test_a_call_may_have_a_time_of_its_own(serve: Serve, connect: Connect) -> None:
    telnyx = connect(serve(say_nothing), timeout_secs=30)
    with taking_at_most(TIME_SECS), pytest.raises(errors.TimedOut):
        telnyx.view_room(samples.ROOM_ID, timeout_secs=TIME_SECS)


@pytest.mark.parametrize("timeout_secs", [0, -1])
def test_without_time_nothing_is_sent(timeout_secs: float, serve: Serve, connect: Connect) -> None:
    server = serve(always({"data": samples.ROOM}))
    with pytest.raises(errors.NotSent, match="no time was left"):
        connect(server).view_room(samples.ROOM_ID, timeout_secs=timeout_secs)
    assert server.connections == 0


def test_the_time_starts_anew_with_each_call(serve: Serve, connect: Connect) -> None:
    telnyx = connect(serve(always({"data": samples.ROOM})), timeout_secs=0.6)
    ends_at = time.monotonic() + 0.8
    while time.monotonic() < ends_at:
        telnyx.view_room(samples.ROOM_ID)


def test_a_connection_cut_off_is_not_used_again(serve: Serve, connect: Connect) -> None:
    server = serve(stop_half_way)
    telnyx = connect(server, timeout_secs=TIME_SECS)
    with pytest.raises(errors.TimedOut):
        telnyx.view_room(samples.ROOM_ID)
    server.script = always({"data": samples.ROOM})
    assert telnyx.view_room(samples.ROOM_ID).id == samples.ROOM_ID
    assert server.connections == 2


def test_a_host_that_swallows_connections_is_given_up_unsent(transport: Transport) -> None:
    """A listener whose queue is full drops what comes, as a dead host would."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for plug in waiting:
            plug.setblocking(False)
            plug.connect_ex(listener.getsockname())
        telnyx = Telnyx(f"http://127.0.0.1:{listener.getsockname()[1]}/v2", Secret(API_KEY), transport, 0.3)
        with (
            taking_at_most(TIME_SECS),
            pytest.raises(errors.NotSent, match="no connection could be made in time"),
        ):
            telnyx.create_room(unique_name="vb-lecture")
        for plug in waiting:
            plug.close()


def test_a_name_nobody_answers_for_is_given_up_unsent(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    look_up = socket.getaddrinfo

    def hang(host: str, *args: int, **options: int) -> object:
        if host == "telnyx.example" and not options.get("flags"):
            answered.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "too late")
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    try:
        telnyx = Telnyx("http://telnyx.example/v2", Secret(API_KEY), transport, timeout_secs=0.2)
        with taking_at_most(0.2), pytest.raises(errors.NotSent, match="in time"):
            telnyx.view_room(samples.ROOM_ID)
    finally:
        answered.set()


def test_one_dead_address_does_not_hide_the_living(
    serve: Serve, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(always({"data": samples.ROOM}))
    port = int(server.api_base.split(":")[2].split("/")[0])
    look_up = socket.getaddrinfo
    with socket.create_server(("127.0.0.1", 0), backlog=0) as dead:
        waiting = [socket.socket() for _ in range(4)]
        for plug in waiting:
            plug.setblocking(False)
            plug.connect_ex(dead.getsockname())

        def both(host: str, *args: int, **options: int) -> object:
            if host != "telnyx.example" or options.get("flags"):
                return look_up(host, *args, **options)
            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", number))
                for number in (dead.getsockname()[1], port)
            ]

        monkeypatch.setattr(socket, "getaddrinfo", both)
        telnyx = Telnyx(f"http://telnyx.example:{port}/v2", Secret(API_KEY), transport, timeout_secs=0.6)
        assert telnyx.view_room(samples.ROOM_ID).id == samples.ROOM_ID
        for plug in waiting:
            plug.close()
