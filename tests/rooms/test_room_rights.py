"""Who may do what with rooms, and what is written down about it."""

import pytest

from rooms.models import Room
from tests.asking import Answer, Json
from tests.cast import Company
from tests.rooms.films import Studio
from videobroker.tenants.models import AuditEntry
from videobroker.tenants.scopes import SCOPES

MISSING = "/v2/rooms/0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"


def path_of(room: Json) -> str:
    return f"/v2/rooms/{room['id']}"


def without_request_id(answer: Answer) -> tuple[int, Json]:
    for error in answer.body["errors"]:
        error["meta"].pop("request_id")
    return answer.status, answer.body


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action))


def test_a_back_end_needs_the_scope_to_read(acme: Company, demo_room: Json) -> None:
    narrow = acme.key_with(*(scope for scope in SCOPES if scope != "rooms:read"))
    assert narrow.get("/v2/rooms").refusal == (403, "missing_scope")
    assert narrow.get(path_of(demo_room)).refusal == (403, "missing_scope")


def test_a_back_end_needs_the_scope_to_write(acme: Company, demo_room: Json) -> None:
    narrow = acme.key_with(*(scope for scope in SCOPES if scope != "rooms:write"))
    refused = [
        narrow.post("/v2/rooms"),
        narrow.patch(path_of(demo_room), {"locked": True}),
        narrow.delete(path_of(demo_room)),
    ]
    assert {answer.refusal for answer in refused} == {(403, "missing_scope")}
    assert Room.objects.get() == Room.objects.get(locked=False, deleted_at=None)


def test_scopes_that_suffice_suffice(acme: Company, demo_room: Json) -> None:
    assert acme.key_with("rooms:read").get(path_of(demo_room)).status == 200
    assert acme.key_with("rooms:write").patch(path_of(demo_room), {"locked": True}).status == 200


def test_people_neither_make_nor_delete_rooms(acme: Company, demo_room: Json) -> None:
    for identity in ("ana", "bo", "cy"):
        person = acme.person(identity)
        assert person.post("/v2/rooms").refusal == (403, "back_end_only")
        assert person.delete(path_of(demo_room)).refusal == (403, "back_end_only")


def test_nobody_is_let_in_without_a_credential(acme: Company, demo_room: Json) -> None:
    nobody = type(acme.back_end)()
    assert nobody.get("/v2/rooms").status == nobody.get(path_of(demo_room)).status == 401


def test_a_moderator_changes_how_the_room_runs(acme: Company, demo_room: Json) -> None:
    changes = {
        "unique_name": "retro",
        "max_participants": 5,
        "enable_recording": True,
        "locked": True,
        "opens_at": "2031-01-01T08:00:00.000000Z",
        "closes_at": "2031-01-01T09:00:00.000000Z",
    }
    changed = acme.person("ana").patch(path_of(demo_room), changes)
    assert changed.status == 200
    assert {name: changed.data[name] for name in changes} == changes


@pytest.mark.parametrize(
    "change",
    [
        {"webhook_event_url": "https://evil.example"},
        {"webhook_event_failover_url": "https://evil.example"},
        {"webhook_timeout_secs": 1},
        {"recording_retention_days": 1},
        {"auto_compose": True},
        {"access": "tenant"},
    ],
)
def test_a_moderator_does_not_change_what_is_the_owners(acme: Company, demo_room: Json, change: Json) -> None:
    assert acme.person("ana").patch(path_of(demo_room), change).refusal == (403, "back_end_only")
    assert acme.back_end.get(path_of(demo_room)).data == demo_room


def test_a_member_sees_the_room_but_does_not_change_it(acme: Company, demo_room: Json) -> None:
    bo = acme.person("bo")
    assert bo.get(path_of(demo_room)).data["id"] == demo_room["id"]
    assert bo.patch(path_of(demo_room), {"locked": True}).refusal == (403, "not_a_moderator")


def test_a_stranger_of_the_tenant_is_refused(acme: Company, demo_room: Json) -> None:
    cy = acme.person("cy")
    assert cy.get(path_of(demo_room)).refusal == (403, "not_a_member")
    assert cy.patch(path_of(demo_room), {"locked": True}).refusal == (403, "not_a_member")


def test_a_moderator_of_one_room_is_a_stranger_in_another(acme: Company, demo_room: Json) -> None:
    other = acme.new_room({"bo": "moderator"})
    assert acme.person("ana").patch(path_of(other), {"locked": True}).refusal == (403, "not_a_member")


def test_people_list_the_rooms_they_may_ask_to_enter(acme: Company, demo_room: Json) -> None:
    hall = acme.new_room(access="tenant")
    acme.new_room({"ana": "moderator"})

    def listed(identity: str) -> list[str]:
        return [room["id"] for room in acme.person(identity).get("/v2/rooms").data]

    assert listed("bo") == [hall["id"], demo_room["id"]]
    assert listed("cy") == [hall["id"]]


def test_everybody_of_the_tenant_sees_a_room_that_is_open_to_all_but_runs_it_not(acme: Company) -> None:
    hall = acme.new_room(access="tenant")
    cy = acme.person("cy")
    assert cy.get(path_of(hall)).status == 200
    assert cy.patch(path_of(hall), {"locked": True}).refusal == (403, "not_a_moderator")


