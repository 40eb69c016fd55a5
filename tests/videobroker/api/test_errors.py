"""Every error in the one shape, wherever it comes from."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.db import OperationalError, connection
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from tests.asking import Asker, Json
from tests.cast import Company
from tests.videobroker.api.error_shape import assert_in_shape
from videobroker import urls
from videobroker.api.models import IdempotencyRecord
from videobroker.api.views import ApiView

PROBLEMS = {
    400: ("GET", "/v2/rooms?colour=blue", None, "unknown_parameter"),
    401: ("GET", "/v2/rooms", None, "not_authenticated"),
    403: ("POST", "/v2/rooms", {}, "missing_scope"),
    404: ("GET", "/v2/rooms/5ca1ab1e-0000-4000-8000-000000000000", None, "not_found"),
    405: ("PUT", "/v2/rooms", {}, "method_not_allowed"),
    413: ("POST", "/v2/rooms", b'{"unique_name": "' + b"a" * 300_000 + b'"}', "too_large"),
    422: ("POST", "/v2/rooms", {"max_participants": 51}, "out_of_range"),
}


@pytest.mark.parametrize("status", PROBLEMS)
def test_every_status_comes_in_the_one_shape(status: int, acme: Company) -> None:
    method, where, body, reason = PROBLEMS[status]
    asker = {401: Asker(), 403: acme.key_with("rooms:read")}.get(status, acme.back_end)
    answer = asker.ask(method, where, body)
    assert answer.refusal == (status, reason)
    assert_in_shape(answer)


@pytest.mark.parametrize("path", ["/v2/rooms", "/telnyx/events/acme"])
def test_a_body_in_chunks_is_never_taken_for_none(path: str, acme: Company) -> None:
    answer = acme.back_end.ask("POST", path, None, {"Transfer-Encoding": "chunked"})
    assert answer.refusal == (411, "length_required")
    assert_in_shape(answer)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_of_another_type_is_415(kind: str, acme: Company) -> None:
    answer = acme.back_end.ask("POST", "/v2/rooms", b"unique_name=a", {"Content-Type": kind})
    assert answer.refusal == (415, "unsupported_media_type")
    assert_in_shape(answer)


def test_a_method_that_is_not_there_is_405_whatever_the_path_names(acme: Company) -> None:
    nowhere = "5ca1ab1e-0000-4000-8000-000000000000"
    for where in (f"/v2/rooms/{nowhere}/members/{nowhere}", f"/v2/rooms/{nowhere}/bans"):
        assert acme.person("cy").ask("PUT", where, {}).refusal == (405, "method_not_allowed"), where


def test_405_says_what_is_allowed(acme: Company) -> None:
    answer = acme.back_end.ask("PUT", "/v2/bans", {})
    assert answer.status == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert "PUT" not in answer.headers["Allow"]


def test_options_are_offered_to_nobody_and_refused_to_all_alike(acme: Company, demo_room: Json) -> None:
    told = set()
    for where in ("/v2/rooms", f"/v2/rooms/{demo_room['id']}/bans"):
        for asker in (acme.back_end, acme.person("ana"), acme.person("cy")):
            answer = asker.ask("OPTIONS", where, None)
            assert_in_shape(answer)
            told.add((*answer.refusal, answer.headers["Allow"], answer.error["detail"]))
    detail = "OPTIONS is not for this path, which takes GET, POST, HEAD"
    assert told == {(405, "method_not_allowed", "GET, POST, HEAD", detail)}


@pytest.mark.parametrize(
    "where",
    [
        "/",
        "/v1/rooms",
        "/v2",
        "/v2/",
        "/v2/rooms/",
        "/v2/rooms/7",
        "/v2/rooms/%00",
        "/v2/../admin",
        "/favicon.ico",
    ],
)
@pytest.mark.django_db
def test_a_path_that_is_none_of_ours_is_404_in_the_shape(where: str) -> None:
    answer = Asker().get(where)
    assert answer.refusal == (404, "not_found")
    assert_in_shape(answer)


def test_409_says_when_to_ask_again(acme: Company) -> None:
    acme.back_end.post("/v2/rooms", {}, Idempotency_Key="k")
    IdempotencyRecord.objects.update(status=None, started_at=datetime.now(UTC))
    answer = acme.back_end.post("/v2/rooms", {}, Idempotency_Key="k")
    assert answer.refusal == (409, "still_running")
    assert answer.headers["Retry-After"] == "1"
    assert_in_shape(answer)


def test_429_says_when_to_ask_again(acme: Company) -> None:
    acme.change(requests_per_minute=1)
    answers = [acme.back_end.get("/v2/rooms") for _ in range(3)]
    answer = answers[-1]
    assert answer.refusal == (429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "retry_at" in answer.error["meta"]
    assert_in_shape(answer)


class Broken(ApiView):
    """An endpoint with a fault of ours in it."""

    scopes = {"GET": "rooms:read"}

    def get(self, request: Request) -> Response:
        raise ZeroDivisionError("a fault of ours, with the secret swordfish in it")


@pytest.fixture
def broken(settings: Any) -> str:
    """The paths of the house and one that breaks."""
    settings.ROOT_URLCONF = type(
        "Urls", (), {**vars(urls), "urlpatterns": [path("v2/broken", Broken.as_view()), *urls.urlpatterns]}
    )
    return "/v2/broken"


def test_a_fault_of_ours_is_500_with_nothing_but_the_request_id(acme: Company, broken: str) -> None:
    seen: list[object] = []

    def note(**_: object) -> None:
        seen.append(True)

    got_request_exception.connect(note)
    try:
        answer = acme.back_end.get(broken)
    finally:
        got_request_exception.disconnect(note)
    assert answer.refusal == (500, "internal_error")
    assert b"swordfish" not in answer.raw
    assert seen
    assert_in_shape(answer)


def test_a_database_that_is_away_is_503_and_says_when_to_ask_again(acme: Company, settings: Any) -> None:
    def away(*_: Any) -> Any:
        raise OperationalError("connection refused at db.internal")

    for origin in ({}, {"Origin": "https://app.acme.example"}):
        with connection.execute_wrapper(away):
            answer = acme.back_end.get("/v2/rooms", None, **origin)
        assert answer.refusal == (503, "database_unavailable")
        assert answer.headers["Retry-After"] == "1"
        assert b"db.internal" not in answer.raw
        assert_in_shape(answer)


def test_each_wrong_value_is_pointed_at(acme: Company, demo_room: Json) -> None:
    body = {"max_participants": 1, "webhook_timeout_secs": 31, "locked": "perhaps", "a/b~c": 1}
    only_known = {name: value for name, value in body.items() if name != "a/b~c"}
    answer = acme.back_end.patch(f"/v2/rooms/{demo_room['id']}", only_known)
    assert {entry["source"]["pointer"] for entry in answer.body["errors"]} == {
        "/max_participants", "/webhook_timeout_secs", "/locked",
    }  # fmt: skip
    unknown = acme.back_end.patch(f"/v2/rooms/{demo_room['id']}", body)
    assert [entry["source"]["pointer"] for entry in unknown.body["errors"]] == ["/a~1b~0c"]
    assert_in_shape(unknown)


def test_the_answer_to_a_body_wrong_in_a_thousand_places_stays_small(acme: Company) -> None:
    answer = acme.back_end.post("/v2/rooms", {f"field{number}": 1 for number in range(1000)})
    assert answer.status == 422
    assert len(answer.body["errors"]) == 50
    assert_in_shape(answer)


def test_validation_has_telnyx_codes(acme: Company) -> None:
    codes = {
        "10033": {"max_participants": 51},
        "10027": {"nonsense": 1},
    }
    assert {acme.back_end.post("/v2/rooms", body).error["code"]: body for body in codes.values()} == codes
    acme.back_end.post("/v2/rooms", {"unique_name": "one"})
    assert acme.back_end.post("/v2/rooms", {"unique_name": "one"}).error["code"] == "10012"
