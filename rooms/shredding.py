"""One attempt to delete a recording or composition at Telnyx: look what is there, and delete it if it is what it should
be. By id, one at a time; the row says who ordered it, Telnyx says that it is the same film.

Looking first makes every attempt harmless to repeat: what a lost answer left undone is found there, what it did is not.
And it is the last moment at which something can be wrong without harm: a film of another session, a clock that runs
ahead, a retention that became longer. Once DELETE was sent there is no way back, which is why that is written down
before it is sent (`ASKED`).

Of a composition there may be a second copy. It goes before the one that we know, and if that is not there any more it
is looked at in its place: no receipt says that a composition is gone while Telnyx has another with its key.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, QuerySet

from rooms import doubling, recognising, retaining
from rooms.models import Composition, Deletion, Footage, Operation, Recording, TelnyxRoom
from videobroker import telnyx
from videobroker.telnyx import Telnyx, errors
from videobroker.tenants.lines import line_of

# Of each call, at most. Nobody waits for it, but others wait behind it.
TIMEOUT_SECS: Final = 8.0
# Stands in a deletion's `answer` from just before DELETE is first sent until Telnyx answers.
ASKED: Final = "asked, no answer yet"
# How far our clock and Telnyx's may be apart where something is deleted because of the time.
CLOCKS_MAY_DIFFER: Final = timedelta(minutes=5)
MAKING_LOOKED_AT_AGAIN_SECS: Final = 5.0
UNSAID_LOOKED_AT_AGAIN_SECS: Final = 60.0


@dataclass(frozen=True)
class Gone:
    """Telnyx does not have it any more; `answer` says how we know."""

    answer: str


@dataclass(frozen=True)
class PutBack:
    """It is not to be deleted after all, and nothing was sent."""

    why: str


@dataclass(frozen=True)
class Blocked:
    """What Telnyx has under this id is not ours to delete. `found` is for the log alone: it may be another tenant's."""

    why: str
    found: str = ""


@dataclass(frozen=True)
class Wait:
    """To be tried again after `secs`; with `whole_account`, nothing else of the account before that either. It tells
    against the account's Telnyx if that `has_failed`."""

    why: str
    secs: float
    whole_account: bool = False
    has_failed: bool = True


Outcome = Gone | PutBack | Blocked | Wait
AnyFootage = Recording | Composition


@dataclass(frozen=True)
class Case:
    """A deletion with what there is to know here of what it deletes, as it was read. What is decided by it is only sent
    if it is still so at that moment (`_about_to_ask`)."""

    deletion: Deletion
    footage: AnyFootage | None
    # The Telnyx rooms that were ever made for its room.
    telnyx_room_ids: frozenset[str]


def cases_of(deletions: Iterable[Deletion]) -> list[Case]:
    """Read what these deletions delete, of all of them at once."""
    deletions = list(deletions)
    footage = {
        each.pk: each
        for model in (Recording, Composition)
        for each in _footage_of(deletions, model).iterator()
    }
    telnyx_rooms = _telnyx_rooms_of(deletions)
    return [
        Case(each, footage.get(each.footage_id), frozenset(telnyx_rooms[each.account_id, each.room_id]))
        for each in deletions
    ]


def _footage_of(deletions: list[Deletion], model: type[Recording] | type[Composition]) -> QuerySet[Any]:
    people = ("participant",) if model is Recording else ()
    rows: QuerySet[Any] = model._default_manager.select_related("room", "room__tenant", "session", *people)
    return rows.filter(pk__in=[each.footage_id for each in deletions if each.kind == model.kind])


def _telnyx_rooms_of(deletions: list[Deletion]) -> dict[tuple[UUID, UUID], set[str]]:
    """The Telnyx rooms, by account and room."""
    made = TelnyxRoom.objects.filter(room__in={each.room_id for each in deletions})
    found: defaultdict[tuple[UUID, UUID], set[str]] = defaultdict(set)
    for account_id, room_id, telnyx_id in made.values_list("account_id", "room_id", "telnyx_id"):
        found[account_id, room_id].add(str(telnyx_id))
    return found


def attempt(case: Case, *, now: datetime) -> Outcome | None:
    """Try once, by who has leased the deletion; None, and nothing was sent, if what was read is not so any more. Raises
    any `TelnyxError`, and what `line_of` raises."""
    deletion, footage = case.deletion, case.footage
    if footage is None:
        return Blocked("its row is not there any more, so nobody can say whose it is")
    telnyx_id = footage.telnyx_id
    if telnyx_id is None:
        if is_being_made(footage):
            told = "it is still being ordered at Telnyx"
            return Wait(told, MAKING_LOOKED_AT_AGAIN_SECS, has_failed=False)
        # Asked again, as it may have been made between the two looks.
        telnyx_id = Composition.objects.values_list("telnyx_id", flat=True).get(pk=footage.pk)
        if telnyx_id is None:
            return Gone("never made")
        footage.telnyx_id = telnyx_id
    line = line_of(deletion.account, timeout_secs=timeout_secs())
    found = _look(line, deletion, telnyx_id)
    judged = Gone("404 to GET") if found is None else _objection(case, footage, found, now)
    if isinstance(judged, Gone | Blocked) and not _is_known_as(footage, telnyx_id):
        return None
    if judged is not None:
        return None if isinstance(judged, Gone) and _is_there_twice(line, footage) else judged
    if not _about_to_ask(deletion, footage, telnyx_id):
        return None
    if isinstance(footage, Composition):
        doubling.delete_others(line, footage)
    return _delete(line, deletion, telnyx_id)


