"""What a join token comes with."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import audited, enter, grant_of, mint
from tests.tokens.passing import moment
from tokens.models import Grant


def test_a_member_gets_a_token_that_telnyx_lets_in(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    minted = enter(acme.person("bo"), demo_room)
    joined = simulator.join(minted["token"], minted["context"])
    assert joined["room_id"] == minted["telnyx_room_id"]


def test_a_moderator_gets_one_too(acme: Company, demo_room: Json, simulator: Simulator) -> None:
    minted = enter(acme.person("ana"), demo_room)
    assert simulator.join(minted["token"], minted["context"])["room_id"] == minted["telnyx_room_id"]


def test_an_answer_has_these_fields_and_no_others(acme: Company, demo_room: Json) -> None:
    assert set(enter(acme.person("bo"), demo_room)) == {
        "token", "token_expires_at", "refresh_token", "refresh_token_expires_at", "refresh_after", "grant_id",
        "telnyx_room_id", "context",
    }  # fmt: skip


def test_times_say_when_the_tokens_end(acme: Company, demo_room: Json) -> None:
    before = datetime.now(UTC)
    minted = enter(acme.person("bo"), demo_room)
    second = timedelta(seconds=1)
    assert abs(moment(minted["token_expires_at"]) - before - timedelta(seconds=120)) <= second
    assert abs(moment(minted["refresh_token_expires_at"]) - before - timedelta(seconds=3600)) <= second


def test_refreshing_is_due_at_about_three_fifths_of_the_tokens_life_and_not_for_all_at_once(
    acme: Company, demo_room: Json
) -> None:
    shares = set()
    for _ in range(5):
        before = datetime.now(UTC)
        minted = enter(acme.person("bo"), demo_room, token_ttl_secs=1000)
        shares.add((moment(minted["refresh_after"]) - before).total_seconds() / 1000)
    assert all(0.53 < share < 0.67 for share in shares)
    assert len(shares) > 1


def test_the_first_minting_makes_the_telnyx_room_under_our_name(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    minted = enter(acme.person("bo"), demo_room)
    (room,) = simulator.state()["rooms"]
    assert (room["id"], room["unique_name"]) == (minted["telnyx_room_id"], f"vb-{demo_room['id']}")


def test_each_device_has_a_grant_of_its_own(acme: Company, demo_room: Json) -> None:
    laptop = mint(acme.person("bo"), demo_room, {"User-Agent": "a laptop"}).data
    phone = mint(acme.person("bo"), demo_room, {"User-Agent": "a phone"}).data
    assert laptop["grant_id"] != phone["grant_id"]
    assert grant_of(acme.back_end, laptop)["device"] == "a laptop"
    assert grant_of(acme.back_end, phone)["device"] == "a phone"


def test_the_tokens_themselves_are_not_in_the_database(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    row = str(Grant.objects.filter(pk=minted["grant_id"]).values().get())
    assert minted["token"] not in row
    assert minted["refresh_token"] not in row
    assert minted["refresh_token"][-86:-43] not in row  # its secret, without grant and tag


@pytest.mark.parametrize("verb", ["get", "delete"])
def test_it_is_a_post_and_nothing_else(acme: Company, demo_room: Json, verb: str) -> None:
    path = f"/v2/rooms/{demo_room['id']}/actions/generate_join_client_token"
    assert getattr(acme.back_end, verb)(path).refusal == (405, "method_not_allowed")


def test_a_token_is_kept_in_no_cache(acme: Company, demo_room: Json) -> None:
    assert mint(acme.person("bo"), demo_room).headers["Cache-Control"] == "no-store"


def test_unknown_fields_are_refused_with_a_pointer(acme: Company, demo_room: Json) -> None:
    refused = mint(acme.person("bo"), demo_room, role="moderator")
    assert refused.refusal == (422, "unknown_field")
    assert refused.error["source"] == {"pointer": "/role"}


def test_a_granted_mint_is_not_audited_as_a_refusal(acme: Company, demo_room: Json) -> None:
    enter(acme.person("bo"), demo_room)
    assert audited(demo_room, "token.mint") == []
