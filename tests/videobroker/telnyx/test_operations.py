"""What goes over the wire for each operation, and what is read from the answer."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest

from tests.videobroker.telnyx import samples
from tests.videobroker.telnyx.conftest import API_KEY
from tests.videobroker.telnyx.operations import OPERATIONS, Operation
from tests.videobroker.telnyx.scripted import Connection, Script, ScriptedServer, always
from videobroker.secret import Secret
from videobroker.telnyx import DateFilter, Page, Room, Telnyx, Transport, VideoRegion

Serve = Callable[[Script], ScriptedServer]
Connect = Callable[..., Telnyx]

each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


def test_there_are_25_operations() -> None:
    assert len({operation.name for operation in OPERATIONS}) == 25


@each_operation
def test_an_operation_sends_exactly_what_it_was_given(
    operation: Operation, serve: Serve, connect: Connect
) -> None:
    server = serve(always(operation.said, operation.status))

    operation.call(connect(server))

    (request,) = server.requests
    target = urlsplit(request.path)
    assert (request.method, target.path) == (operation.method, operation.path)
    assert dict(parse_qsl(target.query)) == operation.query
    assert request.headers["authorization"] == f"Bearer {API_KEY}"
    if operation.body is None:
        assert request.body == b""
    else:
        assert request.json == operation.body
        assert request.headers["content-type"] == "application/json"


@each_operation
def test_an_operation_reads_every_field_of_its_answer(
    operation: Operation, serve: Serve, connect: Connect
) -> None:
    result = operation.call(connect(serve(always(operation.said, operation.status))))

    if operation.said is None:
        assert result is None
    elif operation.name.startswith("list_"):
        assert isinstance(result, Page)
        assert_reads(result.items[0], operation.said["data"][0])
    elif operation.name == "delete_recordings":
        assert result == 5
    elif "result" in operation.said["data"]:
        assert result == "ok"
    else:
        assert_reads(result, operation.said["data"])


def assert_reads(thing: Any, said: dict[str, Any]) -> None:
    for name, value in said.items():
        if name == "record_type":
            continue
        read = getattr(thing, name)
        if name.endswith("_at") and value:
            assert read == datetime.fromisoformat(value)
            assert read.tzinfo is UTC
        elif isinstance(read, Secret):
            assert read.reveal() == value
        elif name in {"sessions", "participants"}:
            assert_reads(read[0], value[0])
        elif name == "video_layout":
            assert_reads(read["stage"], value["stage"])
            assert read["rest"].video_sources == "*"
        else:
            assert read == (tuple(value) if isinstance(value, list) else value), name


def test_all_sources_may_stand_alone_or_in_a_list(serve: Serve, connect: Connect) -> None:
    said = {**samples.COMPOSITION, "video_layout": {"stage": {"video_sources": ["*"]}}}
    server = serve(always({"data": said}))
    layout = connect(server).view_composition(samples.COMPOSITION["id"]).video_layout
    assert layout == {"stage": VideoRegion(video_sources=("*",))}


def test_only_what_is_given_is_sent(serve: Serve, connect: Connect) -> None:
    server = serve(always({"data": samples.ROOM}, 201))
    connect(server).create_room()
    assert server.requests[0].json == {}


def test_lifetimes_are_left_to_telnyx_unless_given(serve: Serve, connect: Connect) -> None:
    server = serve(always({"data": samples.CLIENT_TOKEN}, 201))
    connect(server).generate_join_client_token(samples.ROOM_ID)
    connect(server).generate_join_client_token(samples.ROOM_ID, 120)
    connect(server).refresh_client_token(samples.ROOM_ID, Secret(samples.REFRESH_TOKEN))
    assert [request.json for request in server.requests] == [
        {},
        {"token_ttl_secs": 120},
        {"refresh_token": samples.REFRESH_TOKEN},
    ]


def test_fields_that_are_new_or_left_out_are_no_trouble(serve: Serve, connect: Connect) -> None:
    server = serve(always({"data": {"id": samples.ROOM_ID.upper(), "colour": {"of": ["money"]}}, "new": 1}))
    assert connect(server).view_room(samples.ROOM_ID) == Room(id=samples.ROOM_ID)


@pytest.mark.parametrize(
    "written", ["2026-04-16 09:46:20", "2026-04-16T09:46:20Z", "2026-04-16T11:46:20+02:00"]
)
def test_times_are_read_as_utc_however_they_are_written(written: str, serve: Serve, connect: Connect) -> None:
    server = serve(always({"data": samples.ROOM | {"created_at": written}}))
    room = connect(server).view_room(samples.ROOM_ID)
    assert room.created_at == datetime(2026, 4, 16, 9, 46, 20, tzinfo=UTC)


def test_ids_may_be_given_as_uuids(serve: Serve, connect: Connect) -> None:
    server = serve(always({"data": samples.ROOM}))
    connect(server).view_room(UUID(samples.ROOM_ID))
    assert server.requests[0].path == f"/v2/rooms/{samples.ROOM_ID}"


@pytest.mark.parametrize(
    "smuggled", ["", "..", "a/b", f"{samples.ROOM_ID}/actions/end", f"{samples.ROOM_ID}?x"]
)
def test_nothing_but_a_uuid_gets_into_a_path(smuggled: str, serve: Serve, connect: Connect) -> None:
    server = serve(always({"data": samples.ROOM}))
    with pytest.raises(ValueError, match="room_id must be a UUID"):
        connect(server).view_room(smuggled)
    assert server.requests == []


def test_each_goes_through_all_pages(serve: Serve, connect: Connect) -> None:
    rooms = [samples.ROOM | {"id": samples.ROOM_ID[:-1] + digit} for digit in "0123456"]

    def script(connection: Connection) -> None:
        while request := connection.request():
            query = dict(parse_qsl(urlsplit(request.path).query))
            number, size = int(query["page[number]"]), int(query["page[size]"])
            connection.answer(
                samples.page(*rooms[(number - 1) * size : number * size], number=number, pages=3)
            )

    server = serve(script)
    found = connect(server).each_room(unique_name="vb-lecture", page_size=3)

    assert server.requests == [], "no page is asked for before it is wanted"
    assert [room.id for room in found] == [room["id"] for room in rooms]
    assert len(server.requests) == 3


def test_each_stops_at_an_empty_page_whatever_the_total_says(serve: Serve, connect: Connect) -> None:
    server = serve(always(samples.page(pages=1_000_000)))
    assert list(connect(server).each_recording()) == []
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "every",
    [
        lambda t: t.each_room(include_sessions=True),
        lambda t: t.each_room_session(samples.ROOM_ID, include_participants=True),
        lambda t: t.each_session(include_participants=True),
    ],
)
def test_pages_of_items_that_bring_others_along_are_kept_small(
    every: Callable[[Telnyx], Any], serve: Serve, connect: Connect
) -> None:
    server = serve(always(samples.page()))
    assert list(every(connect(server))) == []
    assert "page%5Bsize%5D=10" in server.requests[0].path


@pytest.mark.parametrize(
    "every",
    [
        lambda t: t.each_session_participant(samples.SESSION_ID),
        lambda t: t.each_participant(session_id=samples.SESSION_ID),
        lambda t: t.each_composition(session_id=samples.SESSION_ID),
    ],
)
def test_other_pages_are_large(every: Callable[[Telnyx], Any], serve: Serve, connect: Connect) -> None:
    server = serve(always(samples.page()))
    assert list(every(connect(server))) == []
    assert "page%5Bsize%5D=100" in server.requests[0].path


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda t: t.delete_recordings(), "needs at least one filter"),
        (
            lambda t: t.delete_recordings(room_id=None, date_ended_at=DateFilter()),
            "needs at least one filter",
        ),
        (lambda t: t.delete_recordings(status=""), "the filter status is empty"),
        (lambda t: t.delete_recordings(room_id=""), "room_id must be a UUID"),
        (lambda t: t.update_room(samples.ROOM_ID), "must set something"),
        (lambda t: t.create_room(unique_name=None), "unique_name cannot be null"),
        (lambda t: t.kick(samples.SESSION_ID, []), "no participants are named"),
        (lambda t: t.kick(samples.SESSION_ID, "everyone"), 'must be "all"'),
        (lambda t: t.mute(samples.SESSION_ID, ["all"]), "participants must be a UUID"),
        (lambda t: t.mute(samples.SESSION_ID, "all", exclude=["bo"]), "exclude must be a UUID"),
        (lambda t: t.create_composition(session_id="mine"), "session_id must be a UUID"),
        (lambda t: t.list_rooms(page_number=0), "pages are numbered from 1"),
        (lambda t: t.list_rooms(page_size=251), "hold 1 to 250"),
        (lambda t: t.list_rooms(date_created_at=DateFilter(eq=datetime.now(UTC))), "filters by whole days"),
    ],
)
def test_what_must_not_be_sent_is_not_sent(
    call: Callable[[Telnyx], object], complaint: str, serve: Serve, connect: Connect
) -> None:
    server = serve(always({"data": {"room_recordings": 0}}))
    with pytest.raises(ValueError, match=complaint):
        call(connect(server))
    assert server.requests == []


def test_a_misspelt_filter_does_not_delete_everything(serve: Serve, connect: Connect) -> None:
    server = serve(always({"data": {"room_recordings": 99}}, 201))
    careless: Any = connect(server)
    with pytest.raises(TypeError, match="there is no roomid"):
        careless.delete_recordings(roomid=samples.ROOM_ID)
    assert server.requests == []


def test_a_layout_may_name_its_video_sources(serve: Serve, connect: Connect) -> None:
    server = serve(always({"data": samples.COMPOSITION}, 202))
    layout = {"stage": VideoRegion(z_pos=0, video_sources=(samples.RECORDING_ID,))}
    connect(server).create_composition(video_layout=layout)
    assert server.requests[0].json == {
        "video_layout": {"stage": {"z_pos": 0, "video_sources": [samples.RECORDING_ID]}}
    }


def test_a_page_tells_the_time_at_telnyx(serve: Serve, connect: Connect) -> None:
    server = serve(always(samples.page(), headers={"Date": "Thu, 16 Apr 2026 09:46:20 GMT"}))
    assert connect(server).list_rooms().answered_at == datetime(2026, 4, 16, 9, 46, 20, tzinfo=UTC)


@pytest.mark.parametrize("date_header", ["yesterday", "", "Thu, 99 Apr 2026 09:46:20 GMT"])
def test_a_date_that_is_none_is_not_a_failure(date_header: str, serve: Serve, connect: Connect) -> None:
    server = serve(always(samples.page(), headers={"Date": date_header}))
    assert connect(server).clock_offset_secs() is None


def test_the_clocks_can_be_compared(serve: Serve, connect: Connect) -> None:
    server = serve(always(samples.page(), headers={"Date": "Thu, 16 Apr 2026 09:46:20 GMT"}))
    clock = iter([datetime(2026, 4, 16, 9, 36, 19, tzinfo=UTC), datetime(2026, 4, 16, 9, 36, 21, tzinfo=UTC)])
    assert connect(server).clock_offset_secs(lambda: next(clock)) == 600


@pytest.mark.parametrize(
    "api_base",
    [
        "api.telnyx.com/v2",
        "ftp://127.0.0.1/v2",
        "http:///v2",
        "http://user:pw@127.0.0.1/v2",
        "http://h/v2?a=b",
    ],
)
def test_an_address_that_is_none_is_refused_at_once(api_base: str, transport: Transport) -> None:
    with pytest.raises(ValueError, match="the address of Telnyx's API must"):
        Telnyx(api_base, Secret(API_KEY), transport)


@pytest.mark.parametrize("key", ["", "with space", "with\r\nX-Evil: header", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str, transport: Transport) -> None:
    with pytest.raises(ValueError, match="printable ASCII") as refused:
        Telnyx("http://127.0.0.1/v2", Secret(key), transport)
    assert not key or key not in str(refused.value)


def test_days_are_days() -> None:
    assert DateFilter(eq=date(2026, 4, 16)).eq == date(2026, 4, 16)
