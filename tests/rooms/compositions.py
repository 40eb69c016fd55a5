"""Compositions of what was recorded in a studio, at the simulated Telnyx and in our mirror."""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from rooms import following
from rooms.models import Composition, Operation
from tests.asking import Answer, Asker, Json
from tests.rooms import orders
from tests.rooms.films import Studio
from tests.simulated import Simulator, wait_until

PATH = "/v2/room_compositions"
# Where Telnyx is told to reach us: nobody listens there, so what it tells is never heard.
OURS = "http://127.0.0.1:9"


@dataclass
class CuttingRoom:
    """A studio in which somebody was recorded; films are made of it."""

    studio: Studio

    @property
    def simulator(self) -> Simulator:
        return self.studio.simulator

    @property
    def back_end(self) -> Asker:
        return self.studio.gathering.company.back_end

    @property
    def session_id(self) -> str:
        return str(self.studio.gathering.session.pk)

    def ask(self, asker: Asker | None = None, **body: Any) -> Answer:
        """Ask for a film of the session."""
        return (asker or self.back_end).post(PATH, {"session_id": self.session_id, **body})

    def ordered(self, **body: Any) -> Composition:
        """Our row of a film that was just ordered; nobody has carried the order out."""
        asked = self.ask(**body)
        assert asked.status == 202, asked
        return row(asked.data)

    def sent(self, **body: Any) -> Composition:
        """Our row of a film that Telnyx is making."""
        composition = self.ordered(**body)
        orders.settle()
        composition.refresh_from_db()
        return composition

    def completed(self, **body: Any) -> Composition:
        """Our row of a film that is complete, and known to be."""
        composition = self.sent(**body)
        self.await_complete(composition)
        self.asks_about(composition)
        composition.refresh_from_db()
        return composition

    # At Telnyx

    def at_telnyx(self, composition: Composition) -> list[Json]:
        """What Telnyx has of the session that bears this one's key, whatever it is called there."""
        mine = f"composition={composition.pk}"
        return [found for found in self.films() if mine in (found["webhook_event_url"] or "")]

    def films(self) -> list[Json]:
        """All that Telnyx has of the session."""
        session = str(self.studio.gathering.session.telnyx_id)
        return [found for found in self.simulator.state()["compositions"] if found["session_id"] == session]

    def made(self) -> int:
        """How many films Telnyx ever began to make."""
        return len(self.simulator.effects("composition.created"))

    def await_complete(self, composition: Composition) -> None:
        wait_until(lambda: self._status(composition) == "completed")

    def _status(self, composition: Composition) -> str:
        found = [each for each in self.films() if each["id"] == str(composition.telnyx_id)]
        return str(found[0]["status"])

    # What we come to know

    def asks_about(self, composition: Composition) -> None:
        """As if its turn to be asked about had come."""
        now = timezone.now()
        Composition.objects.filter(pk=composition.pk).update(ask_due_at=now)
        following.ask_due(now)

    def goes_through(self) -> None:
        """As if the account's turn had come."""
        following.go_through(self.studio.gathering.company.row.account, now=timezone.now())

    def order_of(self, composition: Composition) -> Operation:
        return Operation.objects.get(arguments__composition_id=str(composition.pk))


def path(composition: Composition) -> str:
    return f"{PATH}/{composition.pk}"


def row(shown: Json) -> Composition:
    """Our row of a composition that was answered."""
    return Composition.objects.select_related("room", "room__tenant", "session").get(
        pk=uuid.UUID(shown["id"])
    )


@pytest.fixture
def cutting_room(studio: Studio, settings: Any) -> CuttingRoom:
    """Acme's studio, where bo was recorded."""
    settings.PUBLIC_URL = OURS
    studio.recorded("bo")
    return CuttingRoom(studio)
