"""Whatever comes back, it is either what was promised or an error that says how far things went."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from tests.videobroker.telnyx import samples
from tests.videobroker.telnyx.conftest import API_KEY
from tests.videobroker.telnyx.operations import OPERATIONS, Operation
from tests.videobroker.telnyx.scripted import Connection, Script, ScriptedServer, always, answer, once
from videobroker.secret import Secret
from videobroker.telnyx import Telnyx, Transport, errors

Serve = Callable[[Script], ScriptedServer]
Connect = Callable[..., Telnyx]

GOOD_ANSWER = answer({"data": samples.ROOM})
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
MEGABYTE = 1024 * 1024

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


def reset_after_reading(connection: Connection) -> None:
    connection.request()
    connection.reset()


def reset_after_the_headers(connection: Connection) -> None:
    connection.request()
    connection.send(GOOD_ANSWER[: GOOD_ANSWER.index(b"\r\n\r\n") + 4])
    connection.reset()


@pytest.mark.parametrize(
    "script",
    [
        reset_after_reading,
        reset_after_the_headers,
        once(b""),
        once(b"HTTP/1.1 2"),
        once(GOOD_ANSWER[:-1]),
        once(CHUNKED + b'5\r\n{"dat'),
        once(CHUNKED + b"zz\r\n{}"),
        once(b"SSH-2.0-OpenSSH_9.2\r\n"),
        once(b"HTTP/1.1 OK\r\n\r\n"),
        once(b"HTTP/1.1 200 OK\r\n" + b"X-Many: y\r\n" * 200 + b"\r\n"),
        once(b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 100_000 + b"\r\n\r\n"),
    ],
)
def test_a_connection_lost_leaves_the_outcome_unknown(script: Script, serve: Serve, connect: Connect) -> None:
    with pytest.raises(errors.ConnectionLost, match="look before trying again"):
        connect(serve(script)).create_room(unique_name="vb-lecture")


def test_a_reset_may_strike_at_any_moment(serve: Serve, connect: Connect) -> None:
    """Between connecting and reading the answer: which of them it hits is chance, so it is tried often."""
    server = serve(Connection.reset)
    telnyx = connect(server)
    for _ in range(100):
        with pytest.raises(errors.TelnyxError) as caught:
            telnyx.create_room(unique_name="vb-lecture")
        assert type(caught.value) in {errors.NotSent, errors.ConnectionLost}
        assert isinstance(caught.value.__cause__, ConnectionError)
    assert server.requests == []


def test_a_refused_connection_means_nothing_was_sent(transport: Transport) -> None:
    with ScriptedServer(always()) as gone:
        api_base = gone.api_base
    with pytest.raises(errors.NotSent, match="no connection could be made; nothing was sent") as caught:
        Telnyx(api_base, Secret(API_KEY), transport).create_room()
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


def test_an_unknown_host_means_nothing_was_sent(transport: Transport) -> None:
    with pytest.raises(errors.NotSent, match="could not be looked up"):
        Telnyx("http://nowhere.invalid/v2", Secret(API_KEY), transport).create_room()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int, serve: Serve, connect: Connect) -> None:
    elsewhere = serve(always({"data": samples.ROOM}))
    server = serve(always({"data": samples.ROOM}, status, {"Location": f"{elsewhere.api_base}/rooms"}))
    with pytest.raises(errors.GarbledAnswer) as caught:
        connect(server).create_room(unique_name="vb-lecture")
    assert caught.value.status == status
    assert (elsewhere.connections, len(server.requests)) == (0, 1)


@pytest.mark.parametrize("status", [200, 302, 404, 503])
def test_an_endless_answer_is_cut_off(status: int, serve: Serve, connect: Connect) -> None:
    sent = 0

    def flood(connection: Connection) -> None:
        nonlocal sent
        connection.request()
        head = f"HTTP/1.1 {status} Long\r\nContent-Type: application/json\r\nLocation: /v2\r\n"
        connection.send(head.encode() + b"Content-Length: %d\r\n\r\n" % (300 * MEGABYTE))
        for _ in range(300):
            connection.send(b" " * MEGABYTE)
            sent += 1

    server = serve(flood)
    tracemalloc.start()
    try:
        with pytest.raises(errors.TelnyxError) as caught:
            connect(server, timeout_secs=5).view_room(samples.ROOM_ID)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.status == status
    assert sent < 20
    assert peak < 20 * MEGABYTE


def test_a_gzip_bomb_does_not_go_off(serve: Serve, connect: Connect) -> None:
    bomb = gzip.compress(b" " * 100 * MEGABYTE)
    server = serve(always(bomb, headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()
    try:
        with pytest.raises(errors.GarbledAnswer, match="longer than 1048576 bytes"):
            connect(server, timeout_secs=5).view_room(samples.ROOM_ID)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10 * MEGABYTE


def test_a_compressed_answer_is_read(serve: Serve, connect: Connect) -> None:
    body = gzip.compress(json.dumps({"data": samples.ROOM}).encode())
    server = serve(always(body, headers={"Content-Encoding": "gzip"}))
    assert connect(server).view_room(samples.ROOM_ID).unique_name == "vb-lecture"


@pytest.mark.parametrize(
    "said",
    [
        answer(b"not gzip at all", headers={"Content-Encoding": "gzip"}),
        answer(b"<html>Sign in to the network</html>", headers={"Content-Type": "text/html"}),
        answer({"data": samples.ROOM}, headers={"Content-Type": "text/plain"}),
        answer({"data": samples.ROOM}, headers={"Content-Type": "application/json-seq"}),
        answer(None, 200),
        answer(None, 204),
        answer(b'{"data": {"id": "'),
        answer(b"\xff\xfe"),
        answer(b"[" * 100_000),
        answer(b'{"data": ' + b"9" * 5000 + b"}"),
        answer([samples.ROOM]),
        answer(None, 200, {"Content-Type": "application/json"}),
        answer({}),
        answer({"data": None}),
        answer({"data": [samples.ROOM]}),
        answer({"data": "room"}),
        answer({"success": False, "message": "Error"}),
        answer({"data": samples.ROOM}, 199),
        answer({"data": samples.ROOM}, 304),
        b"HTTP/1.1 200 OK\r\nContent-Type: appl",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b'{"data": {"id"',
    ],
)
def test_an_answer_that_is_none_is_garbled(said: bytes, serve: Serve, connect: Connect) -> None:
    with pytest.raises(errors.GarbledAnswer):
        connect(serve(once(said))).view_room(samples.ROOM_ID)


@each_operation
def test_success_with_the_wrong_body_is_garbled(operation: Operation, serve: Serve, connect: Connect) -> None:
    with pytest.raises(errors.GarbledAnswer) as caught:
        operation.call(connect(serve(always(b"<html>", headers={"Content-Type": "text/html"}))))
    assert isinstance(caught.value, errors.OutcomeUnknown)
    assert ("it may have been done" in str(caught.value)) == operation.is_write


@pytest.mark.parametrize("name", ["view_room", "view_session", "view_participant", "view_recording"])
def test_the_wrong_thing_is_not_taken_for_the_right_one(name: str, serve: Serve, connect: Connect) -> None:
    (operation,) = (one for one in OPERATIONS if one.name == name)
    server = serve(always({"data": operation.said["data"] | {"id": samples.OTHER_ID}}))
    with pytest.raises(errors.GarbledAnswer, match=r"data\.id is not the one asked for"):
        operation.call(connect(server))


@pytest.mark.parametrize(
    ("call", "said", "where"),
    [
        (lambda t: t.update_room(samples.ROOM_ID, max_participants=3), {"data": samples.ROOM}, "data.id"),
        (lambda t: t.list_room_sessions(samples.ROOM_ID), samples.page(samples.SESSION), "room_id"),
        (lambda t: t.list_sessions(room_id=samples.ROOM_ID), samples.page(samples.SESSION), "room_id"),
        (lambda t: t.list_recordings(room_id=samples.ROOM_ID), samples.page(samples.RECORDING), "room_id"),
        (
            lambda t: t.create_composition(session_id=samples.ROOM_ID),
            {"data": samples.COMPOSITION | {"session_id": samples.ROOM_ID}},
            "session_id",
        ),
    ],
)
def test_another_accounts_things_are_not_accepted(
    call: Callable[[Telnyx], object], said: dict[str, Any], where: str, serve: Serve, connect: Connect
) -> None:
    foreign = json.dumps(said).replace(samples.ROOM_ID, samples.OTHER_ID).encode()
    with pytest.raises(errors.GarbledAnswer, match=f"{where} is not the one asked for"):
        call(connect(serve(always(foreign))))


def test_another_page_than_the_one_asked_for_is_not_accepted(serve: Serve, connect: Connect) -> None:
    with pytest.raises(errors.GarbledAnswer, match=r"meta\.page_number is not 2"):
        connect(serve(always(samples.page(samples.ROOM)))).list_rooms(page_number=2)


OF_ANOTHER_TYPE: list[Any] = ["\x00", "\ud800", 2**63, -(2**40), 1.5, True, [], {}, [1], {"a": 1}]
READ_AS: dict[str, tuple[type, ...]] = {
    "size_mb": (int, float),
    "max_participants": (int,),
    "duration_secs": (int,),
    "webhook_timeout_secs": (int,),
    "height": (int,),
    "enable_recording": (bool,),
    "active": (bool,),
    "sessions": (list,),
    "participants": (list,),
    "video_layout": (dict,),
}


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("view_room", samples.ROOM),
        ("view_session", samples.SESSION),
        ("view_participant", samples.PARTICIPANT),
        ("view_recording", samples.RECORDING),
        ("view_composition", samples.COMPOSITION),
        ("generate_join_client_token", samples.CLIENT_TOKEN),
    ],
)
def test_a_field_of_another_type_is_garbled_and_named(
    name: str, sample: dict[str, Any], serve: Serve, connect: Connect
) -> None:
    (operation,) = (one for one in OPERATIONS if one.name == name)
    said: dict[str, Any] = {}
    telnyx = connect(serve(always({"data": said})))
    for field in sample.keys() - {"record_type"}:
        for wrong in OF_ANOTHER_TYPE:
            if is_fine(field, wrong):
                continue
            said.update(sample | {field: wrong})
            with pytest.raises(errors.GarbledAnswer, match=rf"data\.{field}") as caught:
                operation.call(telnyx)
            assert repr(wrong) not in str(caught.value) or len(repr(wrong)) < 5


def is_fine(field: str, value: object) -> bool:
    """Whether a value of `OF_ANOTHER_TYPE` is of the right type for this field after all."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) > 2**31:
        return False
    if field == "context" and isinstance(value, str):
        return True  # whatever somebody in the room wrote
    kinds = READ_AS.get(field, ())
    return type(value) in kinds and value not in ([1], {"a": 1})


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("view_room", "id"),
        ("view_session", "room_id"),
        ("view_session", "active"),
        ("view_participant", "session_id"),
        ("view_recording", "status"),
        ("view_recording", "type"),
        ("view_composition", "status"),
        ("generate_join_client_token", "token"),
        ("generate_join_client_token", "token_expires_at"),
        ("generate_join_client_token", "refresh_token"),
        ("generate_join_client_token", "refresh_token_expires_at"),
        ("refresh_client_token", "token"),
    ],
)
@pytest.mark.parametrize("absence", ["left out", "null", "empty"])
def test_what_makes_no_sense_without_a_field_is_garbled(
    name: str, field: str, absence: str, serve: Serve, connect: Connect
) -> None:
    if absence == "empty" and field in {"status", "type"}:
        return
    (operation,) = (one for one in OPERATIONS if one.name == name)
    said = dict(operation.said["data"])
    if absence == "left out":
        del said[field]
    else:
        said[field] = None if absence == "null" else ""
    with pytest.raises(errors.GarbledAnswer, match=rf"data\.{field} is not"):
        operation.call(connect(serve(always({"data": said}))))


@pytest.mark.parametrize("meta", [None, [], {}, {"page_number": "1"}, {"page_number": 1, "page_size": 20}])
def test_a_list_without_its_paging_is_garbled(meta: object, serve: Serve, connect: Connect) -> None:
    with pytest.raises(errors.GarbledAnswer, match="meta"):
        connect(serve(always({"data": [], "meta": meta}))).list_rooms()


def test_a_moment_that_is_none_is_garbled(serve: Serve, connect: Connect) -> None:
    for written in ("soon", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00"):
        server = serve(always({"data": samples.ROOM | {"created_at": written}}))
        with pytest.raises(errors.GarbledAnswer, match="created_at is not an ISO 8601 time"):
            connect(server).view_room(samples.ROOM_ID)
