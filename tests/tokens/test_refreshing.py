"""Refreshing: a new token for an old one, as long as its person may be in."""

from datetime import UTC, datetime

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import enter, grant_of, refresh, stay
from tests.tokens.passing import Time, moment
from tokens import contexts


def test_it_gives_a_token_that_telnyx_lets_in(acme: Company, demo_room: Json, simulator: Simulator) -> None:
    minted = enter(acme.person("bo"), demo_room)
    refreshed = stay(acme.person("bo"), demo_room, minted["refresh_token"])
    assert refreshed["token"] != minted["token"]
    assert simulator.join(refreshed["token"], refreshed["context"])["room_id"] == minted["telnyx_room_id"]


def test_who_is_present_is_renewed_with_it(acme: Company, demo_room: Json, simulator: Simulator) -> None:
    minted = enter(acme.person("bo"), demo_room, token_ttl_secs=60)
    joined = simulator.join(minted["token"], minted["context"])
    refreshed = stay(acme.person("bo"), demo_room, minted["refresh_token"])
    simulator.renew(joined["participant_id"], refreshed["token"])
    shown = simulator.participant(joined["participant_id"])
    assert moment(shown["token_expires_at"]) == moment(refreshed["token_expires_at"])


def test_an_answer_has_the_fields_of_a_mint(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    assert set(stay(acme.person("bo"), demo_room, minted["refresh_token"])) == set(minted)


def test_it_stays_one_grant(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    refreshed = stay(acme.person("bo"), demo_room, minted["refresh_token"])
    assert refreshed["grant_id"] == minted["grant_id"]
    grant = grant_of(acme.back_end, minted)
    assert grant["state"] == "open"
    assert moment(grant["last_refreshed_at"]) <= datetime.now(UTC)


def test_each_refresh_gives_a_new_refresh_token_that_works(acme: Company, demo_room: Json) -> None:
    tokens = [enter(acme.person("bo"), demo_room)["refresh_token"]]
    for _ in range(5):
        tokens.append(stay(acme.person("bo"), demo_room, tokens[-1])["refresh_token"])
    assert len(set(tokens)) == 6


def test_a_back_ends_token_is_not_rotated(acme: Company, demo_room: Json) -> None:
    token = enter(acme.back_end, demo_room, identity="bo")["refresh_token"]
    for _ in range(3):
        assert stay(acme.back_end, demo_room, token)["refresh_token"] == token


def test_a_back_end_may_refresh_for_a_person_without_taking_their_token_away(
    acme: Company, demo_room: Json
) -> None:
    token = enter(acme.person("bo"), demo_room)["refresh_token"]
    assert stay(acme.back_end, demo_room, token)["refresh_token"] == token
    stay(acme.person("bo"), demo_room, token)


def test_a_person_may_take_over_what_a_back_end_minted_for_them(acme: Company, demo_room: Json) -> None:
    token = enter(acme.back_end, demo_room, identity="bo")["refresh_token"]
    assert stay(acme.person("bo"), demo_room, token)["refresh_token"] != token


def test_a_changed_role_shows_in_the_next_context(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    path = f"/v2/rooms/{demo_room['id']}/members"
    (member,) = acme.back_end.get(path, {"filter[identity]": "bo"}).data
    acme.back_end.patch(f"{path}/{member['id']}", {"role": "moderator"})
    refreshed = stay(acme.person("bo"), demo_room, minted["refresh_token"])
    assert contexts.statement_in(refreshed["context"]).role == "moderator"


class TestTheEndOfAGrant:
    """A grant that lies unused, or has lasted long enough, is over."""

    def test_one_unused_for_too_long_is_over(self, acme: Company, demo_room: Json, time: Time) -> None:
        minted = enter(acme.person("bo"), demo_room, refresh_token_ttl_secs=600)
        time.passes_until(moment(minted["refresh_token_expires_at"]))
        refused = refresh(acme.person("bo"), demo_room, minted["refresh_token"])
        assert refused.refusal == (403, "grant_expired")
        assert grant_of(acme.back_end, minted)["state"] == "expired"

    def test_each_refresh_puts_that_off(self, acme: Company, demo_room: Json, time: Time) -> None:
        minted = enter(acme.person("bo"), demo_room, refresh_token_ttl_secs=600)
        for _ in range(3):
            time.passes(500)
            minted = stay(acme.person("bo"), demo_room, minted["refresh_token"])
        assert 599 <= (moment(minted["refresh_token_expires_at"]) - datetime.now(UTC)).total_seconds() <= 600

    def test_but_not_beyond_the_end_of_the_grant(self, acme: Company, demo_room: Json, time: Time) -> None:
        acme.change(grant_ttl_secs=1000)
        minted = enter(acme.person("bo"), demo_room, refresh_token_ttl_secs=600)
        expires_at = moment(grant_of(acme.back_end, minted)["expires_at"])
        time.passes(500)
        minted = stay(acme.person("bo"), demo_room, minted["refresh_token"])
        assert moment(minted["refresh_token_expires_at"]) == expires_at
        time.passes_until(expires_at)
        refused = refresh(acme.person("bo"), demo_room, minted["refresh_token"])
        assert refused.refusal == (403, "grant_expired")

    def test_a_new_token_may_be_minted_after_it(self, acme: Company, demo_room: Json, time: Time) -> None:
        minted = enter(acme.person("bo"), demo_room)
        time.passes_until(moment(minted["refresh_token_expires_at"]))
        assert enter(acme.person("bo"), demo_room)["grant_id"] != minted["grant_id"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/refresh_token"),
        ({"refresh_token": None}, "/refresh_token"),
        ({"refresh_token": ""}, "/refresh_token"),
        ({"refresh_token": ["vbr_x"]}, "/refresh_token"),
        ({"refresh_token": "x" * 4097}, "/refresh_token"),
        ({"refresh_token": "vbr_x", "token_ttl_secs": 9}, "/token_ttl_secs"),
        ({"refresh_token": "vbr_x", "identity": "bo"}, "/identity"),
    ],
)
def test_a_body_that_is_no_refresh_is_refused_with_a_pointer(
    acme: Company, demo_room: Json, body: Json, pointer: str
) -> None:
    refused = acme.person("bo").post(f"/v2/rooms/{demo_room['id']}/actions/refresh_client_token", body)
    assert refused.status == 422
    assert refused.error["source"] == {"pointer": pointer}
