"""Who may not be in is put out as they come, and again when we look: the banned, the removed, those of a suspended
tenant, the deactivated, and whom nobody can name; nobody else, and not after the watch is over."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from rooms import evicting, removing, rounds
from rooms.models import Operation, Participant, Removal
from tests.asking import Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.rooms.orders import settle
from tests.tokens.doors import enter
from videobroker.tenants.models import AuditEntry, User


def banned(gathering: Gathering) -> None:
    room_id = gathering.room["id"]
    assert gathering.company.back_end.post(f"/v2/rooms/{room_id}/bans", {"identity": "bo"}).status == 201


def banned_from_all_rooms(gathering: Gathering) -> None:
    assert gathering.company.back_end.post("/v2/bans", {"identity": "bo"}).status == 201


def suspended(gathering: Gathering) -> None:
    gathering.company.change(status="suspended")


def deactivated(gathering: Gathering) -> None:
    User.objects.create(username="bo", tenant=gathering.company.row, identity="bo", is_active=False)


REASONS: dict[str, Callable[[Gathering], None]] = {
    "banned": banned,
    "banned from all rooms": banned_from_all_rooms,
    "suspended": suspended,
    "deactivated": deactivated,
}
every_reason = pytest.mark.parametrize("reason", REASONS)


@pytest.fixture
def token(gathering: Gathering) -> Json:
    """Bo's, minted while all was well."""
    return enter(gathering.company.person("bo"), gathering.room)


def kicked(gathering: Gathering, **ban: Json) -> None:
    body: Json = {"identities": ["bo"], **ban}
    gathering.done(gathering.acts(gathering.company.person("ana"), "kick", **body))
    gathering.hear()


class TestWhoMayNotBeIn:
    @every_reason
    def test_is_out_as_soon_as_we_hear_that_they_came(
        self, gathering: Gathering, token: Json, reason: str
    ) -> None:
        REASONS[reason](gathering)
        bos = gathering.joins(token)
        gathering.hear()
        settle()
        assert not gathering.is_in(bos)

    @every_reason
    def test_or_as_soon_as_we_look_when_they_were_in_before(
        self, gathering: Gathering, token: Json, reason: str
    ) -> None:
        bos = gathering.joins(token)
        gathering.hear()
        REASONS[reason](gathering)
        settle()
        rounds.attribute_and_evict(timezone.now())
        settle()
        assert not gathering.is_in(bos)

    @every_reason
    def test_or_as_soon_as_telnyx_was_asked_when_we_heard_nothing(
        self, gathering: Gathering, token: Json, reason: str
    ) -> None:
        REASONS[reason](gathering)
        bos = gathering.joins(token)
        gathering.asks()
        settle()
        assert not gathering.is_in(bos)

    def test_others_stay(self, gathering: Gathering, token: Json) -> None:
        anas, bos = gathering.comes("ana"), gathering.joins(token)
        banned(gathering)
        gathering.hear()
        settle()
        assert (gathering.is_in(anas), gathering.is_in(bos)) == (True, False)

    def test_a_ban_of_another_tenant_is_none_here(
        self, gathering: Gathering, globex: Company, token: Json
    ) -> None:
        globex.back_end.post("/v2/bans", {"identity": "bo"})
        bos = gathering.joins(token)
        gathering.hear()
        assert gathering.evicts() == 0
        assert gathering.is_in(bos)

    def test_a_ban_that_is_lifted_or_over_is_none(self, gathering: Gathering, token: Json) -> None:
        banned(gathering)
        [ban] = gathering.company.back_end.get("/v2/bans").data
        gathering.joins(token)
        gathering.company.back_end.delete(f"/v2/bans/{ban['id']}")
        Removal.objects.all().delete()
        gathering.hear()
        assert gathering.evicts() == 0

    def test_it_is_audited_as_the_houses_doing_with_the_reason(
        self, gathering: Gathering, token: Json
    ) -> None:
        suspended(gathering)
        gathering.joins(token)
        gathering.hear()
        [entry] = AuditEntry.objects.filter(action="participants.kicked")
        assert (entry.actor_kind, entry.tenant) == ("system", gathering.company.row)
        assert entry.details["because"] == "tenant_suspended"


