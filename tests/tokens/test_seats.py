"""A room has as many seats as participants may be in it; a grant holds one while its token lasts."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.tokens.doors import access, enter, mint, refresh, revoke, stay
from tests.tokens.passing import Time, moment


@pytest.fixture
def pair(acme: Company) -> Json:
    """A room for two."""
    return acme.new_room({"ana": "moderator", "bo": "participant", "cy": "participant"}, max_participants=2)


def fill(acme: Company, room: Json) -> list[Json]:
    return [enter(acme.person(identity), room) for identity in ("ana", "bo")]


def test_when_all_are_taken_nobody_may_enter(acme: Company, pair: Json) -> None:
    fill(acme, pair)
    refused = mint(acme.person("cy"), pair)
    assert refused.refusal == (403, "room_full")
    assert "2 seats" in refused.error["detail"]
    assert access(acme.person("cy"), pair).data["reason"] == "room_full"


def test_it_is_told_when_the_next_falls_free(acme: Company, pair: Json) -> None:
    enter(acme.person("ana"), pair, token_ttl_secs=600)
    first = enter(acme.person("bo"), pair, token_ttl_secs=60)
    retry_at = moment(mint(acme.person("cy"), pair).error["meta"]["retry_at"])
    assert retry_at == moment(first["token_expires_at"]) + timedelta(seconds=30)


def test_where_there_are_fewer_seats_than_before_it_is_told_when_one_is_really_free(
    acme: Company,
) -> None:
    trio = acme.new_room({"ana": "moderator", "bo": "participant"}, max_participants=3)
    ends = [
        moment(enter(acme.back_end, trio, token_ttl_secs=secs)["token_expires_at"]) for secs in (60, 120, 180)
    ]
    acme.back_end.patch(f"/v2/rooms/{trio['id']}", {"max_participants": 2})
    retry_at = moment(mint(acme.person("bo"), trio).error["meta"]["retry_at"])
    assert retry_at == ends[1] + timedelta(seconds=30)


def test_who_is_in_stays_in_a_full_room(acme: Company, pair: Json) -> None:
    for identity, minted in zip(("ana", "bo"), fill(acme, pair), strict=True):
        stay(acme.person(identity), pair, minted["refresh_token"])


def test_two_devices_of_one_person_take_two(acme: Company, pair: Json) -> None:
    enter(acme.person("bo"), pair)
    enter(acme.person("bo"), pair)
    assert mint(acme.person("ana"), pair).refusal == (403, "room_full")


def test_a_back_ends_own_grant_takes_one(acme: Company, pair: Json) -> None:
    enter(acme.back_end, pair)
    enter(acme.person("bo"), pair)
    assert mint(acme.back_end, pair).refusal == (403, "room_full")


def test_revoking_frees_one_at_once(acme: Company, pair: Json) -> None:
    ana, _ = fill(acme, pair)
    revoke(acme.person("ana"), pair, refresh_token=ana["refresh_token"])
    enter(acme.person("cy"), pair)


def test_one_falls_free_half_a_minute_after_its_token_ended(acme: Company, pair: Json, time: Time) -> None:
    enter(acme.person("ana"), pair, token_ttl_secs=600)
    enter(acme.person("bo"), pair, token_ttl_secs=60)
    time.passes(85)
    assert mint(acme.person("cy"), pair).refusal == (403, "room_full")
    time.passes(6)
    enter(acme.person("cy"), pair)


def test_refreshing_keeps_it(acme: Company, pair: Json, time: Time) -> None:
    _, bo = fill(acme, pair)
    time.passes(100)
    stay(acme.person("bo"), pair, bo["refresh_token"])
    time.passes(60)
    enter(acme.person("cy"), pair)
    assert mint(acme.person("cy"), pair).refusal == (403, "room_full")


def test_who_let_it_fall_free_takes_it_again_if_it_still_is(acme: Company, pair: Json, time: Time) -> None:
    ana, bo = fill(acme, pair)
    time.passes(200)
    stay(acme.person("bo"), pair, bo["refresh_token"])
    enter(acme.person("cy"), pair)
    refused = refresh(acme.person("ana"), pair, ana["refresh_token"])
    assert refused.refusal == (403, "room_full")
    assert moment(refused.error["meta"]["retry_at"]) > datetime.now(UTC)


def test_a_refused_refresh_leaves_the_token_for_when_one_is_free(
    acme: Company, pair: Json, time: Time
) -> None:
    ana, _ = fill(acme, pair)
    time.passes(200)
    others = [enter(acme.back_end, pair) for _ in range(2)]
    assert refresh(acme.person("ana"), pair, ana["refresh_token"]).refusal == (403, "room_full")
    revoke(acme.back_end, pair, grant_id=others[0]["grant_id"])
    stay(acme.person("ana"), pair, ana["refresh_token"])


def test_more_seats_let_more_in_at_once(acme: Company, pair: Json) -> None:
    fill(acme, pair)
    acme.back_end.patch(f"/v2/rooms/{pair['id']}", {"max_participants": 3})
    enter(acme.person("cy"), pair)


def test_whoever_holds_seats_beyond_reason_keeps_nobody_out(acme: Company) -> None:
    room = acme.new_room({"ana": "moderator", "bo": "participant"}, max_participants=8)
    for _ in range(8):
        enter(acme.person("bo"), room)

    assert mint(acme.person("ana"), room).status == 201


def test_a_room_full_of_people_with_a_few_devices_each_is_full(acme: Company) -> None:
    room = acme.new_room({"ana": "moderator", "bo": "participant"}, max_participants=5)
    for _ in range(5):
        enter(acme.person("bo"), room)

    assert mint(acme.person("ana"), room).refusal == (403, "room_full")
