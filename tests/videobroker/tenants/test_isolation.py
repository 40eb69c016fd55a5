"""Every endpoint, asked by everybody: nothing of a tenant exists for another, and nobody does more than they may."""

import pytest

from tests.asking import Asker, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.videobroker.api import digests
from tests.videobroker.api.policies import RULES
from tests.videobroker.tenants.scenes import Scene, make_scene, undone
from videobroker.tenants.scopes import SCOPES


@pytest.fixture
def scene(acme: Company, globex: Company, demo_room: Json, simulator: Simulator) -> Scene:
    return make_scene(acme, globex, demo_room["id"], simulator)


def foreigners(scene: Scene) -> dict[str, Asker]:
    """Globex' back end, gus, and globex' own ana, who is not acme's."""
    globex = scene.globex
    return {"key": globex.back_end, "gus": globex.person("gus"), "ana": globex.person("ana")}


@pytest.mark.parametrize("who", ["key", "gus", "ana"])
def test_what_belongs_to_another_tenant_is_answered_like_what_never_was(scene: Scene, who: str) -> None:
    foreigner, unknown_ids = foreigners(scene)[who], scene.unknown_ids()
    for rule in filter(lambda rule: rule.names_something, RULES):
        real, unknown = scene.ask(foreigner, rule), scene.ask(foreigner, rule, unknown_ids)
        assert (real.status, real.raw) == (unknown.status, unknown.raw), rule
        assert real.status == (rule.foreign if who == "key" or rule.for_people else 403), rule


@pytest.mark.parametrize("who", ["key", "gus", "ana"])
def test_no_answer_to_another_tenant_shows_anything_of_ones_own(scene: Scene, who: str) -> None:
    foreigner = foreigners(scene)[who]
    for rule in RULES:
        with undone():
            answer = scene.ask(foreigner, rule)
        shown = [name for name, value in scene.ids.items() if value.encode() in answer.raw]
        assert shown == [], rule


def keys_without(scene: Scene) -> dict[str, Asker]:
    """For each scope a key that has all others."""
    scopes = {str(rule.scope) for rule in RULES}
    return {scope: scene.acme.key_with(*sorted(set(SCOPES) - {scope})) for scope in scopes}


def test_the_refused_change_nothing_here_and_ask_telnyx_nothing(scene: Scene, simulator: Simulator) -> None:
    narrow = keys_without(scene)
    before, asked_before = digests.database(), len(simulator.calls())
    for rule in RULES:
        refused = [Asker(), Asker("garbage"), narrow[str(rule.scope)]]
        strangers = [*foreigners(scene).values()] if rule.names_something else []
        for asker in [*refused, *strangers]:
            assert scene.ask(asker, rule).status in {401, 403, rule.foreign}, rule
    assert digests.database() == before
    assert len(simulator.calls()) == asked_before


def test_without_a_credential_that_holds_nobody_gets_anywhere(scene: Scene) -> None:
    key = scene.acme.api_key
    miscopied = key[:-1] + ("0" if key[-1] != "0" else "1")
    forged = scene.acme.login_token("ana")[:-4] + "AAAA"
    for bearer in (None, "", "garbage", miscopied, forged):
        for rule in RULES:
            answer = scene.ask(Asker(bearer), rule)
            assert answer.status == 401, (bearer, rule)
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="videobroker"'


def test_a_key_without_the_scope_is_refused_everywhere(scene: Scene) -> None:
    narrow = keys_without(scene)
    assert {str(rule): scene.ask(narrow[str(rule.scope)], rule).refusal for rule in RULES} == {
        str(rule): (403, "missing_scope") for rule in RULES
    }


def test_a_key_with_just_the_scope_succeeds_everywhere(scene: Scene) -> None:
    keys = {scope: scene.acme.key_with(scope) for scope in {str(rule.scope) for rule in RULES}}
    answered = {}
    for rule in RULES:
        with undone():
            answered[str(rule)] = scene.ask(keys[str(rule.scope)], rule).status
    assert answered == {str(rule): rule.back_end for rule in RULES}


@pytest.mark.parametrize(("place", "identity"), [(0, "ana"), (1, "bo"), (2, "cy")])
def test_people_get_what_their_role_in_the_room_allows(scene: Scene, place: int, identity: str) -> None:
    person, answered = scene.acme.person(identity), {}
    for rule in RULES:
        with undone():
            answered[str(rule)] = scene.ask(person, rule).status
    assert answered == {str(rule): rule.people[place] for rule in RULES}


def test_a_suspended_tenant_sees_what_it_has_and_changes_nothing(scene: Scene) -> None:
    scene.acme.change(status="suspended")
    for rule in RULES:
        with undone():
            answer = scene.ask(scene.acme.back_end, rule)
        if rule.method == "GET":
            assert answer.status == rule.back_end, rule
        else:
            assert answer.refusal == (403, "tenant_suspended"), rule


def test_a_suspension_is_lifted_with_the_next_request(scene: Scene) -> None:
    path = f"/v2/rooms/{scene.ids['room_id']}/actions/generate_join_client_token"
    scene.acme.change(status="suspended")
    assert scene.acme.person("bo").post(path).refusal == (403, "tenant_suspended")
    scene.acme.change(status="active")
    assert scene.acme.person("bo").post(path).status == 201


def test_another_rooms_member_is_not_found_through_ones_own_room(scene: Scene) -> None:
    through_own = f"/v2/rooms/{scene.globex_room_id}/members/{scene.ids['member_id']}"
    for method in ("GET", "PATCH", "DELETE"):
        assert scene.globex.back_end.ask(method, through_own, {}).status == 404


def test_a_refresh_token_is_of_no_use_in_another_room(scene: Scene) -> None:
    path = f"/v2/rooms/{scene.globex_room_id}/actions/refresh_client_token"
    stolen = {"refresh_token": scene.ids["refresh_token"]}
    assert scene.globex.person("gus").post(path, stolen).refusal == (403, "invalid_refresh_token")
    assert scene.globex.back_end.post(path, stolen).refusal == (403, "invalid_refresh_token")


def test_lists_filtered_by_anothers_ids_are_empty(scene: Scene) -> None:
    room_id = scene.ids["room_id"]
    for path in ("/v2/bans", "/v2/operations", "/v2/grants"):
        assert scene.globex.back_end.get(path, {"filter[room_id]": room_id}).data == []


def test_names_may_repeat_from_tenant_to_tenant(scene: Scene) -> None:
    assert scene.globex.back_end.post("/v2/rooms", {"unique_name": "demo"}).status == 201
    assert scene.acme.back_end.post("/v2/rooms", {"unique_name": "demo"}).refusal == (422, "duplicate")


def test_a_grant_cannot_be_revoked_from_another_tenant(scene: Scene) -> None:
    path = f"/v2/rooms/{scene.globex_room_id}/actions/revoke_client_token"
    answer = scene.globex.back_end.post(path, {"grant_id": scene.ids["grant_id"]})
    assert answer.data == {"result": "ok", "revoked": 0}
    assert scene.acme.back_end.get(f"/v2/grants/{scene.ids['grant_id']}").data["state"] == "open"
