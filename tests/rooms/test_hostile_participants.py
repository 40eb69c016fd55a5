"""Somebody in a room who may write anything into their context, and copy what others wrote."""

import pytest

from rooms.models import Attribution, Event
from tests.rooms.gatherings import Gathering
from tests.rooms.orders import settle

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
