"""Revoking: what is revoked is refreshed no more; what is unknown is as good as revoked (RFC 7009)."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.tokens.doors import audited, enter, grant_of, refresh, revoke, stay

GRANT_REVOKED = (403, "grant_revoked")


def is_revoked(acme: Company, minted: Json) -> bool:
    return bool(grant_of(acme.back_end, minted)["state"] == "revoked")


def test_a_person_signs_one_device_out(acme: Company, demo_room: Json) -> None:
    laptop, phone = (enter(acme.person("bo"), demo_room) for _ in range(2))
    answer = revoke(acme.person("bo"), demo_room, refresh_token=laptop["refresh_token"])
    assert (answer.status, answer.data) == (200, {"result": "ok", "revoked": 1})
    assert refresh(acme.person("bo"), demo_room, laptop["refresh_token"]).refusal == GRANT_REVOKED
    stay(acme.person("bo"), demo_room, phone["refresh_token"])


def test_or_all_of_their_own(acme: Company, demo_room: Json) -> None:
    minted = [enter(acme.person("bo"), demo_room) for _ in range(2)]
    anas = enter(acme.person("ana"), demo_room)
    assert revoke(acme.person("bo"), demo_room, identity="bo").data["revoked"] == 2
    assert all(is_revoked(acme, one) for one in minted)
    assert not is_revoked(acme, anas)


def test_by_any_generation_of_its_token(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    refreshed = stay(acme.person("bo"), demo_room, minted["refresh_token"])
    stay(acme.person("bo"), demo_room, refreshed["refresh_token"])
    assert revoke(acme.person("bo"), demo_room, refresh_token=minted["refresh_token"]).data["revoked"] == 1
    assert audited(demo_room, "token.reused") == []


def test_by_grant_id(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    assert revoke(acme.person("bo"), demo_room, grant_id=minted["grant_id"]).data["revoked"] == 1
    assert is_revoked(acme, minted)


def test_by_the_time_it_was_issued(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    created_at = datetime.fromisoformat(grant_of(acme.back_end, minted)["created_at"])
    before, after = ((created_at + timedelta(milliseconds=ms)).isoformat() for ms in (-1, 1))
    assert revoke(acme.back_end, demo_room, issued_before=before).data["revoked"] == 0
    assert revoke(acme.back_end, demo_room, issued_before=after).data["revoked"] == 1


def test_several_conditions_must_all_hold(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    assert revoke(acme.back_end, demo_room, grant_id=minted["grant_id"], identity="ana").data["revoked"] == 0
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    both = revoke(acme.back_end, demo_room, identity="bo", issued_before=later)
    assert both.data["revoked"] == 1


def test_a_moderator_revokes_anybodys(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    assert revoke(acme.person("ana"), demo_room, identity="bo").data["revoked"] == 1
    assert refresh(acme.person("bo"), demo_room, minted["refresh_token"]).refusal == GRANT_REVOKED


def test_who_takes_part_revokes_nobody_elses(acme: Company, demo_room: Json) -> None:
    anas = enter(acme.person("ana"), demo_room)
    assert revoke(acme.person("bo"), demo_room, identity="ana").refusal == (403, "not_a_moderator")
    assert revoke(acme.person("bo"), demo_room, grant_id=anas["grant_id"]).data["revoked"] == 0
    assert revoke(acme.person("bo"), demo_room, refresh_token=anas["refresh_token"]).data["revoked"] == 0
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert revoke(acme.person("bo"), demo_room, issued_before=later).data["revoked"] == 0
    assert not is_revoked(acme, anas)


def test_who_was_removed_may_still_revoke_their_own(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    path = f"/v2/rooms/{demo_room['id']}/members"
    (member,) = acme.back_end.get(path, {"filter[identity]": "bo"}).data
    acme.back_end.delete(f"{path}/{member['id']}")
    assert revoke(acme.person("bo"), demo_room, refresh_token=minted["refresh_token"]).data["revoked"] == 1


def test_only_grants_of_this_room_are_revoked(acme: Company, demo_room: Json) -> None:
    other = acme.new_room({"bo": "participant"})
    elsewhere = enter(acme.person("bo"), other)
    assert revoke(acme.person("bo"), demo_room, grant_id=elsewhere["grant_id"]).data["revoked"] == 0
    assert revoke(acme.back_end, demo_room, identity="bo").data["revoked"] == 0
    stay(acme.person("bo"), other, elsewhere["refresh_token"])


@pytest.mark.parametrize(
    "by", [{"refresh_token": "garbage"}, {"grant_id": str(uuid.uuid4())}, {"identity": "nobody"}]
)
def test_what_is_unknown_is_as_good_as_revoked(acme: Company, demo_room: Json, by: Json) -> None:
    answer = revoke(acme.back_end, demo_room, **by)
    assert (answer.status, answer.data) == (200, {"result": "ok", "revoked": 0})


def test_revoking_twice_changes_nothing(acme: Company, demo_room: Json) -> None:
    minted = enter(acme.person("bo"), demo_room)
    revoke(acme.person("bo"), demo_room, grant_id=minted["grant_id"])
    revoked_at = grant_of(acme.back_end, minted)["revoked_at"]
    assert revoke(acme.person("bo"), demo_room, grant_id=minted["grant_id"]).data["revoked"] == 0
    assert grant_of(acme.back_end, minted)["revoked_at"] == revoked_at


def test_it_is_audited_when_something_was_revoked(acme: Company, demo_room: Json) -> None:
    enter(acme.person("bo"), demo_room)
    revoke(acme.person("ana"), demo_room, identity="bo")
    revoke(acme.person("ana"), demo_room, identity="bo")
    assert audited(demo_room, "token.revoked") == [("ana", "bo", "")]


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 422), ({"grant_id": "x"}, 422), ({"issued_before": "yesterday"}, 422), ({"everybody": True}, 422)],
)
def test_a_body_that_says_nothing_is_refused(acme: Company, demo_room: Json, body: Json, status: int) -> None:
    assert revoke(acme.back_end, demo_room, **body).status == status


def test_who_was_revoked_may_come_in_anew(acme: Company, demo_room: Json) -> None:
    enter(acme.person("bo"), demo_room)
    revoke(acme.person("ana"), demo_room, identity="bo")
    enter(acme.person("bo"), demo_room)
