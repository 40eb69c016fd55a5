"""How long tokens live: as asked for, within Telnyx's limits and the tenant's."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import enter, mint, refresh
from tests.tokens.passing import moment


def secs_left(text: str) -> int:
    return round((moment(text) - datetime.now(UTC)).total_seconds())


def asked_of_telnyx(simulator: Simulator, field: str) -> list[int]:
    return [call["body"][field] for call in simulator.calls("create_room_client_token")]


@pytest.mark.parametrize("secs", [10, 60, 3600])
def test_a_token_lives_as_long_as_was_asked_for(
    acme: Company, demo_room: Json, simulator: Simulator, secs: int
) -> None:
    minted = enter(acme.person("bo"), demo_room, token_ttl_secs=secs)
    assert secs_left(minted["token_expires_at"]) in {secs - 1, secs}
    assert asked_of_telnyx(simulator, "token_ttl_secs") == [secs]


@pytest.mark.parametrize(
    ("field", "secs"),
    [
        ("token_ttl_secs", 9),
        ("token_ttl_secs", 3601),
        ("token_ttl_secs", 0),
        ("token_ttl_secs", -1),
        ("refresh_token_ttl_secs", 59),
        ("refresh_token_ttl_secs", 86401),
    ],
)
def test_lives_outside_of_telnyxs_limits_are_refused(
    acme: Company, demo_room: Json, simulator: Simulator, field: str, secs: int
) -> None:
    refused = mint(acme.person("bo"), demo_room, **{field: secs})
    assert refused.refusal == (422, "out_of_range")
    assert refused.error["code"] == "10033"
    assert refused.error["source"] == {"pointer": f"/{field}"}
    assert simulator.calls("create_room_client_token") == []


@pytest.mark.parametrize("value", ["soon", 1.5, None, [60], True])
def test_a_life_that_is_no_whole_number_is_refused(acme: Company, demo_room: Json, value: object) -> None:
    assert mint(acme.person("bo"), demo_room, token_ttl_secs=value).status == 422


def test_the_tenant_caps_what_may_be_asked_for(acme: Company, demo_room: Json, simulator: Simulator) -> None:
    acme.change(client_token_max_ttl_secs=60)
    enter(acme.person("bo"), demo_room, token_ttl_secs=3600)
    enter(acme.person("bo"), demo_room)
    assert asked_of_telnyx(simulator, "token_ttl_secs") == [60, 60]


def test_the_tenant_says_how_long_a_token_lives_when_nothing_is_asked(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    acme.change(client_token_ttl_secs=30)
    enter(acme.person("bo"), demo_room)
    assert asked_of_telnyx(simulator, "token_ttl_secs") == [30]


def test_the_cap_holds_for_refreshing_too(acme: Company, demo_room: Json, simulator: Simulator) -> None:
    acme.change(client_token_max_ttl_secs=60)
    minted = enter(acme.person("bo"), demo_room)
    assert refresh(acme.person("bo"), demo_room, minted["refresh_token"], token_ttl_secs=3600).status == 201
    assert asked_of_telnyx(simulator, "token_ttl_secs") == [60, 60]


def test_a_refresh_asks_for_its_own_life(acme: Company, demo_room: Json, simulator: Simulator) -> None:
    minted = enter(acme.person("bo"), demo_room, token_ttl_secs=600)
    refresh(acme.person("bo"), demo_room, minted["refresh_token"], token_ttl_secs=20)
    assert asked_of_telnyx(simulator, "token_ttl_secs") == [600, 20]


def test_a_refresh_token_lives_as_asked_for_and_never_beyond_its_grant(
    acme: Company, demo_room: Json
) -> None:
    acme.change(grant_ttl_secs=600)
    short = enter(acme.person("bo"), demo_room, refresh_token_ttl_secs=120)
    long = enter(acme.person("bo"), demo_room, refresh_token_ttl_secs=86400)
    assert secs_left(short["refresh_token_expires_at"]) in {119, 120}
    assert secs_left(long["refresh_token_expires_at"]) in {599, 600}


def test_telnyxs_own_refresh_token_lives_as_short_as_it_may(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    enter(acme.person("bo"), demo_room, refresh_token_ttl_secs=86400)
    assert asked_of_telnyx(simulator, "refresh_token_ttl_secs") == [60]


def test_telnyxs_word_counts_for_when_a_token_ends(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    simulator.settings(clock_offset_secs=20)
    ends_at = moment(enter(acme.person("bo"), demo_room, token_ttl_secs=60)["token_expires_at"])
    assert ends_at - datetime.now(UTC) > timedelta(seconds=78)
