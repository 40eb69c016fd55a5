"""A refresh that Telnyx keeps waiting is overtaken by its own retry; that is no theft."""

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import audited, enter, grant_of, refresh, stay
from tests.tokens.passing import Time
from tests.tokens.together import under_way

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_retry_that_overtook_it_once_leaves_it_the_same_successor(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    first = enter(acme.person("bo"), demo_room)["refresh_token"]
    hold = simulator.fault("hold", "create_room_client_token", times=1)
    with under_way(lambda: refresh(acme.person("bo"), demo_room, first)) as slow:
        simulator.await_held(hold)
        second = stay(acme.person("bo"), demo_room, first)["refresh_token"]
        simulator.release(hold)
    assert slow.result().data["refresh_token"] == second


def test_one_that_was_overtaken_twice_is_told_so_and_the_grant_lives_on(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    minted = enter(acme.person("bo"), demo_room)
    hold = simulator.fault("hold", "create_room_client_token", times=1)
    with under_way(lambda: refresh(acme.person("bo"), demo_room, minted["refresh_token"])) as slow:
        simulator.await_held(hold)
        second = stay(acme.person("bo"), demo_room, minted["refresh_token"])["refresh_token"]
        third = stay(acme.person("bo"), demo_room, second)["refresh_token"]
        simulator.release(hold)
    assert slow.result().refusal == (409, "refresh_superseded")
    assert audited(demo_room, "token.reused") == []
    assert grant_of(acme.back_end, minted)["state"] == "open"
    stay(acme.person("bo"), demo_room, third)


def test_the_grace_may_end_while_telnyx_is_asked(
    acme: Company, demo_room: Json, simulator: Simulator, time: Time
) -> None:
    first = enter(acme.person("bo"), demo_room)["refresh_token"]
    second = stay(acme.person("bo"), demo_room, first)["refresh_token"]
    time.passes(28)
    hold = simulator.fault("hold", "create_room_client_token", times=1)
    with under_way(lambda: refresh(acme.person("bo"), demo_room, first)) as slow:
        simulator.await_held(hold)
        time.passes(3)
        simulator.release(hold)
    assert slow.result().data["refresh_token"] == second


def test_shown_again_after_all_that_it_is_theft_as_ever(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    first = enter(acme.person("bo"), demo_room)["refresh_token"]
    hold = simulator.fault("hold", "create_room_client_token", times=1)
    with under_way(lambda: refresh(acme.person("bo"), demo_room, first)) as slow:
        simulator.await_held(hold)
        second = stay(acme.person("bo"), demo_room, first)["refresh_token"]
        stay(acme.person("bo"), demo_room, second)
        simulator.release(hold)
    assert slow.result().status == 409
    assert refresh(acme.person("bo"), demo_room, first).refusal == (403, "token_reused")
