"""Telnyx's own Python SDK, at its strictest, as a client library of videobroker: only host and key are others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telnyx import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    Telnyx,
    UnprocessableEntityError,
)

from tests.asking import Json
from tests.cast import Company
from tests.simulated import Simulator

pytestmark = pytest.mark.django_db(transaction=True)


def sdk_of(company: Company, live_server: Any, key: str | None = None) -> Telnyx:
    return Telnyx(
        base_url=f"{live_server.url}/v2",
        api_key=key or company.api_key,
        max_retries=0,
        _strict_response_validation=True,
    )


@pytest.fixture
def sdk(acme: Company, live_server: Any) -> Iterator[Telnyx]:
    with sdk_of(acme, live_server) as client:
        yield client


def given(answer: Any) -> Any:
    """The object in an answer, which has to be there."""
    assert answer is not None
    assert answer.data is not None
    return answer.data


def test_rooms_are_made_listed_viewed_updated_and_deleted(sdk: Telnyx) -> None:
    wanted: Json = {
        "unique_name": "standup",
        "max_participants": 4,
        "enable_recording": True,
        "webhook_event_url": "https://acme.example/hook",
        "webhook_event_failover_url": "https://spare.acme.example/hook",
        "webhook_timeout_secs": 25,
    }
    room = given(sdk.rooms.create(**wanted))
    assert {name: getattr(room, name) for name in wanted} == wanted
    assert room.record_type == "room"
    assert room.sessions is None

    listed = list(sdk.rooms.list(filter={"unique_name": "standup"}, include_sessions=True))
    viewed = given(sdk.rooms.retrieve(room.id, include_sessions=True))
    updated = given(sdk.rooms.update(room.id, max_participants=5, unique_name="retro"))
    sdk.rooms.delete(room.id)

    assert [found.id for found in listed] == [room.id]
    assert listed[0].sessions == viewed.sessions == []
    assert viewed.created_at == room.created_at
    assert datetime.now(UTC) - room.created_at < timedelta(minutes=1)
    assert (updated.max_participants, updated.unique_name) == (5, "retro")
    with pytest.raises(NotFoundError):
        sdk.rooms.retrieve(room.id)


def test_filters_by_date_and_pages_work(sdk: Telnyx) -> None:
    made = {given(sdk.rooms.create()).id for _ in range(5)}
    today = datetime.now(UTC).date()
    tomorrow = today + timedelta(days=1)
    assert {room.id for room in sdk.rooms.list(page_size=2)} == made
    assert {room.id for room in sdk.rooms.list(filter={"date_created_at": {"lte": tomorrow}})} == made
    assert list(sdk.rooms.list(filter={"date_updated_at": {"gte": tomorrow}})) == []


def test_tokens_are_minted_and_refreshed_as_often_as_one_likes(sdk: Telnyx, simulator: Simulator) -> None:
    room = given(sdk.rooms.create())
    minted = given(
        sdk.rooms.actions.generate_join_client_token(room.id, token_ttl_secs=600, refresh_token_ttl_secs=3600)
    )
    refreshed = [
        given(
            sdk.rooms.actions.refresh_client_token(
                room.id, refresh_token=minted.refresh_token, token_ttl_secs=600
            )
        )
        for _ in range(3)
    ]
    lasts = minted.token_expires_at - datetime.now(UTC)
    assert timedelta(seconds=580) < lasts <= timedelta(seconds=601)
    assert minted.refresh_token_expires_at > minted.token_expires_at
    telnyx_rooms = {simulator.join(each.token)["room_id"] for each in (minted, *refreshed)}
    assert telnyx_rooms == {found["id"] for found in simulator.state()["rooms"]}


def test_nobody_reaches_another_tenants_rooms(sdk: Telnyx, globex: Company, live_server: Any) -> None:
    room = given(sdk.rooms.create(unique_name="standup"))
    with sdk_of(globex, live_server) as theirs:
        assert list(theirs.rooms.list()) == []
        assert given(theirs.rooms.create(unique_name="standup")).id != room.id
        for reach in (theirs.rooms.retrieve, theirs.rooms.update, theirs.rooms.delete):
            with pytest.raises(NotFoundError):
                reach(room.id)
        with pytest.raises(NotFoundError):
            theirs.rooms.actions.generate_join_client_token(room.id)


def test_a_value_that_does_not_do_is_pointed_at(sdk: Telnyx) -> None:
    with pytest.raises(UnprocessableEntityError) as refused:
        sdk.rooms.create(max_participants=51)
    error = told(refused.value)
    assert (error["code"], error["source"]) == ("10033", {"pointer": "/max_participants"})


def told(error: Any) -> Json:
    """The first error in the body that came with an exception of the SDK."""
    return error.body["errors"][0]


def test_a_refusal_has_its_reason(sdk: Telnyx) -> None:
    room = given(sdk.rooms.create(extra_body={"closes_at": "2020-01-01T00:00:00Z"}))
    with pytest.raises(PermissionDeniedError) as refused:
        sdk.rooms.actions.generate_join_client_token(room.id)
    assert told(refused.value)["meta"]["reason"] == "closed"


def test_an_unknown_parameter_is_refused(sdk: Telnyx) -> None:
    with pytest.raises(BadRequestError) as refused:
        sdk.rooms.list(extra_query={"filter[colour]": "red"})
    assert told(refused.value)["source"] == {"parameter": "filter[colour]"}


def test_a_wrong_key_is_not_let_in(acme: Company, live_server: Any) -> None:
    with sdk_of(acme, live_server, key="KEY0123456789") as stranger, pytest.raises(AuthenticationError):
        stranger.rooms.list()


def test_a_key_without_the_scope_is_refused(acme: Company, live_server: Any) -> None:
    narrow = acme.key_with("rooms:read").bearer
    with sdk_of(acme, live_server, key=narrow) as reader:
        assert list(reader.rooms.list()) == []
        with pytest.raises(PermissionDeniedError) as refused:
            reader.rooms.create()
    assert told(refused.value)["meta"]["reason"] == "missing_scope"


def test_too_many_requests_are_told_to_wait(sdk: Telnyx, acme: Company) -> None:
    acme.change(mints_per_minute=1)
    room = given(sdk.rooms.create())
    sdk.rooms.actions.generate_join_client_token(room.id)
    with pytest.raises(RateLimitError) as refused:
        sdk.rooms.actions.generate_join_client_token(room.id)
    assert int(refused.value.response.headers["Retry-After"]) > 0


def test_retries_of_the_sdk_make_one_room(acme: Company, live_server: Any) -> None:
    with sdk_of(acme, live_server) as client:
        key = {"Idempotency-Key": "one and the same"}
        made = {given(client.rooms.create(extra_headers=key)).id for _ in range(2)}
        assert len(made) == len(list(client.rooms.list())) == 1
        with pytest.raises((UnprocessableEntityError, ConflictError)) as refused:
            client.rooms.create(max_participants=5, extra_headers=key)
    assert told(refused.value)["meta"]["reason"] == "idempotency_key_reused"
