"""The two ways of renewing at Telnyx: minting anew, or with Telnyx's own refresh token, which stays with us."""

import json
import logging
from typing import Any

import pytest

from rooms.models import Room
from tests.asking import Answer, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import enter, refresh, revoke, stay
from tests.tokens.passing import Time
from tokens.models import Grant
from videobroker.tenants.models import RefreshStrategy

MINT, REFRESH = "create_room_client_token", "refresh_room_client_token"


@pytest.fixture
def upstream(acme: Company) -> Company:
    """Acme, with Telnyx's refresh tokens kept and used."""
    acme.change(refresh_strategy=RefreshStrategy.UPSTREAM)
    return acme


def calls(simulator: Simulator) -> list[str]:
    """The calls for tokens, in their order."""
    return [call["operation"] for call in simulator.calls() if call["operation"] in {MINT, REFRESH}]


def test_by_default_each_refresh_mints_anew_and_nothing_is_kept(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    minted = enter(acme.person("bo"), demo_room)
    stay(acme.person("bo"), demo_room, minted["refresh_token"])
    assert calls(simulator) == [MINT, MINT]
    assert Grant.objects.get().sealed_upstream_refresh_token == ""


def test_kept_telnyxs_refresh_token_renews(upstream: Company, demo_room: Json, simulator: Simulator) -> None:
    minted = enter(upstream.person("bo"), demo_room)
    refreshed = stay(upstream.person("bo"), demo_room, minted["refresh_token"])
    again = stay(upstream.person("bo"), demo_room, refreshed["refresh_token"])
    assert calls(simulator) == [MINT, REFRESH, REFRESH]
    assert simulator.join(again["token"], again["context"])["room_id"] == minted["telnyx_room_id"]


def test_it_is_asked_for_as_long_as_the_grant_lasts(
    upstream: Company, demo_room: Json, simulator: Simulator
) -> None:
    upstream.change(grant_ttl_secs=7200)
    enter(upstream.person("bo"), demo_room)
    (call,) = simulator.calls(MINT)
    assert call["body"]["refresh_token_ttl_secs"] in {7199, 7200}


def test_it_is_sealed_in_the_row(upstream: Company, demo_room: Json) -> None:
    enter(upstream.person("bo"), demo_room)
    grant = Grant.objects.get()
    kept = grant.upstream_refresh_token
    assert kept is not None
    assert kept.reveal().count(".") == 2
    assert kept.reveal() not in str(Grant.objects.values().get())


def test_nobody_outside_ever_sees_it(
    upstream: Company, demo_room: Json, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    minted = enter(upstream.person("bo"), demo_room)
    kept = Grant.objects.get().upstream_refresh_token
    refreshed = refresh(upstream.person("bo"), demo_room, minted["refresh_token"])
    shown = [refreshed, upstream.back_end.get("/v2/grants"), upstream.back_end.get("/v2/operations")]
    assert kept is not None
    said = json.dumps([minted, *[answer.body for answer in shown]]) + caplog.text
    assert kept.reveal() not in said
    assert kept.reveal().split(".")[2] not in said


def test_it_is_wiped_when_the_grant_is_revoked(upstream: Company, demo_room: Json) -> None:
    minted = enter(upstream.person("bo"), demo_room)
    revoke(upstream.person("bo"), demo_room, refresh_token=minted["refresh_token"])
    assert Grant.objects.get().sealed_upstream_refresh_token == ""


@pytest.mark.parametrize("status", [401, 403, 404, 422, 429, 500])
def test_when_telnyx_refuses_it_a_new_token_is_minted(
    upstream: Company, demo_room: Json, simulator: Simulator, status: int
) -> None:
    minted = enter(upstream.person("bo"), demo_room)
    simulator.fault("status", REFRESH, status=status)
    refreshed = stay(upstream.person("bo"), demo_room, minted["refresh_token"])
    assert calls(simulator) == [MINT, REFRESH, MINT]
    assert simulator.join(refreshed["token"], refreshed["context"])


def test_what_came_with_the_minting_is_kept_from_then_on(
    upstream: Company, demo_room: Json, simulator: Simulator
) -> None:
    minted = enter(upstream.person("bo"), demo_room)
    simulator.fault("status", REFRESH, status=401, times=1)
    refreshed = stay(upstream.person("bo"), demo_room, minted["refresh_token"])
    stay(upstream.person("bo"), demo_room, refreshed["refresh_token"])
    assert calls(simulator) == [MINT, REFRESH, MINT, REFRESH]


def test_one_that_is_over_is_not_even_tried(
    upstream: Company, demo_room: Json, simulator: Simulator, time: Time
) -> None:
    upstream.change(grant_ttl_secs=604_800, refresh_token_ttl_secs=86400)
    minted = enter(upstream.person("bo"), demo_room, refresh_token_ttl_secs=86400)
    time.passes(50_000)
    minted = stay(upstream.person("bo"), demo_room, minted["refresh_token"])
    time.passes(40_000)
    stay(upstream.person("bo"), demo_room, minted["refresh_token"])
    assert calls(simulator) == [MINT, REFRESH, MINT]


def test_one_of_a_telnyx_room_that_was_replaced_is_not_used(
    upstream: Company, demo_room: Json, simulator: Simulator
) -> None:
    minted = enter(upstream.person("bo"), demo_room)
    simulator.api("DELETE", f"/rooms/{minted['telnyx_room_id']}", key=upstream.telnyx_key)
    ana = enter(upstream.person("ana"), demo_room)
    refreshed = stay(upstream.person("bo"), demo_room, minted["refresh_token"])
    assert refreshed["telnyx_room_id"] == ana["telnyx_room_id"] != minted["telnyx_room_id"]
    assert REFRESH not in calls(simulator)


@pytest.mark.parametrize("strategy", RefreshStrategy.values)
def test_a_telnyx_room_that_vanished_is_made_anew_within_the_refresh(
    acme: Company, demo_room: Json, simulator: Simulator, strategy: str
) -> None:
    acme.change(refresh_strategy=strategy)
    minted = enter(acme.person("bo"), demo_room)
    simulator.api("DELETE", f"/rooms/{minted['telnyx_room_id']}", key=acme.telnyx_key)
    refreshed = stay(acme.person("bo"), demo_room, minted["refresh_token"])
    assert refreshed["telnyx_room_id"] != minted["telnyx_room_id"]
    assert simulator.join(refreshed["token"])["room_id"] == refreshed["telnyx_room_id"]
    assert str(Room.objects.get(pk=demo_room["id"]).telnyx_id) == refreshed["telnyx_room_id"]


@pytest.mark.parametrize("changed_to", RefreshStrategy.values)
def test_a_tenant_may_change_its_strategy_at_any_time(
    acme: Company, demo_room: Json, simulator: Simulator, changed_to: str
) -> None:
    other = {
        RefreshStrategy.REMINT: RefreshStrategy.UPSTREAM,
        RefreshStrategy.UPSTREAM: RefreshStrategy.REMINT,
    }
    acme.change(refresh_strategy=other[RefreshStrategy(changed_to)])
    minted = enter(acme.person("bo"), demo_room)
    acme.change(refresh_strategy=changed_to)
    refreshed: Any = minted
    for _ in range(2):
        refreshed = stay(acme.person("bo"), demo_room, refreshed["refresh_token"])
    assert calls(simulator)[1] == MINT
    assert calls(simulator)[2] == (REFRESH if changed_to == RefreshStrategy.UPSTREAM else MINT)


def test_who_is_banned_is_not_refreshed_upstream(
    upstream: Company, demo_room: Json, simulator: Simulator
) -> None:
    minted = enter(upstream.person("bo"), demo_room)
    upstream.back_end.post(f"/v2/rooms/{demo_room['id']}/bans", {"identity": "bo"})
    refused: Answer = refresh(upstream.person("bo"), demo_room, minted["refresh_token"])
    assert refused.refusal == (403, "banned")
    assert REFRESH not in calls(simulator)
