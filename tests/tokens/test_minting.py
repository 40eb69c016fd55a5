"""Asking for a join token."""

from tests.asking import Json
from tests.cast import Company
from tests.simulated import Simulator


def mint_path(room: Json) -> str:
    return f"/v2/rooms/{room['id']}/actions/generate_join_client_token"


def test_a_member_gets_a_token_that_telnyx_lets_in(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    minted = acme.person("bo").post(mint_path(demo_room))
    assert minted.status == 201
    joined = simulator.join(minted.data["token"], minted.data["context"])
    assert joined["room_id"] == minted.data["telnyx_room_id"]


def test_a_stranger_of_the_tenant_is_told_that_he_is_no_member(acme: Company, demo_room: Json) -> None:
    assert acme.person("cy").post(mint_path(demo_room)).refusal == (403, "not_a_member")