class TestWhoWasKicked:
    def test_is_out_again_as_often_as_they_return_with_their_token(
        self, gathering: Gathering, token: Json
    ) -> None:
        gathering.comes("ana")
        gathering.joins(token)
        gathering.hear()
        kicked(gathering)
        for _ in range(3):
            again = gathering.joins(token)
            gathering.hear()
            settle()
            assert not gathering.is_in(again)

    def test_also_when_they_show_no_name(self, gathering: Gathering, token: Json) -> None:
        gathering.company.change(identity_mode="observe")
        gathering.comes("ana")
        gathering.joins(token)
        gathering.hear()
        kicked(gathering)
        nameless = gathering.joins(token, context=None)
        gathering.hear()
        settle()
        assert not gathering.is_in(nameless)

    def test_is_put_out_by_name_no_more_once_the_watch_is_over(
        self, gathering: Gathering, token: Json
    ) -> None:
        gathering.company.change(identity_mode="observe")
        gathering.comes("ana")
        gathering.joins(token)
        gathering.hear()
        kicked(gathering)
        nameless = gathering.joins(token, context=None)
        gathering.hear()
        Operation.objects.filter(kind="kick").update(state="cancelled")
        over = timezone.now() + timedelta(hours=2)
        assert gathering.evicts(over) == 0
        assert gathering.is_in(nameless)

    def test_is_welcome_when_they_come_by_the_door(self, gathering: Gathering, token: Json) -> None:
        gathering.comes("ana")
        gathering.joins(token)
        gathering.hear()
        kicked(gathering)
        back = gathering.comes("bo")
        gathering.hear()
        gathering.asks()
        settle()
        assert gathering.is_in(back)
        old_token_again = gathering.joins(token)
        gathering.hear()
        settle()
        assert (gathering.is_in(back), gathering.is_in(old_token_again)) == (True, False)

    def test_with_a_ban_is_not_till_it_is_lifted(self, gathering: Gathering, token: Json) -> None:
        gathering.comes("ana")
        gathering.joins(token)
        gathering.hear()
        kicked(gathering, ban={"reason": "noise"})
        [ban] = gathering.company.back_end.get("/v2/bans").data
        gathering.company.back_end.delete(f"/v2/bans/{ban['id']}")
        back = gathering.comes("bo")
        gathering.hear()
        settle()
        assert gathering.is_in(back)


class TestRepeating:
    def test_nobodys_removal_is_ordered_twice_at_a_time(self, gathering: Gathering, token: Json) -> None:
        gathering.joins(token)
        gathering.hear()
        suspended(gathering)
        now = timezone.now() + timedelta(seconds=5)
        people = Participant.objects.all()
        assert [evicting.evict_unwelcome(people, now=now) for _ in range(3)] == [1, 0, 0]

    def test_one_that_did_not_work_is_ordered_again(self, gathering: Gathering, token: Json) -> None:
        bos = gathering.joins(token)
        gathering.hear()
        suspended(gathering)
        now = timezone.now() + timedelta(seconds=5)
        assert gathering.evicts(now) == 1
        Operation.objects.filter(kind="kick").update(state="failed")
        assert gathering.evicts(now + timedelta(seconds=1)) == 0
        assert gathering.evicts(now + timedelta(seconds=3)) == 1
        settle()
        assert not gathering.is_in(bos)

    def test_one_that_waits_for_telnyx_is_not_ordered_over_and_over(
        self, gathering: Gathering, token: Json
    ) -> None:
        gathering.joins(token)
        gathering.hear()
        suspended(gathering)
        now = timezone.now() + timedelta(seconds=5)
        for minutes in range(5):
            gathering.evicts(now + timedelta(minutes=minutes))
        assert Operation.objects.filter(kind="kick", state="pending").count() == 1


def test_removals_are_forgotten_a_month_after_their_last_token(gathering: Gathering, token: Json) -> None:
    gathering.joins(token)
    gathering.hear()
    kicked(gathering)
    [over_at] = set(Removal.objects.values_list("watched_until_at", flat=True))
    assert removing.forget_old(over_at + removing.KEPT_FOR) == 0
    assert removing.forget_old(over_at + removing.KEPT_FOR + timedelta(seconds=1)) == 2
    assert not Removal.objects.exists()
