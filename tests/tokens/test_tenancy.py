"""What belongs to another tenant does not exist."""

import uuid
from typing import Any

import pytest

from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import enter, stay
from tokens.models import Grant
from videobroker.tenants.models import AuditEntry

POSTS = {
    "generate_join_client_token": {},
    "refresh_client_token": {"refresh_token": "vbr_x"},
    "revoke_client_token": {"identity": "bo"},
}
SAME_REQUEST = {"X-Request-Id": "the-same"}


def asked(asker: Asker, room_id: str, action: str, body: Any) -> Answer:
    if action == "access":
        return asker.get(f"/v2/rooms/{room_id}/access", **SAME_REQUEST)
    return asker.post(f"/v2/rooms/{room_id}/actions/{action}", body, **SAME_REQUEST)


@pytest.mark.parametrize("action", [*POSTS, "access"])
def test_a_room_of_acmes_looks_to_globex_like_one_that_never_was(
    acme: Company, globex: Company, demo_room: Json, simulator: Simulator, action: str
) -> None:
    for gus in (globex.person("gus"), globex.back_end):
        foreign = asked(gus, demo_room["id"], action, POSTS.get(action))
        unknown = asked(gus, str(uuid.uuid4()), action, POSTS.get(action))
        assert foreign.refusal == (404, "not_found")
        assert foreign.raw == unknown.raw
    assert simulator.calls("create_room_client_token") == []
    assert AuditEntry.objects.filter(action__startswith="token.").count() == 0


def test_so_does_a_deleted_room(acme: Company, demo_room: Json) -> None:
    acme.back_end.delete(f"/v2/rooms/{demo_room['id']}")
    deleted = asked(acme.person("bo"), demo_room["id"], "generate_join_client_token", {})
    unknown = asked(acme.person("bo"), str(uuid.uuid4()), "generate_join_client_token", {})
    assert deleted.status == 404
    assert deleted.raw == unknown.raw


def test_and_acmes_grants(acme: Company, globex: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    foreign = globex.back_end.get(f"/v2/grants/{minted['grant_id']}", **SAME_REQUEST)
    unknown = globex.back_end.get(f"/v2/grants/{uuid.uuid4()}", **SAME_REQUEST)
    assert foreign.status == 404
    assert foreign.raw == unknown.raw
    assert globex.back_end.get("/v2/grants").data == []


def test_gus_gets_nowhere_with_acmes_token_and_does_no_harm_with_it(
    acme: Company, globex: Company, demo_room: Json
) -> None:
    minted = enter(acme.person("bo"), demo_room)
    room = globex.new_room({"gus": "participant"})
    body = {"refresh_token": minted["refresh_token"]}
    for gus in (globex.person("gus"), globex.back_end):
        assert asked(gus, room["id"], "refresh_client_token", body).refusal == (403, "invalid_refresh_token")
        assert asked(gus, room["id"], "revoke_client_token", body).data == {"result": "ok", "revoked": 0}
    stay(acme.person("bo"), demo_room, minted["refresh_token"])


def test_one_name_in_two_tenants_is_two_persons(acme: Company, globex: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    assert globex.person("bo").get(f"/v2/grants/{minted['grant_id']}").status == 404


def test_tokens_of_two_tenants_are_made_with_two_accounts(
    acme: Company, globex: Company, demo_room: Json, simulator: Simulator
) -> None:
    enter(acme.person("bo"), demo_room)
    enter(globex.person("gus"), globex.new_room({"gus": "participant"}))
    calls = simulator.calls("create_room_client_token")
    assert len({call["account_id"] for call in calls}) == 2
    assert Grant.objects.values("tenant").distinct().count() == 2
