"""Exporting all that is kept about a person."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from rooms.models import Composition, Delivery
from tests.admin.conftest import olga
from tests.admin.forms import change_path, send
from tests.asking import Answer
from tests.cast import Company
from tests.rooms.films import Studio, studio
from tests.rooms.test_erasing import carry_on, order, pseudonyms_are_of_this_database
from tests.simulated import Simulator
from tests.tokens.doors import enter
from videobroker.tenants.models import AuditEntry, User

__all__ = ["olga", "pseudonyms_are_of_this_database", "studio"]

KINDS = {
    "users", "sign_ins", "members", "bans", "grants", "participants", "removals", "recordings", "compositions",
    "deletions", "holds", "operations", "webhook_deliveries", "audit_entries", "erasures",
}  # fmt: skip


def exported(company: Company, identity: str = "bo") -> Any:
    answer = company.back_end.get("/v2/personal_data", {"identity": identity})
    assert answer.status == 200, answer
    return answer.data


def make_traces(company: Company, studio: Studio) -> None:
    """Bo was here, was recorded, was held, was kicked and banned, and moderates another room."""
    back_end = company.back_end
    back_end.patch(f"/v2/rooms/{studio.room['id']}", {"webhook_event_url": "http://127.0.0.1/hook"})
    film = studio.recorded("bo")
    back_end.delete(f"/v2/room_recordings/{studio.recorded('bo', 'audio').pk}")
    Composition.objects.create(
        tenant=company.row,
        room_id=film.room_id,
        session_id=film.session_id,
        status="completed",
        ordered_by="test",
    )
    user = User(username="bo@acme", first_name="Bo", tenant=company.row, identity="bo")
    user.set_password("not a word")
    user.save()
    Client().post("/admin/login/", {"username": "bo@acme", "password": "a word"})
    back_end.post("/v2/holds", {"recording_id": str(film.pk), "reason": "case 7"})
    back_end.patch(f"/v2/rooms/{studio.room['id']}/members/{member(company, studio)}", {"role": "moderator"})
    studio.gathering.acts(company.person("bo"), "mute", identities=["ana"])
    studio.gathering.acts(company.person("ana"), "kick", identities=["bo"])
    back_end.post("/v2/bans", {"identity": "bo", "reason": "rude"})
    company.person("bo").post("/v2/holds", {"identity": "eve", "reason": "case 8"})


def member(company: Company, studio: Studio) -> str:
    found = company.back_end.get(f"/v2/rooms/{studio.room['id']}/members", {"filter[identity]": "bo"}).data
    return str(found[0]["id"])


def test_there_is_something_of_every_kind(acme: Company, studio: Studio) -> None:
    make_traces(acme, studio)
    found = exported(acme)
    assert {kind for kind, rows in found.items() if isinstance(rows, list)} == KINDS
    assert {kind for kind in KINDS if not found[kind]} == {"erasures"}
    assert (found["identity"], found["tenant"]) == ("bo", "acme")
    assert {row["identity"] for kind in ("members", "grants", "participants") for row in found[kind]} == {
        "bo"
    }
    assert {(row["room_id"], row["identity"]) for row in found["removals"]} == {
        (studio.room["id"], "bo"),
        (studio.room["id"], None),  # of the grant they were in with
    }
    assert {row["state"] for row in found["recordings"]} == {"kept", "deleting"}
    actions = {entry["action"] for entry in found["audit_entries"]}
    assert actions >= {"ban.created", "participants.muted", "participants.kicked", "hold.placed"}


def test_a_removal_of_one_device_is_somebodys_as_well(acme: Company, studio: Studio) -> None:
    bo = studio.person("bo")
    kicked = studio.gathering.acts(acme.person("ana"), "kick", participants=[str(bo.pk)])
    assert kicked.status == 202, kicked
    [removal] = exported(acme)["removals"]
    assert (removal["room_id"], removal["grant_id"]) == (studio.room["id"], str(bo.grant_id))
    assert exported(acme, "ana")["removals"] == []


def test_what_was_told_before_it_was_clear_whose_it_was_is_theirs_as_well(
    acme: Company, studio: Studio
) -> None:
    acme.back_end.patch(f"/v2/rooms/{studio.room['id']}", {"webhook_event_url": "http://127.0.0.1/hook"})
    gathering = studio.gathering
    studio.people["bo"] = gathering.comes("bo")
    studio.starts("bo")
    told = gathering.told()[-2:]
    gathering.post.deliver([{**each, "payload": {**each["payload"], "context": None}} for each in told])
    unclear = list(Delivery.objects.filter(payload__identity=None, payload__has_key="participant_id"))
    assert sorted(each.event_type.rpartition("room.")[2] for each in unclear) == [
        "participant.joined",
        "recording.started",
    ]
    assert exported(acme)["webhook_deliveries"] == []
    gathering.asks()
    assert {each["id"] for each in exported(acme)["webhook_deliveries"]} == {str(each.pk) for each in unclear}
    assert exported(acme, "ana")["webhook_deliveries"] == []


def test_what_was_done_to_all_their_recordings_and_to_their_user_is_about_them(
    acme: Company, globex: Company, studio: Studio, olga: Client
) -> None:
    studio.recorded("bo")
    for company, names in ((acme, ("bo", "ana")), (globex, ("bo",))):
        for name in names:
            company.back_end.delete(f"/v2/room_recordings?filter[identity]={name}&filter[type]=video")
            user = User.objects.create(
                username=f"{name}@{company.row.slug}", tenant=company.row, identity=name
            )
            send(olga, change_path("tenants_user", user), first_name="Somebody")
    told = exported(acme)["audit_entries"]
    wanted = {"recordings.deleted", "user.updated"}
    assert [(entry["action"], entry["subject"]) for entry in told if entry["action"] in wanted] == [
        ("recordings.deleted", ""),
        ("user.updated", "bo@acme"),
    ]
    found = acme.back_end.get("/v2/audit_entries", {"filter[identity]": "bo"}).data
    assert {entry["id"] for entry in told} <= {entry["id"] for entry in found}


def test_nothing_in_it_lets_anybody_in(acme: Company, studio: Studio) -> None:
    minted = enter(acme.person("bo"), studio.room)
    text = json.dumps(exported(acme))
    assert minted["token"] not in text
    assert minted["refresh_token"] not in text
    assert "hash" not in text
    assert "sealed" not in text
    assert "password" not in text


def test_it_leads_to_the_files_that_are_there_and_to_no_other(acme: Company, studio: Studio) -> None:
    kept, deleted, unfinished = studio.recorded("bo"), studio.recorded("bo", "audio"), studio.filming("bo")
    acme.back_end.delete(f"/v2/room_recordings/{deleted.pk}")
    told = {each["id"]: each["download_url"] for each in exported(acme)["recordings"]}
    path = f"/v2/room_recordings/{kept.pk}/download"
    assert told == {
        str(kept.pk): f"http://testserver{path}", str(deleted.pk): None, str(unfinished.pk): None,
    }  # fmt: skip
    assert acme.back_end.get(path).status == 302


@pytest.mark.parametrize(("called", "begins"), [("", "/v2/"), ("https://a.example", "https://a.example/v2/")])
def test_the_command_leads_to_them_as_far_as_it_knows_how_we_are_called(
    acme: Company, studio: Studio, settings: Any, called: str, begins: str
) -> None:
    settings.PUBLIC_URL = called
    studio.recorded("bo")
    out = StringIO()
    call_command("export_identity", "acme", "bo", stdout=out)
    (film,) = json.loads(out.getvalue())["data"]["recordings"]
    assert film["download_url"].startswith(begins)


def test_it_tells_nothing_of_others(
    acme: Company, globex: Company, simulator: Simulator, studio: Studio
) -> None:
    studio.recorded("ana")
    theirs = Studio.of(globex, simulator, {"bo": "participant"})
    theirs.recorded("bo")
    found = exported(acme)
    assert found["recordings"] == []
    rooms = {row["room_id"] for kind in ("members", "grants", "participants") for row in found[kind]}
    assert rooms == {studio.room["id"]}
    assert len(exported(globex)["recordings"]) == 1


def test_somebody_unknown_has_an_empty_export(acme: Company) -> None:
    found = exported(acme, "nobody-ever")
    assert [kind for kind in KINDS if found[kind]] == ["audit_entries"]
    assert [entry["action"] for entry in found["audit_entries"]] == ["personal_data.exported"]


def test_an_export_is_audited(acme: Company, studio: Studio) -> None:
    exported(acme)
    entry = AuditEntry.objects.get(action="personal_data.exported")
    assert (entry.actor_kind, entry.subject, entry.tenant) == ("api_key", "bo", acme.row)


def test_asking_for_the_headers_alone_is_no_export(acme: Company) -> None:
    refused = acme.back_end.ask("HEAD", "/v2/personal_data?identity=bo", None)
    assert (refused.status, refused.headers["Allow"]) == (405, "GET")
    assert not AuditEntry.objects.filter(action="personal_data.exported").exists()


def test_an_export_of_somebody_who_was_erased_is_audited_under_the_pseudonym(
    acme: Company, globex: Company, studio: Studio
) -> None:
    pseudonym = order(acme, "bo").data["pseudonym"]
    exported(acme)
    carry_on()
    exported(acme)
    call_command("export_identity", "acme", "bo", stdout=StringIO())
    entries = AuditEntry.objects.filter(action="personal_data.exported")
    assert [entry.subject for entry in entries] == [pseudonym] * 3
    exported(globex)
    assert AuditEntry.objects.get(tenant=globex.row, action="personal_data.exported").subject == "bo"


@pytest.mark.parametrize("query", [{}, {"identity": "erased:0123"}, {"identity": "a" * 256}])
def test_an_export_is_of_somebody(acme: Company, query: dict[str, str]) -> None:
    refused: Answer = acme.back_end.get("/v2/personal_data", query)
    assert (refused.refusal, refused.error["source"]) == ((400, "invalid"), {"parameter": "identity"})


def test_exporting_takes_a_key_that_may(acme: Company) -> None:
    query = {"identity": "bo"}
    assert acme.key_with("audit:read").get("/v2/personal_data", query).refusal == (403, "missing_scope")
    assert acme.person("bo").get("/v2/personal_data", query).refusal == (403, "back_end_only")


def test_the_command_writes_the_same(acme: Company, studio: Studio) -> None:
    make_traces(acme, studio)
    out = StringIO()
    call_command("export_identity", "acme", "bo", stdout=out)
    told = json.loads(out.getvalue())["data"]
    assert {kind: len(told[kind]) for kind in KINDS} == {
        kind: len(rows) for kind, rows in told.items() if isinstance(rows, list)
    }
    assert len(told["recordings"]) == 2
    assert AuditEntry.objects.get(action="personal_data.exported").actor_kind == "system"


def test_the_command_knows_its_tenants(acme: Company) -> None:
    with pytest.raises(CommandError, match="no tenant"):
        call_command("export_identity", "umbrella", "bo")
    with pytest.raises(CommandError, match="identity"):
        call_command("export_identity", "acme", " bo")
