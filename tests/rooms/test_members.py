"""Members of a room: who keeps them, who they may be, how they are found."""

from typing import Any

import pytest

from tests.asking import Asker, Json
from tests.cast import Company
from videobroker.tenants.models import AuditEntry

UNKNOWN = "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"


def members_of(room: Json) -> str:
    return f"/v2/rooms/{room['id']}/members"


def member(company: Company, room: Json, identity: str) -> Json:
    return company.back_end.get(members_of(room), {"filter[identity]": identity}).data[0]


def calls(asker: Asker, room: Json, member_id: str) -> list[tuple[int, str]]:
    """What comes of every call there is on members."""
    one = f"{members_of(room)}/{member_id}"
    answers = [
        asker.get(members_of(room)),
        asker.post(members_of(room), {"identity": "eve"}),
        asker.get(one),
        asker.patch(one, {"role": "moderator"}),
        asker.delete(one),
    ]
    return [answer.refusal for answer in answers]


def test_a_member_is_added_as_said(acme: Company, demo_room: Json) -> None:
    said = {"identity": "cy", "role": "moderator", "display_name": "Cy the Fair"}
    added = acme.back_end.post(members_of(demo_room), said)
    assert added.status == 201
    assert {name: added.data[name] for name in said} == said
    assert (added.data["record_type"], added.data["room_id"]) == ("room_member", demo_room["id"])


def test_a_member_takes_part_unless_said_otherwise(acme: Company, demo_room: Json) -> None:
    added = acme.back_end.post(members_of(demo_room), {"identity": "cy"}).data
    assert (added["role"], added["display_name"]) == ("participant", "")


def test_nobody_is_a_member_twice(acme: Company, demo_room: Json) -> None:
    refused = acme.back_end.post(members_of(demo_room), {"identity": "bo", "role": "moderator"})
    assert (*refused.refusal, refused.error["code"]) == (422, "duplicate", "10012")
    assert refused.error["source"] == {"pointer": "/identity"}
    assert member(acme, demo_room, "bo")["role"] == "participant"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/identity"),
        ({"identity": ""}, "/identity"),
        ({"identity": " cy"}, "/identity"),
        ({"identity": "c\u200by"}, "/identity"),
        ({"identity": "c" * 256}, "/identity"),
        ({"identity": "e\u0301ve"}, "/identity"),
        ({"identity": None}, "/identity"),
        ({"identity": "cy", "role": "owner"}, "/role"),
        ({"identity": "cy", "display_name": "n" * 101}, "/display_name"),
        ({"identity": "cy", "tenant": UNKNOWN}, "/tenant"),
        ({"identity": "cy", "room": UNKNOWN}, "/room"),
    ],
)
def test_what_does_not_make_a_member_is_pointed_at(
    acme: Company, demo_room: Json, body: Json, pointer: str
) -> None:
    refused = acme.back_end.post(members_of(demo_room), body)
    assert (refused.status, refused.error["source"]) == (422, {"pointer": pointer})


def test_a_name_loses_what_cannot_be_seen(acme: Company, demo_room: Json) -> None:
    said = {"identity": "cy", "display_name": "Cy\u202e\u200b the Fair"}
    assert acme.back_end.post(members_of(demo_room), said).data["display_name"] == "Cy the Fair"


@pytest.mark.parametrize("change", [{"role": "moderator"}, {"display_name": "Bo B."}])
def test_a_role_and_a_name_can_be_changed(acme: Company, demo_room: Json, change: Json) -> None:
    bo = member(acme, demo_room, "bo")
    changed = acme.person("ana").patch(f"{members_of(demo_room)}/{bo['id']}", change)
    assert changed.status == 200
    assert changed.data == {**bo, **change, "updated_at": changed.data["updated_at"]}


def test_an_identity_cannot_be_changed(acme: Company, demo_room: Json) -> None:
    bo = member(acme, demo_room, "bo")
    refused = acme.back_end.patch(f"{members_of(demo_room)}/{bo['id']}", {"identity": "cy"})
    assert refused.refusal == (422, "unknown_field")


