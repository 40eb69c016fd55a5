"""No act without its entry: each is written with what it is about, in one transaction; and who tries what is not
theirs to do is written down as well."""

import pytest

from rooms.models import Ban, Member, Operation, Removal, Room
from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.rooms.refusing import refuse
from tests.simulated import Simulator
from tests.tokens.doors import audited, enter, mint, revoke
from tests.videobroker.tenants.scenes import undone
from tokens.models import Grant
from videobroker.tenants.models import AuditEntry

ACTS = [
    "room.created", "room.updated", "room.deleted", "room.sealed", "member.added", "member.changed", "member.removed",
    "ban.created", "ban.lifted", "participants.kicked", "participants.muted", "participants.unmuted", "session.ended",
    "token.revoked",
]  # fmt: skip


@pytest.fixture
def gathered(gathering: Gathering) -> Gathering:
    """Bo is in, and zed is banned."""
    gathering.comes("bo")
    gathering.hear()
    gathering.company.back_end.post(f"/v2/rooms/{gathering.room['id']}/bans", {"identity": "zed"})
    return gathering


def act(asker: Asker, gathered: Gathering, action: str) -> Answer:
    """Do the act that is written down as `action`."""
    room = f"/v2/rooms/{gathered.room['id']}"
    member = f"{room}/members/{Member.objects.get(room=gathered.room['id'], identity='bo').pk}"
    match action:
        case "room.created":
            return asker.post("/v2/rooms", {"unique_name": "another"})
        case "room.updated":
            return asker.patch(room, {"locked": True})
        case "room.deleted":
            return asker.delete(room)
        case "room.sealed":
            return asker.post(f"{room}/actions/seal")
        case "member.added":
            return asker.post(f"{room}/members", {"identity": "dot"})
        case "member.changed":
            return asker.patch(member, {"role": "moderator"})
        case "member.removed":
            return asker.delete(member)
        case "ban.created":
            return asker.post(f"{room}/bans", {"identity": "bo"})
        case "ban.lifted":
            return asker.delete(f"/v2/bans/{Ban.objects.get(identity='zed').pk}")
        case "token.revoked":
            return revoke(asker, gathered.room, identity="bo")
    told = {"participants.kicked": "kick", "participants.muted": "mute", "participants.unmuted": "unmute"}
    return gathered.acts(asker, told.get(action, "end"))


def everything() -> list[object]:
    """All that acts change, but for the audit."""
    return [
        sorted(map(repr, model._base_manager.values_list(*columns)))
        for model, columns in [
            (Room, ["pk", "locked", "deleted_at", "orders"]),
            (Member, ["pk", "role"]),
            (Ban, ["pk", "lifted_at"]),
            (Operation, ["pk"]),
            (Removal, ["pk"]),
            (Grant, ["pk", "state"]),
        ]
    ]


def test_every_act_writes_its_entry(gathered: Gathering) -> None:
    for action in ACTS:
        with undone():
            before = AuditEntry.objects.filter(action=action).count()
            assert act(gathered.company.back_end, gathered, action).status in {200, 201, 202, 204}, action
            written = AuditEntry.objects.filter(action=action)
            assert written.count() == before + 1, action
            entry = written[0]
        assert (entry.tenant, entry.actor_kind, entry.outcome) == (gathered.company.row, "api_key", "done")
        assert entry.address == "127.0.0.1"
        assert entry.request_id
        assert entry.subject


def test_an_act_that_cannot_be_written_down_does_not_happen(
    gathered: Gathering, simulator: Simulator
) -> None:
    before, asked = everything(), len(simulator.calls())
    refuse(AuditEntry, "INSERT")
    for action in ACTS:
        assert act(gathered.company.back_end, gathered, action).status >= 500, action
        assert everything() == before, action
    assert len(simulator.calls()) == asked


# --- What is refused --------------------------------------------------------------------------------------

MODERATORS_ALONE = [action for action in ACTS if action not in {"room.created", "room.deleted", "ban.lifted"}]


def test_a_member_who_tries_what_is_a_moderators_is_written_down(gathered: Gathering) -> None:
    acme = gathered.company
    bo, ana = acme.person("bo"), acme.person("ana")
    for action in MODERATORS_ALONE:
        with undone():
            tried = (
                revoke(bo, gathered.room, identity="ana")
                if action == "token.revoked"
                else act(bo, gathered, action)
            )
            assert tried.refusal == (403, "not_a_moderator"), action
            entry = AuditEntry.objects.get(action=action, outcome="refused")
            seen = ana.get("/v2/audit_entries", {"filter[outcome]": "refused"}).data
        assert (entry.actor, entry.reason, str(entry.room_id)) == (
            "bo",
            "not_a_moderator",
            gathered.room["id"],
        )
        assert entry.address == "127.0.0.1"
        assert [found["action"] for found in seen] == [action]


def test_so_is_a_stranger(gathered: Gathering) -> None:
    for action in MODERATORS_ALONE:
        if action != "token.revoked":
            with undone():
                assert act(gathered.company.person("cy"), gathered, action).refusal == (403, "not_a_member")
                assert audited(gathered.room, action)[0][::2] == ("cy", "not_a_member"), action


def test_a_key_once_used_does_not_hide_a_refusal(gathered: Gathering) -> None:
    path, key = f"/v2/rooms/{gathered.room['id']}/bans", {"Idempotency_Key": "k"}
    for _ in range(2):
        assert gathered.company.person("bo").post(path, {"identity": "ana"}, **key).status == 403
    assert len(audited(gathered.room, "ban.created")) == 1 + 2  # zed's, and twice bo's try


def test_a_moderator_who_reaches_for_what_is_its_owners_is_written_down(gathered: Gathering) -> None:
    path = f"/v2/rooms/{gathered.room['id']}"
    assert gathered.company.person("ana").patch(path, {"access": "tenant"}).refusal == (403, "back_end_only")
    assert audited(gathered.room, "room.updated")[0][::2] == ("ana", "back_end_only")


def test_asking_for_somebody_elses_token_is_written_down(gathered: Gathering) -> None:
    assert mint(gathered.company.person("bo"), gathered.room, identity="ana").refusal == (403, "not_yourself")
    assert audited(gathered.room, "token.mint") == [("bo", "ana", "not_yourself")]


def test_what_is_somebody_elses_room_leaves_no_trace_in_it(
    gathered: Gathering, globex: Company, demo_room: Json
) -> None:
    before = AuditEntry.objects.count()
    gus = globex.person("gus")
    assert act(gus, gathered, "participants.kicked").status == 404
    assert act(gus, gathered, "ban.created").status == 404
    assert mint(gus, demo_room).status == 404
    assert AuditEntry.objects.count() == before


def test_reading_is_not_written_down(gathered: Gathering) -> None:
    before = AuditEntry.objects.count()
    bo = gathered.company.person("bo")
    assert bo.get(f"/v2/rooms/{gathered.room['id']}/bans").status == 403
    assert bo.get(f"/v2/rooms/{gathered.room['id']}/members").status == 403
    assert AuditEntry.objects.count() == before
    assert enter(gathered.company.person("ana"), gathered.room)
