"""For whom a token is: people for themselves, back ends for a member or for their own key."""

import pytest
from django.test import Client

from tests.asking import Asker, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import access, audited, enter, grant_of, mint
from tokens import contexts
from tokens.models import Grant
from videobroker.tenants.models import User


def said_by(minted: Json) -> contexts.Statement:
    """What the context of a minted token says."""
    return contexts.statement_in(minted["context"])


def test_a_back_end_mints_for_a_member(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.back_end, demo_room, identity="bo")
    said = said_by(minted)
    assert (said.identity, said.role) == ("bo", "participant")
    assert grant_of(acme.back_end, minted)["identity"] == "bo"


def test_a_moderators_token_says_so(acme: Company, demo_room: Json) -> None:
    assert said_by(enter(acme.back_end, demo_room, identity="ana")).role == "moderator"


def test_a_back_end_cannot_mint_for_a_stranger(acme: Company, demo_room: Json) -> None:
    assert mint(acme.back_end, demo_room, identity="cy").refusal == (403, "not_a_member")
    (entry,) = audited(demo_room, "token.mint")
    assert entry[1:] == ("cy", "not_a_member")


def test_a_back_end_without_an_identity_gets_a_grant_of_its_own(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    minted = enter(acme.back_end, demo_room)
    assert said_by(minted).identity is None
    assert grant_of(acme.back_end, minted)["identity"] is None
    assert simulator.join(minted["token"], minted["context"])["room_id"] == minted["telnyx_room_id"]


def test_a_person_may_name_themselves_but_nobody_else(acme: Company, demo_room: Json) -> None:
    assert mint(acme.person("bo"), demo_room, identity="bo").status == 201
    assert mint(acme.person("bo"), demo_room, identity="ana").refusal == (403, "not_yourself")
    assert mint(acme.person("ana"), demo_room, identity="bo").refusal == (403, "not_yourself")


def test_a_key_without_the_scope_mints_nothing(acme: Company, demo_room: Json) -> None:
    reader = acme.key_with("rooms:read", "rooms:write")
    assert mint(reader, demo_room, identity="bo").refusal == (403, "missing_scope")
    assert Grant.objects.count() == 0


def test_the_scope_to_mint_suffices(acme: Company, demo_room: Json) -> None:
    assert mint(acme.key_with("tokens:mint"), demo_room, identity="bo").status == 201


def test_without_a_login_there_is_no_token(acme: Company, demo_room: Json) -> None:
    refused = mint(Asker(), demo_room)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_everybody_of_the_tenant_may_enter_a_room_that_says_so(acme: Company) -> None:
    lobby = acme.new_room(access="tenant")
    minted = enter(acme.person("cy"), lobby)
    assert (said_by(minted).identity, said_by(minted).role) == ("cy", "participant")


@pytest.mark.parametrize("identity", ["", " bo", "b\u200bo", "x" * 256, "e\u0301", None])
def test_an_identity_nobody_can_have_is_refused(acme: Company, demo_room: Json, identity: object) -> None:
    refused = mint(acme.back_end, demo_room, identity=identity)
    assert refused.status == 422
    assert refused.error["source"] == {"pointer": "/identity"}


class TestASessionCookie:
    """Somebody of a site that runs on this Django."""

    def signed_in(self, acme: Company, **user: str) -> Client:
        client = Client(enforce_csrf_checks=True)
        client.force_login(
            User.objects.create(username="bo@acme", tenant=acme.row, identity="bo", **user),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        client.cookies["csrftoken"] = "a" * 32
        return client

    def test_mints_for_its_person(self, acme: Company, demo_room: Json) -> None:
        answer = self.signed_in(acme).post(
            f"/v2/rooms/{demo_room['id']}/actions/generate_join_client_token",
            content_type="application/json", headers={"X-CSRFToken": "a" * 32},
        )  # fmt: skip
        assert answer.status_code == 201
        assert said_by(answer.json()["data"]).identity == "bo"

    def test_mints_nothing_for_a_page_of_somebody_else(self, acme: Company, demo_room: Json) -> None:
        answer = self.signed_in(acme).post(
            f"/v2/rooms/{demo_room['id']}/actions/generate_join_client_token", content_type="application/json"
        )
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["meta"]["reason"] == "csrf_failed"
        assert Grant.objects.count() == 0

    def test_mints_under_a_name_of_any_length(self, acme: Company, demo_room: Json) -> None:
        answer = self.signed_in(acme, first_name="B" * 150, last_name="O" * 150).post(
            f"/v2/rooms/{demo_room['id']}/actions/generate_join_client_token",
            content_type="application/json", headers={"X-CSRFToken": "a" * 32},
        )  # fmt: skip
        assert answer.status_code == 201
        assert said_by(answer.json()["data"]).display_name == "B" * 100


def test_who_is_admitted_is_the_same_for_minting_and_explaining(acme: Company, demo_room: Json) -> None:
    for identity, reason in [("ana", "admitted"), ("bo", "admitted"), ("cy", "not_a_member")]:
        explained = access(acme.back_end, demo_room, identity).data
        assert explained["reason"] == reason
        assert explained["admitted"] == (mint(acme.back_end, demo_room, identity=identity).status == 201)