def longest_secs(kind: str) -> float:
    """How long the calls of one attempt may take: to look and to delete, and of a composition to look for others."""
    calls = 2 if kind == Deletion.Kind.RECORDING else 3
    return calls * timeout_secs()


def timeout_secs() -> float:
    """How long one call may take."""
    told: float = settings.TELNYX_TASK_TIMEOUT_SECS
    return min(TIMEOUT_SECS, told)


def is_being_made(footage: AnyFootage) -> bool:
    """Whether the order to compose it may still reach Telnyx."""
    orders = Operation.objects.filter(room=footage.room_id, kind=Operation.Kind.COMPOSE)
    its = orders.filter(arguments__composition_id=str(footage.pk))
    return its.filter(state__in=Operation.UNFINISHED).exists()


def _is_there_twice(line: Telnyx, footage: AnyFootage) -> bool:
    """Whether Telnyx has a second copy of what it has no more: then that is the film, to be looked at like any."""
    return isinstance(footage, Composition) and doubling.go_on_with_another(line, footage)


def _look(line: Telnyx, deletion: Deletion, telnyx_id: UUID) -> telnyx.Recording | telnyx.Composition | None:
    view = line.view_recording if deletion.kind == Deletion.Kind.RECORDING else line.view_composition
    try:
        return view(telnyx_id)
    except errors.NotFound:
        return None


def _delete(line: Telnyx, deletion: Deletion, telnyx_id: UUID) -> Gone:
    delete = line.delete_recording if deletion.kind == Deletion.Kind.RECORDING else line.delete_composition
    try:
        delete(telnyx_id)
    except errors.NotFound:
        return Gone("404 to DELETE")
    return Gone("204 to DELETE")


def _objection(
    case: Case, footage: AnyFootage, found: telnyx.Recording | telnyx.Composition, now: datetime
) -> Outcome | None:
    """Why it must not be deleted now, or None."""
    if found.session_id is None:
        return Wait("Telnyx did not say of which session it is", UNSAID_LOOKED_AT_AGAIN_SECS)
    if (foreign := _foreign(case, footage, found)) is not None:
        return foreign
    if _may_be_put_back(case.deletion):
        return _too_early(footage, found.answered_at, now)
    return None


def _may_be_put_back(deletion: Deletion) -> bool:
    """Whether it is deleted for its retention alone, and nothing was sent yet."""
    return deletion.cause == Deletion.Cause.RETENTION and not deletion.answer


def _foreign(case: Case, footage: AnyFootage, found: telnyx.Recording | telnyx.Composition) -> Blocked | None:
    """In which way what Telnyx has is another film than ours; None if it is ours."""
    if found.session_id != str(footage.session.telnyx_id):
        return Blocked("Telnyx has it as of another session than ours", f"session {found.session_id}")
    if found.room_id is not None and found.room_id not in case.telnyx_room_ids:
        told = "Telnyx has it as of a Telnyx room that was never made for its room"
        return Blocked(told, f"Telnyx room {found.room_id}")
    if isinstance(footage, Recording) and isinstance(found, telnyx.Recording):
        participant = str(footage.participant.telnyx_id)
        if found.participant_id not in (None, participant):
            told = "Telnyx has it as of another participant than ours"
            return Blocked(told, f"participant {found.participant_id}")
    if isinstance(found, telnyx.Composition) and (key := recognising.key_of(found)) not in (None, footage.pk):
        return Blocked("Telnyx has it as the film of another composition of ours", f"composition {key}")
    return None


def _too_early(footage: AnyFootage, answered_at: datetime | None, now: datetime) -> PutBack | None:
    if answered_at is None:
        return PutBack("Telnyx did not say what time it is")
    if abs(answered_at - now) > CLOCKS_MAY_DIFFER:
        return PutBack(f"our clock says {now.isoformat()}, Telnyx's {answered_at.isoformat()}")
    if not retaining.is_over(footage, now):
        return PutBack("its retention is not over any more")
    return None


def _is_known_as(footage: AnyFootage, telnyx_id: UUID) -> bool:
    """Whether this is still what Telnyx calls it, so that what was said of the id is said of the film: the one of a
    composition whose order's answer was lost may turn out to be another."""
    rows: QuerySet[Any] = type(footage)._default_manager.filter(pk=footage.pk, telnyx_id=telnyx_id)
    return rows.exists()


def _about_to_ask(deletion: Deletion, footage: AnyFootage, telnyx_id: UUID) -> bool:
    """Write down that DELETE is sent; False, and nothing may be sent, if the deletion is not ours to carry out now, its
    cause or the retention is another than was judged, or the film is not to be deleted any more."""
    mine = Deletion.objects.filter(
        Exists(_as_judged(deletion, footage, telnyx_id)),
        pk=deletion.pk,
        fence=deletion.fence,
        state=Deletion.State.LEASED,
        cause=deletion.cause,
        answer=deletion.answer,
    )
    return bool(mine.update(answer=ASKED, telnyx_id=telnyx_id))


def _as_judged(deletion: Deletion, footage: AnyFootage, telnyx_id: UUID) -> QuerySet[Any]:
    """The film's row, if what was decided by still holds of it."""
    rows: QuerySet[Any] = type(footage)._default_manager.filter(
        pk=footage.pk, telnyx_id=telnyx_id, state=Footage.State.DELETING
    )
    if not _may_be_put_back(deletion):
        return rows
    return rows.filter(
        ended_at=footage.ended_at,
        completed_at=footage.completed_at,
        expires_at=footage.expires_at,
        retain_until=footage.retain_until,
        room__recording_retention_days=footage.room.recording_retention_days,
        room__tenant__recording_retention_days=footage.room.tenant.recording_retention_days,
    )
