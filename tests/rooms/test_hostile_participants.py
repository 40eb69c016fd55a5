"""Somebody in a room who may write anything into their context, and copy what others wrote."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from rooms.models import Attribution, Event, Operation, Participant
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.rooms.orders import settle
from tests.simulated import Simulator
from tests.tokens.doors import enter
from tokens.models import Grant

# Of halves of surrogate pairs the simulator takes none; `test_events.py` has one.
UNSTORABLE = ["\x00", "a\x00b"]


class TestTextNoDatabaseKeeps:
    """In a context; it comes to us in events and in answers."""

    @pytest.fixture(autouse=True)
    def enforced(self, gathering: Gathering) -> None:
        gathering.company.change(identity_mode="enforce")

    @pytest.mark.parametrize("context", UNSTORABLE)
    def test_an_event_with_it_is_kept_and_its_participant_put_out(
        self, gathering: Gathering, context: str
    ) -> None:
        bo = gathering.comes("bo", context=context)
        gathering.hear()
        assert set(Event.objects.values_list("state", flat=True)) == {"applied"}
        assert gathering.person(bo).attribution == Attribution.FORGED
        settle()
        assert not gathering.is_in(bo)

    @pytest.mark.parametrize("context", UNSTORABLE)
    def test_it_hides_neither_its_participant_nor_others_from_being_found(
        self, gathering: Gathering, context: str
    ) -> None:
        ana, bo = gathering.comes("ana"), gathering.comes("bo", context=context)
        gathering.asks()
        assert gathering.person(ana).identity == "ana"
        assert gathering.person(bo).attribution == Attribution.FORGED
        settle()
        assert (gathering.is_in(ana), gathering.is_in(bo)) == (True, False)


def long_ago(gathering: Gathering, telnyx_id: str, secs: int) -> None:
    """As if they had come so many seconds earlier."""
    row = Participant.objects.filter(pk=gathering.person(telnyx_id).pk)
    row.update(joined_at=F("joined_at") - timedelta(seconds=secs))


class TestACopiedContext:
    """Everybody in a room can read it there; somebody shows bo's as their own."""

    def test_its_removal_costs_whom_it_was_copied_from_nothing(self, gathering: Gathering) -> None:
        minted = enter(gathering.company.person("bo"), gathering.room)
        bo = gathering.joins(minted)
        copyist = gathering.comes("ana", context=minted["context"])
        gathering.hear()
        long_ago(gathering, bo, 90)
        long_ago(gathering, copyist, 60)
        gathering.asks()
        assert gathering.person(copyist).attribution == Attribution.CLAIMED
        kicked = gathering.acts(gathering.company.person("ana"), "kick", participants=gathering.ids(copyist))
        gathering.done(kicked)
        assert gathering.evicts() == 0
        assert (gathering.is_in(bo), gathering.is_in(copyist)) == (True, False)
        assert Grant.objects.get(pk=minted["grant_id"]).state == Grant.State.OPEN


def test_removals_do_not_pile_up_while_telnyx_is_away(gathering: Gathering) -> None:
    gathering.comes("bo")
    gathering.hear()
    gathering.company.change(status="suspended")
    now = timezone.now()
    ordered = [gathering.evicts(now + timedelta(seconds=3 * turn)) for turn in range(10)]
    assert ordered == [1] + [0] * 9
    assert Operation.objects.filter(kind=Operation.Kind.KICK).count() == 1


def test_a_removal_that_did_not_work_is_ordered_again(gathering: Gathering) -> None:
    gathering.comes("bo")
    gathering.hear()
    gathering.company.change(status="suspended")
    now = timezone.now()
    assert gathering.evicts(now) == 1
    settle()  # Telnyx says that it is done, but nobody has told that bo left
    assert gathering.evicts(now + timedelta(seconds=3)) == 1


def test_a_removed_grant_does_not_hold_again_whatever_the_clocks_say(gathering: Gathering) -> None:
    minted = enter(gathering.company.person("bo"), gathering.room)
    bo = gathering.joins(minted)
    gathering.hear()
    gathering.done(gathering.acts(gathering.company.person("ana"), "kick", participants=gathering.ids(bo)))
    gathering.hear()
    ahead = timezone.now() + timedelta(seconds=20)  # as a database whose clock is ahead of ours would have it
    Grant.objects.update(created_at=ahead)
    Participant.objects.update(granted_at=ahead)
    again = gathering.joins(minted)
    gathering.hear()
    settle()
    assert not gathering.is_in(again)


def test_whom_an_order_spares_is_looked_for_in_its_session_only(
    gathering: Gathering, globex: Company, simulator: Simulator
) -> None:
    elsewhere = Gathering.of(globex, simulator, globex.new_room({"gus": "moderator"}))
    gus, bo = elsewhere.comes("gus"), gathering.comes("bo")
    elsewhere.hear()
    gathering.hear()
    ana = gathering.company.person("ana")
    gathering.done(
        gathering.acts(ana, "kick", participants="all", exclude=elsewhere.ids(gus)),
    )
    assert (gathering.is_in(bo), elsewhere.is_in(gus)) == (False, True)
    (call,) = simulator.calls("kick_participant_in_session")
    assert gus not in str(call)
