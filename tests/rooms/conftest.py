"""What tests of rooms may ask for."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.asking import Json
from tests.cast import Company
from tests.rooms.films import studio
from tests.rooms.gatherings import Gathering
from tests.rooms.receivers import Receiver, receiving
from tests.scenes import remembered
from tests.simulated import Simulator
from tests.tokens.passing import time

__all__ = ["studio", "time"]


@pytest.fixture
@remembered
def gathering(acme: Company, simulator: Simulator, demo_room: Json) -> Gathering:
    """Acme's demo room, which ana moderates and bo takes part in. Nobody has come yet."""
    return Gathering.of(acme, simulator, demo_room)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A back end on loopback, which the operator allows."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    with receiving() as found:
        yield found
