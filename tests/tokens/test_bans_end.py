"""A ban holds until its time is over or somebody lifts it, and no longer."""

from tests.asking import Json
from tests.cast import Company
from tests.tokens.doors import enter, mint, refresh
from tests.tokens.passing import Time, ahead


def ban(acme: Company, room: Json, **body: object) -> Json:
    banned = acme.back_end.post(f"/v2/rooms/{room['id']}/bans", {"identity": "bo", **body})
    assert banned.status == 201, banned
    return banned.data


def test_it_ends_by_itself(acme: Company, demo_room: Json, time: Time) -> None:
    ban(acme, demo_room, until=ahead(minutes=10))
    time.passes(599)
    assert mint(acme.person("bo"), demo_room).refusal == (403, "banned")
    time.passes(2)
    assert mint(acme.person("bo"), demo_room).status == 201


def test_it_ends_when_it_is_lifted(acme: Company, demo_room: Json) -> None:
    banned = ban(acme, demo_room)
    assert mint(acme.person("bo"), demo_room).refusal == (403, "banned")
    assert acme.back_end.delete(f"/v2/bans/{banned['id']}").status == 204
    enter(acme.person("bo"), demo_room)


def test_lifting_one_of_two_lets_nobody_in(acme: Company, demo_room: Json) -> None:
    everywhere = acme.back_end.post("/v2/bans", {"identity": "bo"}).data
    here = ban(acme, demo_room)
    acme.back_end.delete(f"/v2/bans/{here['id']}")
    assert mint(acme.person("bo"), demo_room).refusal == (403, "banned")
    acme.back_end.delete(f"/v2/bans/{everywhere['id']}")
    enter(acme.person("bo"), demo_room)


def test_it_holds_in_its_room_only(acme: Company, demo_room: Json) -> None:
    other = acme.new_room({"bo": "participant"})
    ban(acme, demo_room)
    enter(acme.person("bo"), other)


def test_one_from_all_rooms_holds_in_every_one(acme: Company, demo_room: Json) -> None:
    lobby = acme.new_room(access="tenant")
    acme.back_end.post("/v2/bans", {"identity": "bo"})
    assert mint(acme.person("bo"), demo_room).refusal == (403, "banned")
    assert mint(acme.person("bo"), lobby).refusal == (403, "banned")


def test_it_holds_for_one_person_only(acme: Company, demo_room: Json) -> None:
    ban(acme, demo_room)
    enter(acme.person("ana"), demo_room)


def test_globexs_ban_of_the_same_name_means_somebody_else(
    acme: Company, globex: Company, demo_room: Json
) -> None:
    globex.back_end.post("/v2/bans", {"identity": "bo"})
    enter(acme.person("bo"), demo_room)


def test_a_ban_outlives_leaving_and_joining_the_members(acme: Company, demo_room: Json) -> None:
    ban(acme, demo_room)
    path = f"/v2/rooms/{demo_room['id']}/members"
    (member,) = acme.back_end.get(path, {"filter[identity]": "bo"}).data
    acme.back_end.delete(f"{path}/{member['id']}")
    acme.back_end.post(path, {"identity": "bo"})
    assert mint(acme.person("bo"), demo_room).refusal == (403, "banned")


def test_who_was_banned_and_forgiven_comes_in_anew(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    banned = ban(acme, demo_room)
    assert refresh(acme.person("bo"), demo_room, minted["refresh_token"]).refusal == (403, "banned")
    acme.back_end.delete(f"/v2/bans/{banned['id']}")
    assert refresh(acme.person("bo"), demo_room, minted["refresh_token"]).refusal == (403, "grant_revoked")
    enter(acme.person("bo"), demo_room)
