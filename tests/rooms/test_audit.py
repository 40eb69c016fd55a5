"""Reading the audit: who sees which entries, what they say, filters, pages by cursor, and the export."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.utils import timezone

from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.tokens.doors import mint
from videobroker.tenants import auditing
from videobroker.tenants.callers import HOUSE, Caller, CallerKind
from videobroker.tenants.models import AuditEntry

PATH = "/v2/audit_entries"


def entries(asker: Asker, **filters: Any) -> list[Json]:
    """All entries that fit, the newest first, on one page."""
    answer = asker.get(PATH, {"page[size]": 250, **{f"filter[{name}]": filters[name] for name in filters}})
    assert answer.status == 200, answer
    return answer.data


def actions(asker: Asker, **filters: Any) -> list[str]:
    return [entry["action"] for entry in entries(asker, **filters)]


def exported(asker: Asker, query: dict[str, Any] | None = None) -> list[Json]:
    answer = asker.get(f"{PATH}/export", query)
    assert answer.status == 200, answer
    return [json.loads(line) for line in answer.raw.decode().splitlines()]


def write(company: Company, count: int, **values: Any) -> None:
    """So many entries, a second apart, the last one now."""
    for number in range(count):
        entry = auditing.record(HOUSE, "thing.done", tenant=company.row, subject=str(number), **values)
        at = timezone.now() - timedelta(seconds=count - number)
        AuditEntry.objects.filter(pk=entry.pk).update(occurred_at=at)


# --- What an entry says -----------------------------------------------------------------------------------


def test_an_entry_says_who_did_what_to_whom_when_and_from_where(acme: Company, demo_room: Json) -> None:
    before = datetime.now(UTC)
    answer = acme.person("ana").post(
        f"/v2/rooms/{demo_room['id']}/bans",
        {"identity": "bo", "reason": "shouting"},
        X_Request_Id="a-request",
    )
    (entry,) = entries(acme.back_end, action="ban.created")
    assert before <= datetime.fromisoformat(entry.pop("occurred_at")) <= datetime.now(UTC)
    assert entry.pop("id")
    assert entry == {
        "record_type": "audit_entry",
        "actor_kind": "identity",
        "actor": "ana",
        "action": "ban.created",
        "outcome": "done",
        "reason": "",
        "subject_kind": "identity",
        "subject": "bo",
        "room_id": demo_room["id"],
        "address": "127.0.0.1",
        "request_id": "a-request",
        "details": {"ban_id": answer.data["id"], "reason": "shouting"},
    }


def test_a_refusal_says_why(acme: Company, demo_room: Json) -> None:
    mint(acme.person("cy"), demo_room)
    (entry,) = entries(acme.back_end, outcome="refused")
    assert (entry["actor"], entry["action"], entry["reason"]) == ("cy", "token.mint", "not_a_member")


def test_where_an_operator_sits_is_not_told_to_tenants(acme: Company) -> None:
    operator = Caller(CallerKind.OPERATOR, "root", tenant=acme.row, address="203.0.113.9")
    auditing.record(operator, "tenant.suspended", subject_kind="tenant", subject=acme.row.pk)
    (entry,) = entries(acme.back_end, action="tenant.suspended")
    assert (entry["actor"], entry["address"]) == ("root", "")
    assert b"203.0.113.9" not in acme.back_end.get(f"{PATH}/export").raw


def test_it_tells_the_story_of_a_removal(gathering: Gathering) -> None:
    ana, bo = gathering.company.person("ana"), gathering.comes("bo")
    gathering.hear()
    kicked = gathering.acts(ana, "kick", participants=gathering.ids(bo), ban={"reason": "shouting"})
    gathering.done(kicked)
    mint(gathering.company.person("bo"), gathering.room)
    ana.delete(f"/v2/bans/{kicked.data['bans'][0]['id']}")
    gathering.acts(ana, "end")
    told = [
        (entry["actor"], entry["action"], entry["reason"])
        for entry in entries(ana, room_id=gathering.room["id"])
    ]
    assert told[::-1][-5:] == [
        ("ana", "ban.created", ""),
        ("ana", "participants.kicked", ""),
        ("bo", "token.mint", "banned"),
        ("ana", "ban.lifted", ""),
        ("ana", "session.ended", ""),
    ]


# --- Who sees which ---------------------------------------------------------------------------------------


def test_a_back_end_sees_all_of_its_tenant_and_nothing_else(
    acme: Company, globex: Company, demo_room: Json
) -> None:
    globex.new_room()
    rooms = {entry["room_id"] for entry in entries(acme.back_end)}
    assert rooms == {demo_room["id"]}
    assert AuditEntry.objects.filter(tenant=globex.row).exists()


def test_a_moderator_sees_the_rooms_they_moderate(acme: Company, demo_room: Json) -> None:
    acme.new_room({"bo": "moderator"})
    assert {entry["room_id"] for entry in entries(acme.person("ana"))} == {demo_room["id"]}
    assert len(entries(acme.person("bo"))) == 2
    assert entries(acme.person("cy")) == []


def test_who_does_not_moderate_any_more_sees_nothing_any_more(acme: Company, demo_room: Json) -> None:
    path = f"/v2/rooms/{demo_room['id']}/members"
    (member,) = acme.back_end.get(path, {"filter[identity]": "ana"}).data
    acme.back_end.patch(f"{path}/{member['id']}", {"role": "participant"})
    assert entries(acme.person("ana")) == []


def test_a_moderator_of_the_same_name_elsewhere_sees_nothing(globex: Company, demo_room: Json) -> None:
    globex.new_room({"ana": "moderator"})
    assert demo_room["id"] not in {entry["room_id"] for entry in entries(globex.person("ana"))}


def test_entries_of_no_room_are_for_back_ends(acme: Company, demo_room: Json) -> None:
    acme.back_end.post("/v2/bans", {"identity": "bo"})
    assert "ban.created" in actions(acme.back_end)
    assert "ban.created" not in actions(acme.person("ana"))


def test_a_key_without_the_scope_sees_nothing(acme: Company) -> None:
    narrow = acme.key_with("rooms:read", "moderate")
    assert narrow.get(PATH).refusal == narrow.get(f"{PATH}/export").refusal == (403, "missing_scope")


def test_people_do_not_export(acme: Company, demo_room: Json) -> None:
    assert acme.person("ana").get(f"{PATH}/export").refusal == (403, "back_end_only")


# --- Filters ----------------------------------------------------------------------------------------------


def test_by_action_actor_outcome_and_room(acme: Company, demo_room: Json) -> None:
    other = acme.new_room()
    mint(acme.person("cy"), demo_room)
    assert actions(acme.back_end, action="room.created") == ["room.created"] * 2
    assert actions(acme.back_end, actor="cy") == ["token.mint"]
    assert actions(acme.back_end, outcome="refused") == ["token.mint"]
    assert actions(acme.back_end, room_id=other["id"]) == ["room.created"]
    assert actions(acme.back_end, actor="cy", outcome="done") == []


def test_by_the_person_it_was_done_to_alone_or_among_others(gathering: Gathering) -> None:
    back_end = gathering.company.back_end
    for identity in ("ana", "bo"):
        gathering.comes(identity)
    gathering.hear()
    gathering.acts(back_end, "mute", participants="all")
    gathering.acts(back_end, "kick", identities=["bo"])
    assert actions(back_end, identity="bo") == ["participants.kicked", "participants.muted", "member.added"]
    assert actions(back_end, identity="ana") == ["participants.muted", "member.added"]
    assert actions(back_end, identity="b") == actions(back_end, identity="o") == []


def test_any_name_of_a_person_is_compared_to_the_letter(gathering: Gathering) -> None:
    back_end = gathering.company.back_end
    gathering.comes("bo")
    gathering.hear()
    for identity in ('"', "'", "%", "bo' OR '1'='1", "\\", "[]", "日本"):
        assert entries(back_end, identity=identity) == [], identity
        gathering.acts(back_end, "kick", identities=[identity])
        assert actions(back_end, identity=identity) == ["participants.kicked"], identity


def test_by_day(acme: Company) -> None:
    write(acme, 1)
    AuditEntry.objects.update(occurred_at=datetime(2026, 3, 4, 23, 59, 59, 999999, UTC))
    for comparison, day, found in [
        ("eq", "2026-03-04", 1), ("eq", "2026-03-05", 0), ("gte", "2026-03-04", 1), ("gte", "2026-03-05", 0),
        ("lte", "2026-03-04", 1), ("lte", "2026-03-03", 0),
    ]:  # fmt: skip
        answer = acme.back_end.get(PATH, {f"filter[date_occurred_at][{comparison}]": day})
        assert len(answer.data) == found, (comparison, day)


def test_filters_hold_for_the_export_too(acme: Company, demo_room: Json) -> None:
    assert {entry["action"] for entry in exported(acme.back_end, {"filter[action]": "member.added"})} == {
        "member.added"
    }
    assert acme.back_end.get(f"{PATH}/export", {"filter[colour]": "red"}).refusal == (
        400,
        "unknown_parameter",
    )
    assert acme.back_end.get(f"{PATH}/export", {"page[size]": "5"}).refusal == (400, "unknown_parameter")


# --- Pages ------------------------------------------------------------------------------------------------


def page(asker: Asker, size: int, after: str | None = None, **more: str) -> Answer:
    return asker.get(PATH, {"page[size]": size, **({"page[after]": after} if after else {}), **more})


def walk(asker: Asker, size: int) -> list[str]:
    """The subjects of all pages, in their order."""
    found, after = [], None
    while True:
        answer = page(asker, size, after)
        found += [entry["subject"] for entry in answer.data]
        assert answer.body["meta"]["page_size"] == size
        if (after := answer.body["meta"]["cursors"]["after"]) is None:
            return found


def test_pages_show_every_entry_once_the_newest_first(acme: Company) -> None:
    write(acme, 7)
    for size in (1, 2, 3, 7, 250):
        assert walk(acme.back_end, size) == [str(number) for number in range(6, -1, -1)], size


def test_entries_of_one_moment_are_each_shown_once(acme: Company) -> None:
    write(acme, 9)
    AuditEntry.objects.update(occurred_at=datetime(2026, 3, 4, tzinfo=UTC))
    assert sorted(walk(acme.back_end, 2)) == [str(number) for number in range(9)]


def test_what_is_written_meanwhile_shifts_no_page(acme: Company) -> None:
    write(acme, 4)
    first = page(acme.back_end, 2)
    for _ in range(3):
        auditing.record(HOUSE, "thing.done", tenant=acme.row)
    second = page(acme.back_end, 2, first.body["meta"]["cursors"]["after"])
    assert [entry["subject"] for entry in (*first.data, *second.data)] == ["3", "2", "1", "0"]
    assert second.body["meta"]["cursors"]["after"] is None


def test_nothing_at_all_is_one_empty_page(acme: Company) -> None:
    answer = page(acme.back_end, 5)
    assert (answer.data, answer.body["meta"]) == ([], {"page_size": 5, "cursors": {"after": None}})


def test_what_is_no_cursor_is_refused(acme: Company) -> None:
    for cursor in ("1", "garbage", "a:b:c", "WzEsMl0:x:y", "é", "x" * 3000):
        refused = page(acme.back_end, 2, cursor)
        assert refused.refusal == (400, "invalid_cursor"), cursor
        assert refused.error["source"] == {"parameter": "page[after]"}


def test_a_cursor_that_was_changed_is_refused(acme: Company) -> None:
    write(acme, 3)
    cursor = page(acme.back_end, 2).body["meta"]["cursors"]["after"]
    for place in (0, len(cursor) // 2, len(cursor) - 1):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        assert page(acme.back_end, 2, changed).refusal == (400, "invalid_cursor")


def test_a_cursor_of_another_tenant_shows_no_more_than_ones_own(acme: Company, globex: Company) -> None:
    write(acme, 3)
    cursor = page(acme.back_end, 2).body["meta"]["cursors"]["after"]
    assert page(globex.back_end, 2, cursor).data == []


def test_a_size_that_cannot_be_is_refused(acme: Company) -> None:
    for size in ("0", "251", "-1", "many", "1.5"):
        assert acme.back_end.get(PATH, {"page[size]": size}).refusal == (400, "out_of_range"), size


def test_pages_by_number_are_not_known_here(acme: Company) -> None:
    assert acme.back_end.get(PATH, {"page[number]": "2"}).refusal == (400, "unknown_parameter")


# --- Export -----------------------------------------------------------------------------------------------


def test_the_export_has_every_entry_the_oldest_first_as_lists_show_it(acme: Company, demo_room: Json) -> None:
    mint(acme.person("cy"), demo_room)
    assert exported(acme.back_end) == entries(acme.back_end)[::-1]


def test_it_is_lines_of_json(acme: Company) -> None:
    write(acme, 2, details={"text": "a\nb\u2028c", "name": "日本"})
    answer = acme.back_end.get(f"{PATH}/export")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.raw.count(b"\n") == 2
    assert answer.raw.endswith(b"\n")
    assert json.loads(answer.raw.split(b"\n")[0])["details"] == {"text": "a\nb\u2028c", "name": "日本"}


def test_nothing_to_export_is_nothing(acme: Company) -> None:
    assert acme.back_end.get(f"{PATH}/export").raw == b""


def test_more_than_one_batch_is_exported_without_a_gap(acme: Company) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(
            tenant=acme.row, action="thing.done", actor="x", actor_kind="system", subject=str(number),
            occurred_at=datetime(2026, 3, 4, tzinfo=UTC) + timedelta(seconds=number // 7),
        )
        for number in range(1203)
    )  # fmt: skip
    found = [int(entry["subject"]) for entry in exported(acme.back_end)]
    assert sorted(found) == list(range(1203))
    assert [number // 7 for number in found] == sorted(number // 7 for number in range(1203))


# --- Acts of the house ------------------------------------------------------------------------------------


def test_commands_are_written_down(acme: Company) -> None:
    call_command("rotate_signing_key", "context", verbosity=0)
    call_command("rotate_secrets", verbosity=0)
    call_command("suspend_tenant", "acme", verbosity=0)
    written = AuditEntry.objects.filter(actor_kind="system").values_list("action", flat=True)
    assert {"signing_key.rotated", "secrets.rotated", "tenant.suspended"} <= set(written)
    assert actions(acme.back_end) == ["tenant.suspended"]  # what concerns all tenants is none of one tenant's
