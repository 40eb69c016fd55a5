"""A ban of somebody who is in: they are put out, as often as they come back, and the ban says how far it has got."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rooms.models import Ban, Operation, Removal, Room
from tests.asking import Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.rooms.orders import settle
from tests.tokens.doors import enter, mint, refresh
from tests.tokens.passing import Time, moment
from videobroker.tenants.models import AuditEntry


def ban(gathering: Gathering, identity: str = "bo", *, everywhere: bool = False, **terms: Any) -> Json:
    path = "/v2/bans" if everywhere else f"/v2/rooms/{gathering.room['id']}/bans"
    banned = gathering.company.back_end.post(path, {"identity": identity, **terms})
    assert banned.status == 201, banned
    return banned.data


def told(gathering: Gathering, banned: Json) -> Json:
    """The ban as it is shown now."""
    return gathering.company.back_end.get(f"/v2/bans/{banned['id']}").data


@pytest.fixture
def bo(gathering: Gathering) -> str:
    """Bo is in; his participant's id at Telnyx."""
    came = gathering.comes("bo")
    gathering.hear()
    return came


@pytest.mark.parametrize("everywhere", [False, True])
def test_who_is_in_is_put_out_by_the_ban_itself(gathering: Gathering, bo: str, everywhere: bool) -> None:
    ban(gathering, everywhere=everywhere)
    settle()
    assert not gathering.is_in(bo)


@pytest.mark.parametrize("everywhere", [False, True])
def test_what_a_moderator_ordered_before_is_not_carried_out(
    gathering: Gathering, bo: str, everywhere: bool
) -> None:
    ana = gathering.company.person("ana")
    ordered = [gathering.acts(ana, action) for action in ("kick", "mute", "unmute", "end")]
    ban(gathering, "ana", everywhere=everywhere)
    for answer in ordered:
        done = gathering.done(answer)
        assert (done.state, done.last_error.split(":")[0]) == ("cancelled", "not_authorized")
    assert gathering.is_in(bo)


def test_what_a_moderator_ordered_is_carried_out_once_the_ban_is_over(gathering: Gathering, bo: str) -> None:
    ordered = gathering.acts(gathering.company.person("ana"), "end")
    banned = ban(gathering, "ana")
    assert gathering.company.back_end.delete(f"/v2/bans/{banned['id']}").status == 204
    assert gathering.done(ordered).state == "succeeded"
    assert not gathering.is_in(bo)


def test_the_others_stay(gathering: Gathering, bo: str) -> None:
    ana = gathering.comes("ana")
    gathering.hear()
    ban(gathering)
    settle()
    assert gathering.is_in(ana)


def test_it_is_removed_when_telnyx_says_that_they_left(gathering: Gathering, bo: str) -> None:
    banned = ban(gathering)
    assert banned["removed_at"] is None
    settle()
    assert told(gathering, banned)["removed_at"] is None  # ordered and done, but nobody has told so
    gathering.hear()
    left_at = gathering.person(bo).left_at
    assert left_at is not None
    assert moment(told(gathering, banned)["removed_at"]) == left_at


def test_nobody_to_remove_is_removed_at_once(gathering: Gathering) -> None:
    banned = ban(gathering)
    assert banned["removed_at"] == banned["tokens_blocked_at"] == banned["created_at"]


def test_who_comes_back_with_the_old_token_is_put_out_again(gathering: Gathering) -> None:
    minted = enter(gathering.company.person("bo"), gathering.room)
    gathering.joins(minted)
    gathering.hear()
    banned = ban(gathering)
    settle()
    gathering.hear()
    first = told(gathering, banned)["removed_at"]
    again = gathering.joins(minted)
    gathering.hear()
    assert told(gathering, banned)["removed_at"] is None
    settle()
    assert not gathering.is_in(again)
    gathering.hear()
    assert moment(told(gathering, banned)["removed_at"]) > moment(first)


def test_who_was_never_in_is_met_at_the_door(gathering: Gathering) -> None:
    minted = enter(gathering.company.person("bo"), gathering.room)
    ban(gathering)
    came = gathering.joins(minted)
    gathering.hear()
    settle()
    assert not gathering.is_in(came)


def test_the_window_ends_with_the_last_token_that_is_out(gathering: Gathering) -> None:
    bo = gathering.company.person("bo")
    ends = [enter(bo, gathering.room, token_ttl_secs=ttl)["token_expires_at"] for ttl in (60, 600, 300)]
    assert ban(gathering)["residual_window_ends_at"] == ends[1]


def test_the_window_of_a_ban_from_all_rooms_is_that_of_all_rooms(gathering: Gathering) -> None:
    other = gathering.company.new_room({"bo": "participant"})
    bo = gathering.company.person("bo")
    enter(bo, gathering.room, token_ttl_secs=60)
    longest = enter(bo, other, token_ttl_secs=600)["token_expires_at"]
    assert ban(gathering, everywhere=True)["residual_window_ends_at"] == longest


