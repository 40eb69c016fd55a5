"""Bans: from one room or all, until a time or until lifted, kept by moderators and back ends."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rooms.models import Ban
from tests.asking import Json
from tests.cast import Company
from videobroker.tenants.models import AuditEntry

UNKNOWN = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"


def bans_of(room: Json) -> str:
    return f"/v2/rooms/{room['id']}/bans"


def mint_path(room: Json) -> str:
    return f"/v2/rooms/{room['id']}/actions/generate_join_client_token"


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def test_a_moderator_bans_from_the_room(acme: Company, demo_room: Json) -> None:
    banned = acme.person("ana").post(bans_of(demo_room), {"identity": "bo", "reason": "shouting"})
    assert banned.status == 201
    times = {banned.data[name] for name in ("created_at", "tokens_blocked_at", "removed_at")}
    assert len(times) == 1
    told = {name: value for name, value in banned.data.items() if name != "id" and value not in times}
    assert told == {
        "record_type": "ban",
        "room_id": demo_room["id"],
        "identity": "bo",
        "until": None,
        "reason": "shouting",
        "active": True,
        "residual_window_ends_at": None,
        "sealed_at": None,
        "created_by": "identity:ana",
        "lifted_at": None,
        "lifted_by": "",
    }


def test_who_is_banned_gets_no_token_until_the_ban_is_lifted(acme: Company, demo_room: Json) -> None:
    ban = acme.person("ana").post(bans_of(demo_room), {"identity": "bo"}).data
    assert acme.person("bo").post(mint_path(demo_room)).refusal == (403, "banned")
    assert acme.person("ana").delete(f"/v2/bans/{ban['id']}").status == 204
    assert acme.person("bo").post(mint_path(demo_room)).status == 201


def test_a_ban_ends_when_it_says(acme: Company, demo_room: Json) -> None:
    until = in_hours(1)
    acme.back_end.post(bans_of(demo_room), {"identity": "bo", "until": until})
    refused = acme.person("bo").post(mint_path(demo_room))
    assert refused.reason == "banned"
    assert datetime.fromisoformat(refused.error["meta"]["retry_at"]) == datetime.fromisoformat(until)
    Ban.objects.update(until=datetime.now(UTC))
    assert acme.person("bo").post(mint_path(demo_room)).status == 201
    assert acme.back_end.get(bans_of(demo_room)).data[0]["active"] is False


def test_the_ban_that_lasts_longest_counts(acme: Company, demo_room: Json) -> None:
    acme.back_end.post(bans_of(demo_room), {"identity": "bo", "until": in_hours(1)})
    acme.back_end.post("/v2/bans", {"identity": "bo"})
    acme.back_end.post(bans_of(demo_room), {"identity": "bo", "until": in_hours(2)})
    assert "retry_at" not in acme.person("bo").post(mint_path(demo_room)).error["meta"]


def test_a_ban_without_a_room_holds_in_all_rooms(acme: Company, demo_room: Json) -> None:
    other = acme.new_room({"bo": "participant"})
    banned = acme.back_end.post("/v2/bans", {"identity": "bo"})
    assert (banned.status, banned.data["room_id"]) == (201, None)
    reasons = [acme.person("bo").post(mint_path(room)).reason for room in (demo_room, other)]
    assert reasons == ["banned", "banned"]


def test_a_ban_from_one_room_does_not_hold_in_another(acme: Company, demo_room: Json) -> None:
    other = acme.new_room({"bo": "participant"})
    acme.back_end.post("/v2/bans", {"identity": "bo", "room_id": demo_room["id"]})
    assert acme.person("bo").post(mint_path(demo_room)).reason == "banned"
    assert acme.person("bo").post(mint_path(other)).status == 201


def test_somebody_who_was_never_here_can_be_banned(acme: Company, demo_room: Json) -> None:
    assert acme.person("ana").post(bans_of(demo_room), {"identity": "mallory"}).status == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/identity"),
        ({"identity": "\u200bbo"}, "/identity"),
        ({"identity": "bo", "until": "2020-01-01T00:00:00Z"}, "/until"),
        ({"identity": "bo", "until": "soon"}, "/until"),
        ({"identity": "bo", "reason": "r" * 501}, "/reason"),
        ({"identity": "bo", "lifted_at": None}, "/lifted_at"),
        ({"identity": "bo", "created_by": "ana"}, "/created_by"),
    ],
)
def test_what_does_not_make_a_ban_is_pointed_at(
    acme: Company, demo_room: Json, body: Json, pointer: str
) -> None:
    for path in (bans_of(demo_room), "/v2/bans"):
        refused = acme.back_end.post(path, body)
        assert (refused.status, refused.error["source"]) == (422, {"pointer": pointer})
    assert not Ban.objects.exists()


def test_a_room_is_named_by_the_path_or_the_body_not_by_both(acme: Company, demo_room: Json) -> None:
    body = {"identity": "bo", "room_id": demo_room["id"]}
    assert acme.back_end.post(bans_of(demo_room), body).refusal == (422, "unknown_field")


def test_a_ban_from_an_unknown_room_is_not_made(acme: Company, globex: Company) -> None:
    foreign = globex.new_room()["id"]
    for room_id in (UNKNOWN, foreign):
        assert acme.back_end.post("/v2/bans", {"identity": "bo", "room_id": room_id}).status == 404
    assert not Ban.objects.exists()


@pytest.fixture
def bans(acme: Company, demo_room: Json) -> dict[str, Json]:
    """Bo banned from the room, cy from all rooms, and a ban of eve that was lifted."""
    made = {
        "bo": acme.back_end.post(bans_of(demo_room), {"identity": "bo"}).data,
        "cy": acme.back_end.post("/v2/bans", {"identity": "cy"}).data,
        "eve": acme.back_end.post(bans_of(demo_room), {"identity": "eve"}).data,
    }
    acme.back_end.delete(f"/v2/bans/{made['eve']['id']}")
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"bo", "cy", "eve"}),
        ({"filter[active]": "true"}, {"bo", "cy"}),
        ({"filter[active]": "false"}, {"eve"}),
        ({"filter[identity]": "cy"}, {"cy"}),
        ({"page[size]": 1, "page[number]": 3}, {"bo"}),
    ],
)
def test_bans_are_found(acme: Company, bans: dict[str, Json], query: dict[str, Any], found: set[str]) -> None:
    assert {ban["identity"] for ban in acme.back_end.get("/v2/bans", query).data} == found


def test_bans_are_found_by_room(acme: Company, bans: dict[str, Json], demo_room: Json) -> None:
    by_filter = acme.back_end.get("/v2/bans", {"filter[room_id]": demo_room["id"]}).data
    assert {ban["identity"] for ban in by_filter} == {"bo", "eve"}
    assert acme.person("ana").get(bans_of(demo_room)).data == by_filter


def test_a_lifted_ban_stays_as_a_record(acme: Company, bans: dict[str, Json]) -> None:
    lifted = acme.back_end.get(f"/v2/bans/{bans['eve']['id']}").data
    assert lifted["active"] is False
    assert lifted["lifted_at"] is not None
    assert lifted["lifted_by"].startswith("api_key:")


def test_lifting_again_changes_nothing(acme: Company, bans: dict[str, Json]) -> None:
    path = f"/v2/bans/{bans['eve']['id']}"
    before = acme.back_end.get(path).data
    assert acme.back_end.delete(path).status == 204
    assert acme.back_end.get(path).data == before
    assert AuditEntry.objects.filter(action="ban.lifted").count() == 1


def test_a_moderator_sees_and_lifts_the_bans_of_the_own_room_only(
    acme: Company, bans: dict[str, Json], demo_room: Json
) -> None:
    ana = acme.person("ana")
    assert ana.get(f"/v2/bans/{bans['bo']['id']}").status == 200
    for path in (f"/v2/bans/{bans['cy']['id']}", f"/v2/bans/{UNKNOWN}"):
        assert ana.get(path).refusal == ana.delete(path).refusal == (404, "not_found")
    assert ana.get("/v2/bans").refusal == (403, "back_end_only")
    assert ana.post("/v2/bans", {"identity": "bo"}).refusal == (403, "back_end_only")


@pytest.mark.parametrize(("identity", "reason"), [("bo", "not_a_moderator"), ("cy", "not_a_member")])
def test_who_does_not_moderate_bans_nobody(
    acme: Company, bans: dict[str, Json], demo_room: Json, identity: str, reason: str
) -> None:
    person = acme.person(identity)
    assert person.get(bans_of(demo_room)).refusal == (403, reason)
    assert person.post(bans_of(demo_room), {"identity": "ana"}).refusal == (403, reason)
    for ban in bans.values():
        path = f"/v2/bans/{ban['id']}"
        assert person.get(path).refusal == person.delete(path).refusal == (404, "not_found")


def test_another_tenant_neither_sees_nor_lifts_bans(
    globex: Company, bans: dict[str, Json], demo_room: Json
) -> None:
    for asker in (globex.back_end, globex.person("ana")):
        assert asker.get(bans_of(demo_room)).status == 404
        assert asker.post(bans_of(demo_room), {"identity": "bo"}).status == 404
        assert asker.delete(f"/v2/bans/{bans['bo']['id']}").status == 404
    assert globex.back_end.get("/v2/bans").data == []
    assert Ban.objects.get(pk=bans["bo"]["id"]).lifted_at is None


def test_a_ban_of_one_tenant_does_not_hold_in_another(
    acme: Company, globex: Company, demo_room: Json
) -> None:
    acme.back_end.post("/v2/bans", {"identity": "gus"})
    room = globex.new_room({"gus": "participant"})
    assert globex.person("gus").post(mint_path(room)).status == 201


def test_a_back_end_needs_the_scopes(acme: Company, bans: dict[str, Json], demo_room: Json) -> None:
    narrow, reading = acme.key_with("moderate"), acme.key_with("rooms:read")
    refused = [
        narrow.get("/v2/bans"),
        narrow.get(bans_of(demo_room)),
        reading.post("/v2/bans", {"identity": "bo"}),
        reading.post(bans_of(demo_room), {"identity": "bo"}),
        reading.delete(f"/v2/bans/{bans['bo']['id']}"),
    ]
    assert {answer.refusal for answer in refused} == {(403, "missing_scope")}


def test_banning_and_lifting_are_written_down(acme: Company, demo_room: Json) -> None:
    ana = acme.person("ana")
    ban = ana.post(bans_of(demo_room), {"identity": "bo", "reason": "shouting"}).data
    ana.delete(f"/v2/bans/{ban['id']}")
    for action in ("ban.created", "ban.lifted"):
        entry = AuditEntry.objects.get(action=action)
        assert (entry.actor, entry.subject, str(entry.room_id)) == ("ana", "bo", demo_room["id"])
        assert entry.details == {"ban_id": ban["id"], "reason": "shouting"}
