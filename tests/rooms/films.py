"""A room in which people are recorded, at the simulated Telnyx and in our mirror.

    studio = Studio.of(acme, simulator)
    film = studio.recorded("bo")          # our row, complete, bo attributed

What Telnyx tells arrives when the test says (`gathering.hear`, `gathering.asks`), or with `recorded`, `filming` and
`finished` at once.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from rooms.models import Participant, Recording
from tests.asking import Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.scenes import remembered
from tests.simulated import Simulator

MEMBERS = {"ana": "moderator", "bo": "participant"}


@dataclass
class Studio:
    """A room that records, which ana moderates and bo takes part in. Who is named first comes in first."""

    gathering: Gathering
    people: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, company: Company, simulator: Simulator, members: dict[str, str] | None = None, **room: Any
    ) -> Self:
        """A new room of this company; all its members are in, and named."""
        members = MEMBERS if members is None else members
        made = company.new_room(members, enable_recording=True, **room)
        studio = cls(Gathering.of(company, simulator, made))
        for identity in members:
            studio.comes(identity)
        return studio

    @property
    def room(self) -> Json:
        return self.gathering.room

    @property
    def simulator(self) -> Simulator:
        return self.gathering.simulator

    def comes(self, identity: str) -> str:
        """Somebody comes in, again or for the first time, and we hear of it; their id at Telnyx."""
        self.people[identity] = self.gathering.comes(identity)
        self.gathering.hear()
        return self.people[identity]

    def person(self, identity: str) -> Participant:
        """Our row of whom `comes` brought in."""
        return self.gathering.person(self.people[identity])

    # At Telnyx

    def starts(self, identity: str, kind: str = "video") -> str:
        """Telnyx begins to record somebody; the recording's id there. We have heard nothing of it yet."""
        return str(self.simulator.start_recording(self.people[identity], kind)["id"])

    def completes(self, telnyx_id: str, **outcome: float) -> None:
        """Telnyx completes a recording. We have heard nothing of it yet."""
        self.simulator.complete_recording(telnyx_id, **outcome)

    def is_at_telnyx(self, recording: Recording) -> bool:
        """Whether Telnyx has it still."""
        kept = self.simulator.state()["recordings"]
        return str(recording.telnyx_id) in {each["id"] for each in kept}

    def lost_at_telnyx(self, recording: Recording) -> None:
        """Somebody deletes it at Telnyx, past us."""
        gone = self.simulator.api(
            "DELETE", f"/room_recordings/{recording.telnyx_id}", key=self.gathering.company.telnyx_key
        )
        assert gone.status_code == 204, gone.text

    # At Telnyx, and known to us

    def filming(self, identity: str, kind: str = "video") -> Recording:
        """A recording of somebody that goes on; our row."""
        telnyx_id = self.starts(identity, kind)
        self.gathering.hear()
        return row(telnyx_id)

    def finished(self, recording: Recording, **outcome: float) -> Recording:
        """That recording, completed."""
        self.completes(str(recording.telnyx_id), **outcome)
        self.gathering.hear()
        return row(str(recording.telnyx_id))

    def recorded(self, identity: str, kind: str = "video", **outcome: float) -> Recording:
        """A complete recording of somebody; our row. `outcome`: duration_secs, size_mb."""
        return self.finished(self.filming(identity, kind), **outcome)

    def over(self) -> None:
        """Everybody leaves, which ends the session and completes what goes on; and we hear of it."""
        for telnyx_id in self.people.values():
            if self.gathering.is_in(telnyx_id):
                self.gathering.leaves(telnyx_id)
        self.gathering.hear()


def row(telnyx_id: str) -> Recording:
    """Our row of a recording at Telnyx."""
    found = Recording.objects.select_related("room", "room__tenant", "session", "participant")
    return found.get(telnyx_id=telnyx_id)


@pytest.fixture
@remembered
def studio(acme: Company, simulator: Simulator) -> Studio:
    """Acme's studio: ana and bo are in."""
    return Studio.of(acme, simulator)
