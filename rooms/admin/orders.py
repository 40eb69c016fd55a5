"""What the latest orders about a room tell: whose voice was taken away, and how each of them has gone.

A room counts its orders, so its latest are a range of one index, however many there ever were.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from rooms.models import Operation, Participant, Room
from rooms.moderation import KICK_GOOD_FOR, MUTE_GOOD_FOR

Kind, State = Operation.Kind, Operation.State

# Further back nobody looks: whoever was muted so many orders ago is shown as not muted.
LOOKED_BACK: Final = 500
SHOWN: Final = 8
NAMED: Final = 5

TONES: Final = {
    State.PENDING.value: "busy",
    State.LEASED.value: "busy",
    State.VERIFYING.value: "warn",
    State.SUCCEEDED.value: "good",
    State.FAILED.value: "bad",
}
# The states in the words of somebody who has just pressed a button.
WORDS: Final = {
    State.PENDING.value: "waiting",
    State.LEASED.value: "under way",
    State.VERIFYING.value: "sent, looking whether it worked",
    State.SUCCEEDED.value: "done",
    State.FAILED.value: "failed",
    State.CANCELLED.value: "not needed any more",
}
DEEDS: Final = {
    Kind.KICK.value: "Kick",
    Kind.MUTE.value: "Mute",
    Kind.UNMUTE.value: "Unmute",
    Kind.END_SESSION.value: "End the session",
}

# As long after it has failed as it was good for in the first place.
GOOD_FOR: Final = {
    Kind.KICK.value: KICK_GOOD_FOR,
    Kind.MUTE.value: MUTE_GOOD_FOR,
    Kind.UNMUTE.value: MUTE_GOOD_FOR,
    Kind.END_SESSION.value: KICK_GOOD_FOR,
}


@dataclass(frozen=True)
class Voice:
    """What orders tell of somebody's voice: the one that was carried out last, and one that is still to be."""

    settled: Operation | None = None
    awaited: Operation | None = None

    @property
    def is_muted(self) -> bool:
        return self.settled is not None and self.settled.kind == Kind.MUTE


def latest(room: Room) -> QuerySet[Operation]:
    """The room's latest orders about people, the newest first."""
    found = Operation.objects.filter(room=room, sequence__gt=room.orders - LOOKED_BACK)
    return found.filter(kind__in=Operation.URGENT).order_by("-sequence")


def voices(room: Room, people: Iterable[Participant]) -> dict[Any, Voice]:
    """By participant, what the latest orders tell of their voice."""
    orders = list(latest(room).filter(kind__in=[Kind.MUTE, Kind.UNMUTE]))
    return {person.pk: _voice(person, orders) for person in people}


def _voice(person: Participant, orders: Sequence[Operation]) -> Voice:
    awaited = None
    for order in orders:
        if not _is_about(order, person):
            continue
        if order.state == State.SUCCEEDED:
            return Voice(order, awaited)
        if not order.is_finished:
            awaited = awaited or order
    return Voice(None, awaited)


def _is_about(order: Operation, person: Participant) -> bool:
    arguments = order.arguments
    if arguments["session_id"] != str(person.session_id):
        return False
    if str(person.pk) in arguments["participants"]:
        return True
    came_at = person.joined_at or person.seen_at
    was_in = order.finished_at is None or came_at <= order.finished_at
    return bool(arguments["everybody"]) and str(person.pk) not in arguments["exclude"] and was_in


@dataclass(frozen=True)
class Told:
    """One order in words for people."""

    order: Operation
    whom: str

    @property
    def deed(self) -> str:
        return DEEDS[self.order.kind]

    @property
    def word(self) -> str:
        return WORDS[self.order.state]

    @property
    def tone(self) -> str:
        return TONES.get(self.order.state, "")

    @property
    def by(self) -> str:
        return who_ordered(self.order)


def who_ordered(order: Operation) -> str:
    """Who it was, in a word or two. The house does by itself what a rule asks for, such as a ban."""
    kind, _, subject = order.ordered_by.partition(":")
    return {"system": "the house", "api_key": "a back end"}.get(kind, subject)


def told(orders: Sequence[Operation]) -> list[Told]:
    """These orders, with the names of those whom they are about."""
    named = {each for order in orders for each in order.arguments["participants"][:NAMED]}
    people = {str(person.pk): str(person) for person in Participant.objects.filter(pk__in=named)}
    return [Told(order, _whom(order.arguments, people)) for order in orders]


def _whom(arguments: dict[str, Any], people: dict[str, str]) -> str:
    if arguments["everybody"]:
        spared = len(arguments["exclude"])
        return f"everybody but {spared}" if spared else "everybody"
    ids = arguments["participants"]
    names = [people.get(each, "somebody") for each in ids[:NAMED]]
    more = [f"{len(ids) - NAMED} more"] if len(ids) > NAMED else []
    return ", ".join([*names, *more]) or "nobody who was in"


def still_wanted(order: Operation, *, is_live: bool, still_in: bool, now: datetime) -> bool:
    """Whether giving this failed order about people once more would still be what was meant: soon after it failed,
    while its session goes on and somebody whom it is about is in."""
    if order.state != State.FAILED or order.finished_at is None or not is_live:
        return False
    meant_for_all = order.kind == Kind.END_SESSION or order.arguments["everybody"]
    return now - order.finished_at <= GOOD_FOR[order.kind] and (meant_for_all or still_in)
