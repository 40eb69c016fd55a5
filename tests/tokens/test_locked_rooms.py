"""A locked room lets nobody in who is not in, and puts nobody out who is."""

from tests.asking import Json
from tests.cast import Company
from tests.tokens.doors import access, enter, mint, refresh, stay
from tests.tokens.passing import Time


def lock(acme: Company, room: Json, locked: bool = True) -> None:
    assert acme.person("ana").patch(f"/v2/rooms/{room['id']}", {"locked": locked}).status == 200


def test_nobody_new_may_enter(acme: Company, demo_room: Json) -> None:
    lock(acme, demo_room)
    assert mint(acme.person("bo"), demo_room).refusal == (403, "locked")
    assert mint(acme.person("ana"), demo_room).refusal == (403, "locked")
    assert access(acme.person("bo"), demo_room).data["reason"] == "locked"


def test_those_who_are_in_stay_in(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    lock(acme, demo_room)
    refreshed = stay(acme.person("bo"), demo_room, minted["refresh_token"])
    stay(acme.person("bo"), demo_room, refreshed["refresh_token"])


def test_who_was_away_until_the_seat_fell_free_is_not_in_any_more(
    acme: Company, demo_room: Json, time: Time
) -> None:
    minted = enter(acme.person("bo"), demo_room, token_ttl_secs=60)
    lock(acme, demo_room)
    time.passes(91)
    assert refresh(acme.person("bo"), demo_room, minted["refresh_token"]).refusal == (403, "locked")
    lock(acme, demo_room, locked=False)
    stay(acme.person("bo"), demo_room, minted["refresh_token"])


def test_an_unlocked_room_lets_in_again(acme: Company, demo_room: Json) -> None:
    lock(acme, demo_room)
    lock(acme, demo_room, locked=False)
    enter(acme.person("bo"), demo_room)
