"""Tokens that are not the caller's to use: one answer for all of them, and nothing happens to anybody's grant."""

from collections.abc import Callable
from random import randrange
from typing import Any

import pytest

from tests.asking import Asker, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import access, audited, enter, refresh, stay
from tokens.models import Grant


def cut(token: str) -> str:
    return token[:-1]


def with_another_tag(token: str) -> str:
    return token[:-1] + ("a" if token[-1] != "a" else "b")


def of_the_next_generation(token: str) -> str:
    return token[:26] + "000001" + token[32:]


def with_another_secret(token: str) -> str:
    return token[:40] + ("a" if token[40] != "a" else "b") + token[41:]


SPOILT = [
    cut,
    with_another_tag,
    of_the_next_generation,
    with_another_secret,
    lambda token: f" {token}x",
    lambda token: token.swapcase(),
    lambda token: token + token,
    lambda token: "vbr_",
    lambda token: "garbage",
    lambda token: "\u0661" * 119,
    lambda token: "vbr_" + "z" * 114,
]


@pytest.mark.parametrize("spoil", SPOILT)
def test_what_was_never_issued_is_refused_and_harms_nobody(
    acme: Company, demo_room: Json, simulator: Simulator, spoil: Callable[[str], str]
) -> None:
    minted = enter(acme.person("bo"), demo_room)
    before = Grant.objects.values().get()
    refused = refresh(acme.person("bo"), demo_room, spoil(minted["refresh_token"]))
    assert refused.refusal == (403, "invalid_refresh_token")
    assert Grant.objects.values().get() == before
    assert len(simulator.calls("create_room_client_token")) == 1
    stay(acme.person("bo"), demo_room, minted["refresh_token"])


def test_somebody_elses_is_refused_like_garbage(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    same = {"X-Request-Id": "the-same"}
    path = f"/v2/rooms/{demo_room['id']}/actions/refresh_client_token"
    stolen = acme.person("ana").post(path, {"refresh_token": minted["refresh_token"]}, **same)
    garbage = acme.person("ana").post(path, {"refresh_token": "garbage"}, **same)
    assert stolen.refusal == (403, "invalid_refresh_token")
    assert stolen.raw == garbage.raw


def test_a_thief_with_an_old_one_cannot_kill_the_grant_without_the_login(
    acme: Company, demo_room: Json
) -> None:
    tokens = [enter(acme.person("bo"), demo_room)["refresh_token"]]
    for _ in range(2):
        tokens.append(stay(acme.person("bo"), demo_room, tokens[-1])["refresh_token"])
    assert refresh(acme.person("ana"), demo_room, tokens[0]).refusal == (403, "invalid_refresh_token")
    assert audited(demo_room, "token.reused") == []
    stay(acme.person("bo"), demo_room, tokens[-1])


def test_that_of_another_room_is_refused(acme: Company, demo_room: Json) -> None:
    other = acme.new_room({"bo": "participant"})
    minted = enter(acme.person("bo"), other)
    refused = refresh(acme.person("bo"), demo_room, minted["refresh_token"])
    assert refused.refusal == (403, "invalid_refresh_token")
    stay(acme.person("bo"), other, minted["refresh_token"])


def test_a_back_ends_own_is_not_a_persons(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.back_end, demo_room)
    refused = refresh(acme.person("ana"), demo_room, minted["refresh_token"])
    assert refused.refusal == (403, "invalid_refresh_token")


def test_a_key_without_the_scope_refreshes_nothing(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.back_end, demo_room)
    reader = acme.key_with("rooms:read")
    assert refresh(reader, demo_room, minted["refresh_token"]).refusal == (403, "missing_scope")


def test_one_whose_grant_is_gone_is_refused(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    Grant.objects.all().delete()
    refused = refresh(acme.person("bo"), demo_room, minted["refresh_token"])
    assert refused.refusal == (403, "invalid_refresh_token")


class TestWithoutALogin:
    """Where the tenant lets the token alone suffice, as Telnyx does."""

    def test_it_is_not_so_by_default(self, acme: Company, demo_room: Json) -> None:
        minted = enter(acme.person("bo"), demo_room)
        assert refresh(Asker(), demo_room, minted["refresh_token"]).status == 401
        assert refresh(Asker("a.b.c"), demo_room, minted["refresh_token"]).status == 401

    def test_the_token_alone_refreshes_and_is_rotated(self, acme: Company, demo_room: Json) -> None:
        acme.change(refresh_needs_login=False)
        minted = enter(acme.person("bo"), demo_room)
        refreshed = stay(Asker(), demo_room, minted["refresh_token"])
        assert refreshed["refresh_token"] != minted["refresh_token"]
        stay(Asker(), demo_room, refreshed["refresh_token"])

    def test_a_login_that_does_not_hold_is_refused_all_the_same(self, acme: Company, demo_room: Json) -> None:
        acme.change(refresh_needs_login=False)
        minted = enter(acme.person("bo"), demo_room)
        assert refresh(Asker("a.b.c"), demo_room, minted["refresh_token"]).status == 401

    def test_somebody_elses_login_is_worse_than_none(self, acme: Company, demo_room: Json) -> None:
        acme.change(refresh_needs_login=False)
        minted = enter(acme.person("bo"), demo_room)
        refused = refresh(acme.person("ana"), demo_room, minted["refresh_token"])
        assert refused.refusal == (403, "invalid_refresh_token")

    def test_a_room_that_never_was_and_one_that_wants_a_login_look_alike(
        self, acme: Company, globex: Company, demo_room: Json
    ) -> None:
        acme.change(refresh_needs_login=False)
        globexs = globex.new_room()
        unknown = {"id": "00000000-0000-4000-8000-000000000000"}
        assert refresh(Asker(), globexs, "vbr_x").refusal == refresh(Asker(), unknown, "vbr_x").refusal
        assert refresh(Asker(), demo_room, "vbr_x").refusal == (403, "invalid_refresh_token")

    def test_refusals_are_audited_as_the_holders(self, acme: Company, demo_room: Json) -> None:
        acme.change(refresh_needs_login=False)
        minted = enter(acme.person("bo"), demo_room)
        acme.back_end.post(f"/v2/rooms/{demo_room['id']}/bans", {"identity": "bo"})
        assert refresh(Asker(), demo_room, minted["refresh_token"]).refusal == (403, "banned")
        assert audited(demo_room, "token.refresh") == [("bo", "bo", "banned")]

    def test_minting_and_asking_who_may_enter_take_a_login_always(
        self, acme: Company, demo_room: Json
    ) -> None:
        acme.change(refresh_needs_login=False)
        assert access(Asker(), demo_room).status == 401


def test_nobody_may_try_refresh_tokens_without_end_and_without_a_login(
    acme: Company, demo_room: Json, settings: Any
) -> None:
    acme.change(refresh_needs_login=False)
    settings.REQUESTS_PER_MINUTE_OF_ADDRESS = 3
    path = f"/v2/rooms/{demo_room['id']}/actions/refresh_client_token"
    address = f"10.1.{randrange(256)}.{randrange(256)}"
    settings.TRUSTED_PROXIES = 1

    tries = [
        Asker().post(path, {"refresh_token": "vbr_guess"}, X_Forwarded_For=address).status for _ in range(4)
    ]

    assert tries == [403, 403, 403, 429]