def test_another_tenants_room_is_like_one_that_never_was(
    acme: Company, globex: Company, demo_room: Json
) -> None:
    for asker in (globex.back_end, globex.person("gus")):
        assert without_request_id(asker.get(path_of(demo_room))) == without_request_id(asker.get(MISSING))
        change = {"locked": True}
        foreign, missing = asker.patch(path_of(demo_room), change), asker.patch(MISSING, change)
        assert without_request_id(foreign) == without_request_id(missing)
        assert asker.get("/v2/rooms").data == []
    foreign, missing = globex.back_end.delete(path_of(demo_room)), globex.back_end.delete(MISSING)
    assert without_request_id(foreign) == without_request_id(missing)
    assert acme.back_end.get(path_of(demo_room)).data == demo_room


def test_a_person_of_the_same_name_in_another_tenant_is_another_person(
    globex: Company, demo_room: Json
) -> None:
    assert globex.person("ana").get(path_of(demo_room)).status == 404


def test_a_suspended_tenant_reads_and_changes_nothing(acme: Company, demo_room: Json) -> None:
    acme.change(status="suspended")
    assert acme.back_end.get(path_of(demo_room)).status == 200
    refused = [
        acme.back_end.post("/v2/rooms"),
        acme.back_end.patch(path_of(demo_room), {"locked": True}),
        acme.back_end.delete(path_of(demo_room)),
        acme.person("ana").patch(path_of(demo_room), {"locked": True}),
    ]
    assert {answer.refusal for answer in refused} == {(403, "tenant_suspended")}


def test_making_changing_and_deleting_are_written_down(acme: Company) -> None:
    room = acme.new_room({"ana": "moderator"})
    acme.person("ana").patch(path_of(room), {"locked": True, "max_participants": 5})
    acme.back_end.delete(path_of(room))
    made, changed, deleted = (entries(f"room.{act}")[0] for act in ("created", "updated", "deleted"))
    assert {str(entry.room_id) for entry in (made, changed, deleted)} == {room["id"]}
    assert {entry.tenant for entry in (made, changed, deleted)} == {acme.row}
    assert (made.actor_kind, deleted.actor_kind) == ("api_key", "api_key")
    assert (changed.actor_kind, changed.actor) == ("identity", "ana")
    assert changed.details == {"changed": ["locked", "max_participants"]}
    assert made.request_id


def test_a_change_of_nothing_is_not_written_down(acme: Company, demo_room: Json) -> None:
    acme.back_end.patch(path_of(demo_room), {"locked": False})
    assert entries("room.updated") == []


def test_a_refused_change_is_not_written_down_as_done(acme: Company, demo_room: Json) -> None:
    acme.person("bo").patch(path_of(demo_room), {"locked": True})
    assert AuditEntry.objects.filter(action="room.updated", outcome="done").count() == 0


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_moderator_who_is_banned_decides_nothing_until_the_ban_is_lifted(
    acme: Company, demo_room: Json, everywhere: bool
) -> None:
    ana = acme.person("ana")
    bans = "/v2/bans" if everywhere else f"{path_of(demo_room)}/bans"
    ban = acme.back_end.post(bans, {"identity": "ana"}).data
    assert ana.delete(f"/v2/bans/{ban['id']}").status == 404
    refused = [
        ana.patch(path_of(demo_room), {"locked": True}),
        ana.post(f"{path_of(demo_room)}/bans", {"identity": "bo"}),
        ana.post(f"{path_of(demo_room)}/members", {"identity": "cy"}),
        ana.post(f"{path_of(demo_room)}/actions/seal"),
    ]
    assert {answer.refusal for answer in refused} == {(403, "not_a_moderator")}
    assert acme.back_end.delete(f"/v2/bans/{ban['id']}").status == 204
    assert ana.patch(path_of(demo_room), {"locked": True}).status == 200


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_moderator_who_is_banned_sees_nothing_of_what_goes_on(
    acme: Company, studio: Studio, everywhere: bool
) -> None:
    film, ana = studio.recorded("bo"), acme.person("ana")
    held = acme.back_end.post("/v2/holds", {"recording_id": str(film.pk), "reason": "case 7"})
    lists = [
        "/v2/room_sessions",
        "/v2/room_participants",
        "/v2/room_recordings",
        "/v2/holds",
        "/v2/audit_entries",
    ]
    assert held.status == 201
    assert all(ana.get(path).data for path in lists)
    bans = "/v2/bans" if everywhere else f"{path_of(studio.room)}/bans"
    ban = acme.back_end.post(bans, {"identity": "ana"}).data
    assert [ana.get(path).data for path in lists] == [[]] * len(lists)
    assert ana.get(f"/v2/room_recordings/{film.pk}").refusal == (404, "not_found")
    acme.back_end.delete(f"/v2/bans/{ban['id']}")
    assert all(ana.get(path).data for path in lists)


def test_a_ban_from_one_room_leaves_a_moderator_their_others(acme: Company, demo_room: Json) -> None:
    other = acme.new_room({"ana": "moderator"})
    acme.back_end.post(f"{path_of(demo_room)}/bans", {"identity": "ana"})
    assert acme.person("ana").patch(path_of(other), {"locked": True}).status == 200
