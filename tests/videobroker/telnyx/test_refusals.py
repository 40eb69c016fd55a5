"""What becomes of each status and each way Telnyx has of writing an error."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.videobroker.telnyx import samples
from tests.videobroker.telnyx.conftest import API_KEY
from tests.videobroker.telnyx.operations import OPERATIONS, Operation
from tests.videobroker.telnyx.scripted import Script, ScriptedServer, always, once
from videobroker.secret import Secret
from videobroker.telnyx import Telnyx, errors

Serve = Callable[[Script], ScriptedServer]
Connect = Callable[..., Telnyx]

CLASS_OF_STATUS: dict[int, type[errors.TelnyxError]] = {
    400: errors.Invalid,
    401: errors.Unauthorised,
    402: errors.Refused,
    403: errors.Forbidden,
    404: errors.NotFound,
    405: errors.Refused,
    408: errors.Refused,
    409: errors.Conflict,
    413: errors.Refused,
    422: errors.Invalid,
    429: errors.RateLimited,
    500: errors.ServerFailed,
    502: errors.ServerFailed,
    503: errors.ServerFailed,
    504: errors.ServerFailed,
    599: errors.ServerFailed,
}
COMPLAINT = {
    "code": "10012",
    "title": "Duplicate",
    "detail": "has already been taken",
    "source": {"pointer": "/unique_name"},
}
SHAPES: dict[str, tuple[Any, errors.Complaint | None]] = {
    "a list": (
        {"errors": [COMPLAINT, {"code": "10015", "title": "Bad request"}]},
        errors.Complaint("10012", "Duplicate", "has already been taken", "/unique_name"),
    ),
    "bare": (COMPLAINT, errors.Complaint("10012", "Duplicate", "has already been taken", "/unique_name")),
    "a parameter": (
        {"errors": [{"code": 10031, "title": "Bad filter", "source": {"parameter": "filter[x]"}}]},
        errors.Complaint("10031", "Bad filter", "", "filter[x]"),
    ),
    "a message": ({"success": False, "message": "Error"}, errors.Complaint(title="Error")),
    "nothing": (None, None),
    "a page of HTML": (b"<html><h1>Bad gateway</h1></html>", None),
    "half of JSON": (b'{"errors": [', None),
    "too deep": (b"[" * 100_000, None),
    "a text": (b'"no"', None),
    "no list": ({"errors": "no"}, None),
    "a list of nothing": ({"errors": []}, None),
    "a list of other things": ({"errors": [None, "no", 5, [], {}]}, None),
    "other types": ({"errors": [{"code": [], "title": {}, "detail": None, "source": "here"}]}, None),
}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("status", CLASS_OF_STATUS)
def test_each_status_of_each_operation_has_its_error(
    status: int, operation: Operation, serve: Serve, connect: Connect
) -> None:
    server = serve(always({"errors": [COMPLAINT]}, status, {"X-Request-Id": "req-7"}))
    with pytest.raises(errors.TelnyxError) as caught:
        operation.call(connect(server))
    error = caught.value
    assert type(error) is CLASS_OF_STATUS[status]
    assert (error.operation, error.status, error.request_id) == (operation.name, status, "req-7")
    assert isinstance(error, errors.Refused) == (status < 500)
    assert len(server.requests) == 1


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 429])
def test_each_shape_of_error_is_understood(status: int, shape: str, serve: Serve, connect: Connect) -> None:
    said, complaint = SHAPES[shape]
    with pytest.raises(errors.Refused) as caught:
        connect(serve(always(said, status))).view_room(samples.ROOM_ID)
    error = caught.value
    assert type(error) is CLASS_OF_STATUS.get(status, errors.Refused)
    assert error.errors[:1] == ((complaint,) if complaint else ())
    expected = complaint or errors.Complaint()
    assert (error.code, error.title, error.detail, error.pointer) == (
        expected.code,
        expected.title,
        expected.detail,
        expected.pointer,
    )
    assert expected.title in str(error)


def test_all_complaints_are_kept(serve: Serve, connect: Connect) -> None:
    said, _ = SHAPES["a list"]
    with pytest.raises(errors.Invalid) as caught:
        connect(serve(always(said, 422))).create_room()
    assert [complaint.code for complaint in caught.value.errors] == ["10012", "10015"]


@pytest.mark.parametrize("status", [409, 422])
def test_a_name_that_is_taken_can_be_told_from_a_bad_one(status: int, serve: Serve, connect: Connect) -> None:
    with pytest.raises(errors.Refused) as taken:
        connect(serve(always({"errors": [COMPLAINT]}, status))).create_room(unique_name="vb-lecture")
    with pytest.raises(errors.Refused) as bad:
        connect(serve(always({"errors": [COMPLAINT | {"code": "10027"}]}, status))).create_room()
    assert taken.value.is_duplicate
    assert not bad.value.is_duplicate


@pytest.mark.parametrize(
    ("status", "over"), [(404, True), (422, True), (401, False), (403, False), (429, False)]
)
def test_a_session_that_is_over_can_be_told_from_one_that_cannot_be_ended(
    status: int, over: bool, serve: Serve, connect: Connect
) -> None:
    with pytest.raises(errors.Refused) as caught:
        connect(serve(always({"success": False, "message": "Error"}, status))).end_session(samples.SESSION_ID)
    assert caught.value.already_over is over


def test_only_the_end_of_a_session_can_come_too_late(serve: Serve, connect: Connect) -> None:
    with pytest.raises(errors.NotFound) as caught:
        connect(serve(always(None, 404))).kick(samples.SESSION_ID, "all")
    assert not caught.value.already_over


@pytest.mark.parametrize(
    ("headers", "wait_secs"),
    [
        ({}, 1),
        ({"x-ratelimit-reset": "7"}, 7),
        ({"x-ratelimit-reset": "2.5"}, 2.5),
        ({"x-ratelimit-reset": "0"}, 0.5),
        ({"x-ratelimit-reset": "-1"}, 0.5),
        ({"x-ratelimit-reset": "-inf"}, 0.5),
        ({"x-ratelimit-reset": "1e9"}, 60),
        ({"x-ratelimit-reset": "inf"}, 60),
        ({"x-ratelimit-reset": "1e999"}, 60),
        ({"x-ratelimit-reset": "9" * 5000}, 60),
        ({"x-ratelimit-reset": "nan"}, 1),
        ({"x-ratelimit-reset": ""}, 1),
        ({"x-ratelimit-reset": "soon"}, 1),
        ({"x-ratelimit-reset": "7, 9"}, 1),
        ({"Retry-After": "3"}, 3),
        ({"Retry-After": "tomorrow"}, 1),
        ({"Retry-After": "Thu, 16 Apr 2015 09:46:20 GMT"}, 0.5),
        ({"Retry-After": "Thu, 16 Apr 2099 09:46:20 GMT"}, 60),
        ({"Retry-After": "Thu, 16 Apr 2015 09:46:20 -0000"}, 0.5),
        ({"x-ratelimit-reset": "soon", "Retry-After": "4"}, 4),
        ({"x-ratelimit-reset": "5", "Retry-After": "4"}, 5),
    ],
)
def test_the_wait_after_too_many_requests_is_within_reason(
    headers: dict[str, str], wait_secs: float, serve: Serve, connect: Connect
) -> None:
    server = serve(always({"errors": []}, 429, headers))
    with pytest.raises(errors.RateLimited) as caught:
        connect(server).list_rooms()
    assert caught.value.wait_secs == wait_secs
    assert len(server.requests) == 1, "waiting, and asking again, is the caller's affair"


def test_a_wait_may_be_given_as_a_time(serve: Serve, connect: Connect) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    with pytest.raises(errors.RateLimited) as caught:
        connect(serve(always(None, 429, {"Retry-After": then}))).list_rooms()
    assert 17 < caught.value.wait_secs <= 20


def test_what_telnyx_says_is_made_fit_for_a_log_line(serve: Serve, connect: Connect) -> None:
    said = {"code": "10015", "title": "Bad\r\nINJECTED \x1b[31m\u202e" + "x" * 10_000}
    server = serve(always({"errors": [said] * 50}, 400, {"X-Request-Id": "r\x01" + "9" * 5000}))
    with pytest.raises(errors.Invalid) as caught:
        connect(server).list_rooms()
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1000
    assert len(caught.value.errors) == 20


def test_credentials_that_telnyx_quotes_are_blanked_out(serve: Serve, connect: Connect) -> None:
    opaque = "rtk-0815-opaque"
    quoting = {
        "code": opaque,
        "title": f"key {API_KEY} is bad",
        "detail": f"refresh_token {opaque}, not {samples.TOKEN}",
        "source": {"pointer": f"/{API_KEY}"},
    }
    server = serve(always({"errors": [quoting]}, 403, {"X-Request-Id": API_KEY}))
    with pytest.raises(errors.Forbidden) as caught:
        connect(server).refresh_client_token(samples.ROOM_ID, Secret(opaque))
    shown = f"{caught.value} {caught.value.errors} {caught.value.request_id}"
    assert "is bad" in shown
    for secret in (API_KEY, opaque, samples.TOKEN, "eyJ"):
        assert secret not in shown


def test_a_refusal_whose_body_breaks_off_is_still_a_refusal(serve: Serve, connect: Connect) -> None:
    server = serve(once(BROKEN_OFF))
    with pytest.raises(errors.NotFound) as caught:
        connect(server).delete_room(samples.ROOM_ID)
    assert caught.value.errors == ()


BROKEN_OFF = b'HTTP/1.1 404 Gone\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"err'
