"""Stories of people in a room, told to us as Telnyx tells them: in any order, some twice, some never, and then asked
about. What the rows say in the end is compared with what was true."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from rooms import events, reconciling
from rooms.models import Event, Operation, Participant, Room, Session
from tests.asking import Json
from tests.simulated import Simulator
from tests.tokens.histories import Stay
from tokens import contexts
from tokens.models import Grant

PREFIX = "video.room."
LONGEST = timedelta(seconds=60_000)


@dataclass(frozen=True)
class Person:
    """One connection in the story: what it shows, when it came and went, and who it is (None: nobody's)."""

    telnyx_id: str
    context: str | None
    joined_at: datetime
    left_at: datetime | None
    identity: str | None


@dataclass
class Story:
    """A session and everybody who was in it. It goes on if somebody is still in."""

    room: Room
    people: list[Person]
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def started_at(self) -> datetime:
        return min(person.joined_at for person in self.people)

    @property
    def ended_at(self) -> datetime | None:
        left = [person.left_at for person in self.people]
        known = [at for at in left if at is not None]
        return max(known) if len(known) == len(left) else None

    @property
    def most_that_may_be_lost(self) -> float:
        """All of it while the session goes on. Of one that came and went something must be heard, or nobody asks."""
        return 1.0 if self.ended_at is None else 0.8

    def events(self) -> list[Event]:
        """What Telnyx would tell of it, in order."""
        told = [self._event("session.started", self.started_at, {})]
        for person in self.people:
            who = {"participant_id": person.telnyx_id, "context": person.context}
            told.append(self._event("participant.joined", person.joined_at, who))
            if person.left_at is not None:
                left = {**who, "left_reason": "left", "duration_secs": 1}
                told.append(self._event("participant.left", person.left_at, left))
        if self.ended_at is not None:
            told.append(self._event("session.ended", self.ended_at, {"ended_reason": "empty"}))
        return sorted(told, key=lambda event: event.occurred_at)

    def _event(self, name: str, at: datetime, more: Json) -> Event:
        payload = {"session_id": self.session_id, "room_id": str(self.room.telnyx_id), **more}
        return Event(
            account=self.room.account,
            telnyx_id=str(uuid.uuid4()),
            event_type=f"{PREFIX}{name}",
            occurred_at=at,
            payload=payload,
        )

    def put(self, simulator: Simulator) -> None:
        """Let it be what Telnyx knows."""
        people = [
            {
                "id": person.telnyx_id,
                "context": person.context,
                "joined_at": person.joined_at.isoformat(),
                "left_at": person.left_at.isoformat() if person.left_at else None,
            }
            for person in self.people
        ]
        ended_at = self.ended_at
        session = {
            "id": self.session_id,
            "room_id": str(self.room.telnyx_id),
            "created_at": self.started_at.isoformat(),
            "active": ended_at is None,
            "ended_at": ended_at.isoformat() if ended_at else None,
            "participants": people,
        }
        simulator.put_state(sessions=[session])

    def over(self, simulator: Simulator) -> None:
        """Everybody goes, so that another session can begin at Telnyx; and we forget it."""
        if self.ended_at is None:
            now = timezone.now()
            self.people = [
                person if person.left_at else Person(**{**person.__dict__, "left_at": now})
                for person in self.people
            ]
            self.put(simulator)
        self.forget()

    def forget(self) -> None:
        """As if we had never heard of it."""
        Session.objects.filter(telnyx_id=self.session_id).delete()
        Event.objects.all().delete()
        Operation.objects.filter(kind=Operation.Kind.KICK).delete()
        Room.objects.filter(pk=self.room.pk).update(reconcile_due_at=None)

    def hear(self, chance: Random, *, lost: float, doubled: float) -> None:
        """Tell it in some order, this share of it never, this share twice; then ask Telnyx what is true."""
        told = self.events()
        chance.shuffle(told)
        heard_at_least = 0 if lost == 1 else 1
        told = told[:heard_at_least] + [event for event in told[heard_at_least:] if chance.random() >= lost]
        for event in told:
            self._apply(event, chance.random() < doubled)
        self.ask()

    def _apply(self, event: Event, twice: bool) -> None:
        event.save(force_insert=True)
        events.apply_all()
        if twice:
            Event.objects.filter(pk=event.pk).update(state=Event.State.PENDING)
            events.apply_all()

    def ask(self) -> None:
        room = Room.objects.select_related("account", "tenant").get(pk=self.room.pk)
        reconciling.reconcile(room, now=timezone.now())

    def rows(self) -> list[tuple[Any, ...]]:
        """Our rows about it, without their ids and what is of no account: when we heard."""
        session = Session.objects.get(telnyx_id=self.session_id)
        people = Participant.objects.filter(session=session).order_by("telnyx_id")
        columns = [
            "telnyx_id",
            "context",
            "joined_at",
            "left_at",
            "attribution",
            "identity",
            "role",
            "grant_id",
        ]
        return [(session.started_at, session.ended_at), *people.values_list(*columns)]

    def ordered_out(self) -> set[str]:
        """Those whose removal was ordered, by their names at Telnyx."""
        kicks = Operation.objects.filter(kind=Operation.Kind.KICK, room=self.room)
        ids = [each for order in kicks for each in order.arguments["participants"]]
        return {
            str(each) for each in Participant.objects.filter(pk__in=ids).values_list("telnyx_id", flat=True)
        }


def of_stays(stays: list[Stay], grant: Grant) -> list[Person]:
    """What the holder of a grant did, with contexts as they would have been given for it."""
    begin = timezone.now() - LONGEST
    return [
        Person(
            telnyx_id=str(uuid.uuid4()),
            context=signed(grant, begin + timedelta(seconds=stay.join_by_secs)),
            joined_at=begin + timedelta(seconds=stay.joined_secs),
            left_at=None if stay.gone_secs is None else begin + timedelta(seconds=stay.gone_secs),
            identity=grant.identity,
        )
        for stay in stays
    ]


def signed(grant: Grant, join_by_at: datetime, **changed: Any) -> str:
    """A context of ours; `changed` says what it says otherwise than the grant."""
    said: dict[str, Any] = {
        "tenant_id": grant.tenant_id,
        "room_id": grant.room_id,
        "grant_id": grant.pk,
        "identity": grant.identity,
        "display_name": grant.display_name,
        "role": grant.role,
        "join_by_at": join_by_at,
        "nonce": contexts.new_nonce(),
    }
    return contexts.sign(contexts.Statement(**{**said, **changed}))
