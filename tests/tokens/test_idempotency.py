"""An Idempotency-Key makes a mint safe to repeat."""

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import mint
from tokens.models import Grant
from videobroker.api.models import IdempotencyRecord

KEY = {"Idempotency-Key": "join-1"}


def test_the_same_request_gets_the_same_grant_and_tokens(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    first = mint(acme.person("bo"), demo_room, KEY)
    again = mint(acme.person("bo"), demo_room, KEY)
    assert again.raw == first.raw
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(simulator.calls("create_room_client_token")) == 1


def test_another_request_under_the_same_key_is_refused(acme: Company, demo_room: Json) -> None:
    mint(acme.person("bo"), demo_room, KEY)
    assert mint(acme.person("bo"), demo_room, KEY, token_ttl_secs=60).refusal == (
        422,
        "idempotency_key_reused",
    )


def test_everybodys_keys_are_their_own(acme: Company, demo_room: Json) -> None:
    bos = mint(acme.person("bo"), demo_room, KEY)
    anas = mint(acme.person("ana"), demo_room, KEY)
    assert bos.data["grant_id"] != anas.data["grant_id"]


def test_the_tokens_kept_for_it_are_not_in_the_clear(acme: Company, demo_room: Json) -> None:
    minted = mint(acme.person("bo"), demo_room, KEY).data
    row = str(IdempotencyRecord.objects.values().get())
    assert minted["token"] not in row
    assert minted["refresh_token"] not in row


@pytest.mark.django_db(transaction=True)
def test_a_mint_that_failed_may_be_tried_again_under_its_key(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    simulator.fault("status", "create_room_client_token", status=503, times=2)
    assert mint(acme.person("bo"), demo_room, KEY).refusal == (503, "upstream_unavailable")
    assert mint(acme.person("bo"), demo_room, KEY).status == 201
    assert Grant.objects.count() == 1
