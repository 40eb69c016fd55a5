"""Who is kept out, and why: the same reason for minting, for refreshing and when asked to explain."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import access, audited, enter, mint, refresh
from tests.tokens.passing import ahead
from tokens.models import Grant
from videobroker.tenants.models import AuditEntry

Obstacle = Callable[[Company, Json], object]


def change(**fields: object) -> Obstacle:
    return lambda acme, room: acme.back_end.patch(f"/v2/rooms/{room['id']}", fields)


def remove(acme: Company, room: Json) -> None:
    path = f"/v2/rooms/{room['id']}/members"
    (member,) = acme.back_end.get(path, {"filter[identity]": "bo"}).data
    assert acme.back_end.delete(f"{path}/{member['id']}").status == 204


def ban_from_room(acme: Company, room: Json) -> None:
    assert acme.person("ana").post(f"/v2/rooms/{room['id']}/bans", {"identity": "bo"}).status == 201


def ban_from_all(acme: Company, room: Json) -> None:
    assert acme.back_end.post("/v2/bans", {"identity": "bo"}).status == 201


def suspend(acme: Company, room: Json) -> None:
    acme.change(status="suspended")


KEPT_OUT = [
    pytest.param("not_a_member", remove, id="removed"),
    pytest.param("banned", ban_from_room, id="banned from the room"),
    pytest.param("banned", ban_from_all, id="banned from all rooms"),
    pytest.param("not_open_yet", change(opens_at=ahead(hours=1)), id="not open yet"),
    pytest.param("closed", change(closes_at=ahead(hours=-1)), id="closed"),
    pytest.param("tenant_suspended", suspend, id="suspended"),
]


@pytest.mark.parametrize(("reason", "obstacle"), KEPT_OUT)
def test_who_is_kept_out_gets_no_token(
    acme: Company, demo_room: Json, simulator: Simulator, reason: str, obstacle: Obstacle
) -> None:
    obstacle(acme, demo_room)
    assert mint(acme.person("bo"), demo_room).refusal == (403, reason)
    assert mint(acme.back_end, demo_room, identity="bo").refusal == (403, reason)
    assert simulator.calls("create_room_client_token") == []
    assert Grant.objects.count() == 0


@pytest.mark.parametrize(("reason", "obstacle"), KEPT_OUT)
def test_who_is_kept_out_gets_no_fresh_token_either(
    acme: Company, demo_room: Json, simulator: Simulator, reason: str, obstacle: Obstacle
) -> None:
    minted = enter(acme.person("bo"), demo_room)
    obstacle(acme, demo_room)
    assert refresh(acme.person("bo"), demo_room, minted["refresh_token"]).refusal == (403, reason)
    assert refresh(acme.back_end, demo_room, minted["refresh_token"]).refusal == (403, reason)
    assert len(simulator.calls("create_room_client_token")) == 1


@pytest.mark.parametrize(("reason", "obstacle"), KEPT_OUT)
def test_it_is_explained_with_the_same_reason(
    acme: Company, demo_room: Json, reason: str, obstacle: Obstacle
) -> None:
    obstacle(acme, demo_room)
    for asker in (acme.person("bo"), acme.back_end):
        explained = access(asker, demo_room, "bo").data
        assert (explained["admitted"], explained["reason"]) == (False, reason)
        assert explained["role"] is None


@pytest.mark.parametrize(("reason", "obstacle"), KEPT_OUT)
def test_each_refusal_is_audited(acme: Company, demo_room: Json, reason: str, obstacle: Obstacle) -> None:
    minted = enter(acme.person("bo"), demo_room)
    obstacle(acme, demo_room)
    mint(acme.person("bo"), demo_room)
    refresh(acme.person("bo"), demo_room, minted["refresh_token"])
    assert audited(demo_room, "token.mint") == [("bo", "bo", reason)]
    assert audited(demo_room, "token.refresh") == [("bo", "bo", reason)]


def test_an_audited_refusal_names_its_tenant_and_its_request(acme: Company, demo_room: Json) -> None:
    mint(acme.person("cy"), demo_room, {"X-Request-Id": "ask-7"})
    entry = AuditEntry.objects.get(action="token.mint")
    assert (entry.tenant_id, entry.request_id, entry.outcome) == (acme.row.pk, "ask-7", "refused")
    assert entry.actor_kind == "identity"


def test_explaining_is_not_audited_as_an_attempt(acme: Company, demo_room: Json) -> None:
    access(acme.person("cy"), demo_room)
    assert audited(demo_room, "token.mint") == []


def test_who_comes_early_is_told_when_the_room_opens(acme: Company, demo_room: Json) -> None:
    opens_at = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    change(opens_at=opens_at)(acme, demo_room)
    refused = mint(acme.person("bo"), demo_room)
    assert refused.error["meta"]["retry_at"] == opens_at
    assert access(acme.person("bo"), demo_room).data["retry_at"] == opens_at


def test_who_is_banned_for_a_while_is_told_until_when(acme: Company, demo_room: Json) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    acme.back_end.post(f"/v2/rooms/{demo_room['id']}/bans", {"identity": "bo", "until": until})
    assert mint(acme.person("bo"), demo_room).error["meta"]["retry_at"] == until


def test_of_two_bans_the_one_that_ends_last_is_told(acme: Company, demo_room: Json) -> None:
    for until in (ahead(hours=1), None):
        acme.back_end.post(f"/v2/rooms/{demo_room['id']}/bans", {"identity": "bo", "until": until})
    assert "retry_at" not in mint(acme.person("bo"), demo_room).error["meta"]


@pytest.mark.parametrize(("reason", "obstacle"), [KEPT_OUT[0].values, KEPT_OUT[4].values])
def test_where_waiting_does_not_help_no_time_is_given(
    acme: Company, demo_room: Json, reason: str, obstacle: Obstacle
) -> None:
    obstacle(acme, demo_room)
    refused = mint(acme.person("bo"), demo_room)
    assert refused.refusal == (403, reason)
    assert "retry_at" not in refused.error["meta"]


def test_a_refusal_speaks_telnyxs_dialect(acme: Company, demo_room: Json) -> None:
    error = mint(acme.person("cy"), demo_room, {"X-Request-Id": "ask-8"}).error
    assert (error["code"], error["title"]) == ("10010", "Authorization failed")
    assert error["meta"] == {"reason": "not_a_member", "request_id": "ask-8"}
    assert "moderator" in error["detail"]


def test_a_suspended_tenant_that_works_again_mints_again(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    suspend(acme, demo_room)
    refresh(acme.person("bo"), demo_room, minted["refresh_token"])
    acme.change(status="active")
    assert refresh(acme.person("bo"), demo_room, minted["refresh_token"]).status == 201