def test_there_is_no_window_where_no_token_is_out(gathering: Gathering, time: Time) -> None:
    assert ban(gathering, "cy")["residual_window_ends_at"] is None
    enter(gathering.company.person("bo"), gathering.room, token_ttl_secs=60)
    time.passes(61)
    assert ban(gathering)["residual_window_ends_at"] is None


def test_sealing_closes_the_window(gathering: Gathering) -> None:
    enter(gathering.company.person("bo"), gathering.room, token_ttl_secs=600)
    banned = ban(gathering)
    assert banned["sealed_at"] is None
    sealed = gathering.company.back_end.post(f"/v2/rooms/{gathering.room['id']}/actions/seal")
    assert sealed.status == 202
    settle()
    shown = told(gathering, banned)
    assert shown["sealed_at"] == shown["residual_window_ends_at"]
    assert moment(shown["sealed_at"]) == gathering.row.sealed_at


def test_a_seal_before_the_ban_is_not_the_bans(gathering: Gathering) -> None:
    Room.objects.filter(pk=gathering.room["id"]).update(sealed_at=timezone.now())
    assert ban(gathering)["sealed_at"] is None


@pytest.mark.parametrize("everywhere", [False, True])
def test_grants_are_revoked_and_the_room_is_watched_till_the_last_token_ends(
    gathering: Gathering, everywhere: bool
) -> None:
    bo = gathering.company.person("bo")
    minted = enter(bo, gathering.room, token_ttl_secs=600)
    banned = ban(gathering, everywhere=everywhere)
    removal = Removal.objects.get(room=gathering.room["id"], identity="bo")
    assert removal.watched_until_at > moment(banned["residual_window_ends_at"])
    grant = gathering.company.back_end.get(f"/v2/grants/{minted['grant_id']}").data
    assert (grant["state"], grant["revoked_because"]) == ("revoked", "banned")
    assert refresh(bo, gathering.room, minted["refresh_token"]).refusal == (403, "banned")


def test_a_ban_from_all_rooms_empties_each_of_them(gathering: Gathering, bo: str) -> None:
    other = Gathering.of(
        gathering.company, gathering.simulator, gathering.company.new_room({"bo": "participant"})
    )
    there = other.comes("bo")
    other.hear()
    ban(gathering, everywhere=True)
    settle()
    assert not gathering.is_in(bo)
    assert not other.is_in(there)


def test_a_ban_of_one_tenant_puts_out_nobody_of_another(
    gathering: Gathering, globex: Company, bo: str
) -> None:
    globex.back_end.post("/v2/bans", {"identity": "bo"})
    settle()
    assert gathering.is_in(bo)
    assert enter(gathering.company.person("bo"), gathering.room)


def test_who_comes_after_the_ban_is_none_of_its_business(gathering: Gathering, bo: str) -> None:
    banned = ban(gathering)
    settle()
    gathering.hear()
    before = told(gathering, banned)
    gathering.company.back_end.delete(f"/v2/bans/{banned['id']}")
    back = gathering.comes("bo")
    gathering.hear()
    settle()
    assert gathering.is_in(back)
    assert told(gathering, banned)["removed_at"] == before["removed_at"]


def test_the_removal_is_ordered_once_and_written_down(gathering: Gathering, bo: str) -> None:
    ban(gathering, reason="shouting")
    kicks = Operation.objects.filter(kind="kick")
    assert kicks.count() == 1
    entry = AuditEntry.objects.get(action="participants.kicked")
    assert (entry.actor_kind, entry.actor) == ("system", "videobroker")
    assert (entry.details["because"], entry.details["identities"]) == ("banned", ["bo"])
    settle()
    assert gathering.evicts() == 0


def test_a_kick_with_a_ban_tells_the_bans_effect(gathering: Gathering, bo: str) -> None:
    gathering.comes("ana")
    gathering.hear()
    answer = gathering.acts(gathering.company.back_end, "kick", identities=["bo"], ban={})
    (banned,) = answer.data["bans"]
    assert (banned["identity"], banned["removed_at"]) == ("bo", None)
    assert banned["residual_window_ends_at"] is not None
    assert Removal.objects.filter(identity="bo").count() == 1


def test_a_list_asks_no_more_for_many_bans_than_for_one(gathering: Gathering, bo: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert gathering.company.back_end.get("/v2/bans", {"page[size]": "50"}).status == 200
        return len(captured)

    ban(gathering)
    one = queries()
    for number in range(10):
        ban(gathering, f"person {number}", everywhere=number % 2 == 0)
    assert Ban.objects.count() == 11
    assert queries() == one


def test_a_ban_that_ends_by_itself_lets_in_again(gathering: Gathering, bo: str, time: Time) -> None:
    until = datetime.fromisoformat(gathering.company.back_end.get("/v2/rooms").data[0]["created_at"])
    until = until.replace(year=until.year + 1)
    banned = ban(gathering, until=until.isoformat())
    settle()
    gathering.hear()
    assert moment(told(gathering, banned)["removed_at"]) == gathering.person(bo).left_at
    time.passes_until(until)
    assert mint(gathering.company.person("bo"), gathering.room).status == 201
