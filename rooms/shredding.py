"""One attempt to delete a recording or composition at Telnyx: look what is there, and delete it if it is what it should
be. By id, one at a time; the row says who ordered it, Telnyx says that it is the same film.

Looking first makes every attempt harmless to repeat: what a lost answer left undone is found there, what it did is not.
And it is the last moment at which something can be wrong without harm: a film of another session, a clock that runs
ahead, a retention that became longer. Once DELETE was sent there is no way back, which is why that is written down
before it is sent (`ASKED`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from rooms import recognising, retaining
from rooms.models import Composition, Deletion, Footage, Operation, Recording, TelnyxRoom
from videobroker import telnyx
from videobroker.telnyx import Telnyx, errors
from videobroker.tenants.lines import line_of

# Of each of the two calls, at most. Nobody waits for it, but others wait behind it.
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
    """To be tried again after `secs`; with `whole_account`, nothing else of the account before that either."""

    why: str
    secs: float
    whole_account: bool = False


Outcome = Gone | PutBack | Blocked | Wait
AnyFootage = Recording | Composition


def attempt(deletion: Deletion, *, now: datetime) -> Outcome | None:
    """Try once; None if somebody else has taken the deletion over meanwhile. Raises any `TelnyxError`, and what
    `line_of` raises."""
    footage = footage_of(deletion)
    if footage is None:
        return Blocked("its row is not there any more, so nobody can say whose it is")
    telnyx_id = footage.telnyx_id
    if telnyx_id is None:
        if is_being_made(footage):
            return Wait("it is still being ordered at Telnyx", MAKING_LOOKED_AT_AGAIN_SECS)
        # Asked again, as it may have been made between the two looks.
        telnyx_id = Composition.objects.values_list("telnyx_id", flat=True).get(pk=footage.pk)
        if telnyx_id is None:
            return Gone("never made")
    line = line_of(deletion.account, timeout_secs=timeout_secs())
    found = _look(line, deletion, telnyx_id)
    if found is None:
        return Gone("404 to GET")
    objection = _objection(deletion, footage, found, now)
    if objection is not None:
        return objection
    if not _about_to_ask(deletion, footage, telnyx_id):
        return None
    return _delete(line, deletion, telnyx_id)


def timeout_secs() -> float:
    """How long one call may take."""
    told: float = settings.TELNYX_TASK_TIMEOUT_SECS
    return min(TIMEOUT_SECS, told)


def footage_of(deletion: Deletion) -> AnyFootage | None:
    """The row of what is to be deleted, as it is now, with its room, tenant and session."""
    if deletion.kind == Deletion.Kind.RECORDING:
        found = Recording.objects.select_related("room", "room__tenant", "session", "participant")
        return found.filter(pk=deletion.footage_id).first()
    made = Composition.objects.select_related("room", "room__tenant", "session")
    return made.filter(pk=deletion.footage_id).first()


def is_being_made(footage: AnyFootage) -> bool:
    """Whether the order to compose it may still reach Telnyx."""
    orders = Operation.objects.filter(room=footage.room_id, kind=Operation.Kind.COMPOSE)
    its = orders.filter(arguments__composition_id=str(footage.pk))
    return its.filter(state__in=Operation.UNFINISHED).exists()


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
    deletion: Deletion, footage: AnyFootage, found: telnyx.Recording | telnyx.Composition, now: datetime
) -> Outcome | None:
    """Why it must not be deleted now, or None."""
    if found.session_id is None:
        return Wait("Telnyx did not say of which session it is", UNSAID_LOOKED_AT_AGAIN_SECS)
    if (foreign := _foreign(deletion, footage, found)) is not None:
        return foreign
    if deletion.answer:
        return None
    if deletion.cause == Deletion.Cause.RETENTION:
        return _too_early(footage, found.answered_at, now)
    return None


def _foreign(
    deletion: Deletion, footage: AnyFootage, found: telnyx.Recording | telnyx.Composition
) -> Blocked | None:
    """In which way what Telnyx has is another film than ours; None if it is ours."""
    if found.session_id != str(footage.session.telnyx_id):
        return Blocked("Telnyx has it as of another session than ours", f"session {found.session_id}")
    its_rooms = TelnyxRoom.objects.filter(account=deletion.account_id, room=footage.room_id)
    if found.room_id is not None and not its_rooms.filter(telnyx_id=found.room_id).exists():
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


def _about_to_ask(deletion: Deletion, footage: AnyFootage, telnyx_id: UUID) -> bool:
    """Write down that DELETE is sent; False, and nothing may be sent, if the deletion is not ours to carry out now, has
    another cause than was judged, or the film is not to be deleted any more."""
    mine = Deletion.objects.filter(
        Q(answer=deletion.answer), pk=deletion.pk, fence=deletion.fence, state=Deletion.State.LEASED,
        cause=deletion.cause,
    )  # fmt: skip
    with transaction.atomic():
        to_be_deleted = type(footage)._default_manager.filter(pk=footage.pk, state=Footage.State.DELETING)
        return to_be_deleted.exists() and bool(mine.update(answer=ASKED, telnyx_id=telnyx_id))
