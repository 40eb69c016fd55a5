"""No body is answered by a 5xx, and none is half understood."""

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asking import Asker, Json
from tests.cast import Company
from tests.videobroker.api import digests
from tests.videobroker.api.error_shape import assert_in_shape
from tests.videobroker.api.hostile import BODIES
from videobroker.api.parsing import MAX_BYTES, parse
from videobroker.api.problems import Problem

ROOM = "/v2/rooms/{room_id}"
ENDPOINTS = [
    ("POST", "/v2/rooms"),
    ("PATCH", ROOM),
    ("POST", f"{ROOM}/members"),
    ("POST", "/v2/bans"),
    ("POST", f"{ROOM}/actions/generate_join_client_token"),
    ("POST", f"{ROOM}/actions/refresh_client_token"),
    ("POST", f"{ROOM}/actions/revoke_client_token"),
]
# Far more than any of them takes, and far less than a careless parser would.
PATIENCE_SECS = 2.0


@pytest.mark.parametrize(("method", "route"), ENDPOINTS)
def test_every_hostile_body_is_refused_alike_and_changes_nothing(
    method: str, route: str, acme: Company, demo_room: Json
) -> None:
    before = digests.database()
    where = route.format(room_id=demo_room["id"])
    refused = {}
    for name, (body, _) in BODIES.items():
        started = time.monotonic()
        answer = acme.back_end.ask(method, where, body)
        assert time.monotonic() - started < PATIENCE_SECS, name
        assert_in_shape(answer)
        refused[name] = answer.refusal
    assert refused == {name: refusal for name, (_, refusal) in BODIES.items()}
    assert digests.database() == before


def test_a_hostile_body_costs_little_even_from_who_did_not_sign_in(demo_room: Json) -> None:
    where = f"/v2/rooms/{demo_room['id']}/actions/refresh_client_token"
    started = time.monotonic()
    answer = Asker().post(where, BODIES["quotes escaped without end"][0])
    assert answer.status in {400, 401}
    assert time.monotonic() - started < PATIENCE_SECS


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"a": "\\u0000"}', "/a"),
        (b'{"a": [1, {"b/c": ["x\\u0000"]}]}', "/a/1/b~1c/0"),
        (b'{"colour": 1}', "/colour"),
        (b'{"max_participants": "many"}', "/max_participants"),
        (b'{"unique_name": {"a": 1}}', "/unique_name"),
        (b'{"closes_at": "tomorrow"}', "/closes_at"),
        (b'{"opens_at": "9999-12-31T23:59:59-14:00"}', "/opens_at"),
        (b'{"opens_at": "0001-01-01T00:00:00+14:00"}', "/opens_at"),
        (b'{"opens_at": "2030-01-02T00:00:00Z", "closes_at": "2030-01-01T00:00:00Z"}', "/closes_at"),
        (b'{"access": ["members"]}', "/access"),
        (b'{"locked": {}}', "/locked"),
        (b'{"webhook_event_url": "javascript:alert(1)"}', "/webhook_event_url"),
        (b'{"webhook_event_url": "http://[::1"}', "/webhook_event_url"),
        (b'{"webhook_timeout_secs": -1}', "/webhook_timeout_secs"),
        (b'{"recording_retention_days": 9007199254740991}', "/recording_retention_days"),
    ],
)
def test_the_pointer_says_where(body: bytes, pointer: str, acme: Company) -> None:
    answer = acme.back_end.post("/v2/rooms", body)
    assert answer.status == 422
    assert answer.error["source"] == {"pointer": pointer}


@pytest.mark.parametrize("body", [b"", b" \n\t", b"{}"])
def test_no_body_is_an_empty_object(body: bytes, acme: Company) -> None:
    assert acme.back_end.post("/v2/rooms", body).status == 201


def test_a_body_of_exactly_256_kb_is_read(acme: Company) -> None:
    filled = b"{}" + b" " * (MAX_BYTES - 2)
    assert acme.back_end.post("/v2/rooms", filled).status == 201


def test_32_levels_and_the_largest_integers_are_read() -> None:
    deep: Any = parse(b'{"a":' + b"[" * 31 + b"]" * 31 + b"}")
    assert list(deep) == ["a"]
    assert parse(b'{"a": [9007199254740991, -9007199254740991]}') == {"a": [2**53 - 1, 1 - 2**53]}
    assert parse(b'{"a": "[[[[\\"{{{{"}') == {"a": '[[[["{{{{'}


def test_characters_beyond_the_first_plane_are_text_however_written() -> None:
    assert parse(b'{"a": "\\ud83d\\ude00"}') == parse('{"a": "😀"}'.encode()) == {"a": "😀"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=200))
def test_the_parser_reads_or_refuses_any_bytes(raw: bytes) -> None:
    try:
        read: dict[str, Any] | Problem = parse(raw)
    except Problem as problem:
        read = problem
    assert isinstance(read, dict) or 400 <= read.status < 500


@given(st.dictionaries(st.sampled_from(sorted({"identity", "role", "display_name", "x"})), json_values))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_object_is_taken_or_refused_but_never_breaks_us(
    acme: Company, demo_room: Json, body: dict[str, Any]
) -> None:
    answer = acme.back_end.post(f"/v2/rooms/{demo_room['id']}/members", body)
    assert answer.status == 201 or answer.status in {400, 422}
