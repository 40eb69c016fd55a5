"""A room with people in it, at the simulated Telnyx and in our mirror. What Telnyx tells arrives when the test says."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.utils import timezone

from rooms import evicting, reconciling
from rooms.models import Operation, Participant, Room, Session
from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.rooms.orders import row, settle
from tests.rooms.webhooks import Post
from tests.simulated import Simulator
from tests.tokens.doors import enter

ITS_OWN = object()


@dataclass
class Gathering:
    """Somebody is in, or was. `who` are participants by their names at Telnyx."""

    company: Company
    simulator: Simulator
    room: Json
    post: Post
    heard: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, company: Company, simulator: Simulator, room: Json) -> Self:
        settle()
        return cls(company, simulator, room, Post(company.row.account))

    # At Telnyx

    def comes(self, identity: str, *, context: Any = ITS_OWN) -> str:
        """Mint for this person and join; the participant's id at Telnyx."""
        return self.joins(enter(self.company.person(identity), self.room), context=context)

    def joins(self, minted: Json, *, context: Any = ITS_OWN) -> str:
        """Join with what was minted; the participant's id at Telnyx."""
        shown = minted["context"] if context is ITS_OWN else context
        return str(self.simulator.join(minted["token"], shown)["participant_id"])

    def leaves(self, telnyx_id: str) -> None:
        self.simulator.leave(telnyx_id)

    def is_in(self, telnyx_id: str) -> bool:
        return bool(self.simulator.participant(telnyx_id)["present"])

    def is_muted(self, telnyx_id: str) -> bool:
        return bool(self.simulator.participant(telnyx_id)["muted"])

    # What we are told

    def told(self) -> list[Json]:
        """All events about the room, as they happened."""
        return self.simulator.webhooks(room_id=str(row(self.room).telnyx_id))

    def hear(self) -> None:
        """All events that were not heard yet arrive, and are applied."""
        news = [event for event in self.told() if event["id"] not in self.heard]
        self.heard |= {event["id"] for event in news}
        self.post.deliver(news)

    def asks(self, now: datetime | None = None) -> int:
        """Ask Telnyx what is true; how many facts were news."""
        return reconciling.reconcile(self.row, now=now or timezone.now())

    def evicts(self, now: datetime | None = None) -> int:
        """Look through the room for people who may not be in; how many removals were ordered."""
        people = Participant.objects.filter(room=self.room["id"])
        return evicting.evict_unwelcome(people, now=now or timezone.now())

    # Our rows

    @property
    def row(self) -> Room:
        return Room.objects.select_related("account", "tenant").get(pk=self.room["id"])

    @property
    def session(self) -> Session:
        return Session.objects.get(room=self.room["id"])

    def person(self, telnyx_id: str) -> Participant:
        return Participant.objects.select_related("session").get(telnyx_id=telnyx_id)

    def ids(self, *telnyx_ids: str) -> list[str]:
        """Our ids of these participants."""
        return [str(self.person(each).pk) for each in telnyx_ids]

    # Orders

    def acts(self, asker: Asker, action: str, headers: dict[str, str] | None = None, **body: Any) -> Answer:
        path = f"/v2/room_sessions/{self.session.pk}/actions/{action}"
        return asker.post(path, body, **(headers or {}))

    def done(self, answer: Answer) -> Operation:
        """Carry out everything; the operation of this answer, then."""
        assert answer.status == 202, answer
        settle()
        return operation(answer)


def operation(answer: Answer) -> Operation:
    return Operation.objects.get(pk=UUID(answer.data["operation_id"]))