def test_a_new_role_holds_from_the_next_request_on(acme: Company, demo_room: Json) -> None:
    ana, bo = acme.person("ana"), acme.person("bo")
    one = f"{members_of(demo_room)}/{member(acme, demo_room, 'ana')['id']}"
    acme.back_end.patch(one, {"role": "participant"})
    acme.back_end.patch(
        f"{members_of(demo_room)}/{member(acme, demo_room, 'bo')['id']}", {"role": "moderator"}
    )
    assert ana.get(members_of(demo_room)).refusal == (403, "not_a_moderator")
    assert bo.get(members_of(demo_room)).status == 200


def test_a_removed_member_is_a_stranger(acme: Company, demo_room: Json) -> None:
    one = f"{members_of(demo_room)}/{member(acme, demo_room, 'bo')['id']}"
    assert acme.person("ana").delete(one).status == 204
    assert acme.back_end.get(one).status == 404
    assert acme.person("bo").get(f"/v2/rooms/{demo_room['id']}").refusal == (403, "not_a_member")


def test_who_was_removed_can_be_added_again(acme: Company, demo_room: Json) -> None:
    acme.back_end.delete(f"{members_of(demo_room)}/{member(acme, demo_room, 'bo')['id']}")
    assert acme.back_end.post(members_of(demo_room), {"identity": "bo"}).status == 201


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["ana", "bo"]),
        ({"filter[role]": "moderator"}, ["ana"]),
        ({"filter[identity]": "bo"}, ["bo"]),
        ({"filter[identity]": "bo", "filter[role]": "moderator"}, []),
        ({"page[size]": 1, "page[number]": 2}, ["bo"]),
    ],
)
def test_members_are_found(acme: Company, demo_room: Json, query: dict[str, Any], found: list[str]) -> None:
    listed = acme.person("ana").get(members_of(demo_room), query).data
    assert [one["identity"] for one in listed] == found


@pytest.mark.parametrize("query", [{"filter[role]": "owner"}, {"filter[name]": "bo"}])
def test_a_filter_that_does_not_do_is_named(acme: Company, demo_room: Json, query: dict[str, str]) -> None:
    refused = acme.back_end.get(members_of(demo_room), query)
    assert (refused.status, refused.error["source"]) == (400, {"parameter": next(iter(query))})


@pytest.mark.parametrize(("identity", "reason"), [("bo", "not_a_moderator"), ("cy", "not_a_member")])
def test_who_does_not_moderate_neither_sees_nor_keeps_members(
    acme: Company, demo_room: Json, identity: str, reason: str
) -> None:
    bo = member(acme, demo_room, "bo")["id"]
    assert calls(acme.person(identity), demo_room, bo) == [(403, reason)] * 5


def test_for_another_tenant_there_are_no_members(acme: Company, globex: Company, demo_room: Json) -> None:
    bo = member(acme, demo_room, "bo")["id"]
    for asker in (globex.back_end, globex.person("gus"), globex.person("ana")):
        assert calls(asker, demo_room, bo) == [(404, "not_found")] * 5


def test_a_member_is_reached_through_the_own_room_only(acme: Company, demo_room: Json) -> None:
    other = acme.new_room({"ana": "moderator"})
    bo = member(acme, demo_room, "bo")["id"]
    one = f"{members_of(other)}/{bo}"
    answers = [acme.person("ana").get(one), acme.back_end.delete(one), acme.back_end.patch(one, {})]
    assert {answer.refusal for answer in answers} == {(404, "not_found")}


def test_a_back_end_needs_the_scopes(acme: Company, demo_room: Json) -> None:
    bo = member(acme, demo_room, "bo")["id"]
    assert calls(acme.key_with("tokens:mint"), demo_room, bo) == [(403, "missing_scope")] * 5
    reading = acme.key_with("rooms:read")
    assert reading.get(members_of(demo_room)).status == 200
    assert reading.post(members_of(demo_room), {"identity": "cy"}).refusal == (403, "missing_scope")


def test_what_is_done_with_members_is_written_down(acme: Company, demo_room: Json) -> None:
    ana = acme.person("ana")
    added = ana.post(members_of(demo_room), {"identity": "cy"}).data
    ana.patch(f"{members_of(demo_room)}/{added['id']}", {"role": "moderator"})
    ana.delete(f"{members_of(demo_room)}/{added['id']}")
    written = AuditEntry.objects.filter(subject="cy", actor="ana", room_id=demo_room["id"])
    assert set(written.values_list("action", flat=True)) == {
        "member.added",
        "member.changed",
        "member.removed",
    }
