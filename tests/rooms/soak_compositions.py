"""Every step at which an order for a film can be cut off, under every fault, and every fault under which it is not:
`pytest tests/rooms/soak_compositions.py`. It is not part of the suite; `test_faults_on_compositions.py` takes the
faults that leave something else behind. And thousands of layouts, which Telnyx and we must judge alike."""

import pytest

from tests.cast import Company
from tests.rooms.compositions import CuttingRoom
from tests.rooms.dying import Step
from tests.rooms.test_composition_layouts import take_and_refuse_the_same
from tests.rooms.test_faults_on_compositions import STEPS, cutting_room, die_under, live_under
from tests.rooms.test_faults_on_orders import FAULTS, every_fault
from tests.tokens.passing import Time

__all__ = ["cutting_room"]
pytestmark = [pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("step", STEPS, ids=str)
def test_there_is_one_film_in_the_end(cutting_room: CuttingRoom, time: Time, step: Step) -> None:
    for fault in FAULTS:
        die_under(cutting_room, time, step, fault)


@every_fault
def test_there_is_one_film_in_the_end_if_nobody_dies(
    cutting_room: CuttingRoom, time: Time, fault: str
) -> None:
    live_under(cutting_room, time, fault)


def test_telnyx_and_we_take_and_refuse_the_same(cutting_room: CuttingRoom, acme: Company) -> None:
    take_and_refuse_the_same(cutting_room, acme, 2000)
