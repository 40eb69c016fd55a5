"""Compositions: ordering that a session's recordings become one film, and having Telnyx make it, once.

Nothing makes this order safe to repeat at Telnyx, so before it is sent the order's row says so (`sent`). Whoever finds
that mark looks first whether the film is there (`recognising`), and sends again only when what was sent could long
have shown. What comes to light later still, a second film of one order, is put right by `following`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from rooms import doubling, holding, layouts, mirroring, moderation, operations, recognising
from rooms.models import Composition, Footage, Operation, Recording, Session
from rooms.operations import Again, Attempt, Cancelled, Failed, carries_out
from videobroker import telnyx
from videobroker.api.problems import conflict, invalid
from videobroker.telnyx import Telnyx, errors
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller
from videobroker.tenants.lines import line_of

Kind = Operation.Kind
# A film is wanted on the next day as well; who ordered it longer ago has made other plans.
GOOD_FOR: Final = timedelta(days=1)
# How long what was sent may take to show at Telnyx, if it shows at all.
SHOWS_WITHIN: Final = timedelta(minutes=2)
# When Telnyx is first asked how far a new composition is (`following`).
FIRST_ASKED_AFTER: Final = timedelta(seconds=15)
# After these nothing was done at Telnyx.
NOT_DONE: Final = (errors.NotSent, errors.Refused)


@dataclass(frozen=True)
class Ordered:
    """What came of asking."""

    composition: Composition
    operation: Operation


def order(
    caller: Caller, session: Session, values: dict[str, Any] | None = None, *, is_automatic: bool = False
) -> Ordered:
    """Have a film made of what was recorded in the session. `values` are the composition's, as `CompositionBody` reads
    them. Raises `Problem`: 409 `nothing_recorded`, or 422 for a layout that names what is no video of the session."""
    values = values or {}
    if not session.recordings.kept().exists():
        raise conflict("nothing_recorded", "nothing that was recorded in this session is kept")
    _check_sources(session, values.get("video_layout", {}))
    with transaction.atomic():
        composition = Composition.objects.create(
            tenant_id=session.tenant_id,
            room=session.room,
            session=session,
            status=Composition.Status.ENQUEUED,
            is_automatic=is_automatic,
            ordered_by=f"{caller.kind}:{caller.subject}",
            **values,
        )
        if holding.held_among([composition]):
            Composition.objects.filter(pk=composition.pk).update(held=True)
        operation = _order(caller, composition)
    composition.refresh_from_db(fields=["seen_at", "held"])
    return Ordered(composition, operation)


def may_be_ordered_again(composition: Composition) -> bool:
    """Whether its order was given up, and it is still wanted."""
    is_waiting = composition.telnyx_id is None and composition.state == Footage.State.KEPT
    return is_waiting and bool(composition.failed_because)


def order_again(caller: Caller, composition: Composition, earlier: Operation) -> Operation:
    """Order once more what was given up. What the earlier order may have sent is looked for first. Of several who do
    so at once the first one orders it, and the others are given that order: two would send it twice."""
    given_up = Composition.objects.filter(pk=composition.pk, telnyx_id=None).exclude(failed_because="")
    with transaction.atomic():
        if not given_up.update(failed_because=""):
            return _latest_order(composition)
        return _order(caller, composition, sent=earlier.arguments.get("sent"))


def _latest_order(composition: Composition) -> Operation:
    orders = Operation.objects.filter(room=composition.room_id, kind=Kind.COMPOSE)
    return orders.filter(arguments__composition_id=str(composition.pk)).latest("sequence")


def _order(caller: Caller, composition: Composition, *, sent: dict[str, Any] | None = None) -> Operation:
    arguments: dict[str, Any] = {
        "composition_id": str(composition.pk), "session_id": str(composition.session_id), "sent": sent,
    }  # fmt: skip
    operation = operations.order(
        composition.room, Kind.COMPOSE, by=caller, arguments=arguments, good_for=GOOD_FOR
    )
    auditing.record(
        caller, "composition.ordered", tenant=composition.room.tenant, room_id=composition.room_id,
        subject_kind="composition", subject=composition.pk,
        details={"operation_id": str(operation.pk), "session_id": str(composition.session_id)},
    )  # fmt: skip
    return operation


def _check_sources(session: Session, layout: layouts.Layout) -> None:
    """Raises `Problem` pointing at the first source that is no video of this session."""
    named = list(layouts.sources(layout))
    videos = session.recordings.kept().filter(type=Recording.Type.VIDEO, pk__in=[each for _, each in named])
    known = set(videos.values_list("pk", flat=True))
    for pointer, recording_id in named:
        if recording_id not in known:
            raise invalid("this is no video recording of the session", pointer)


# --- Carrying out -----------------------------------------------------------------------------------------


@carries_out(Kind.COMPOSE)
def compose(attempt: Attempt) -> dict[str, Any]:
    """Have Telnyx make the film, or find the one that an earlier attempt ordered."""
    operation = attempt.operation
    rows = Composition.objects.select_related("room", "room__account", "room__tenant", "session")
    composition = rows.get(pk=operation.arguments["composition_id"])
    if composition.telnyx_id is not None:
        return {"telnyx_id": str(composition.telnyx_id)}
    line = line_of(composition.room.account, timeout_secs=attempt.timeout_secs)
    found = _look_for(line, composition, operation)
    if composition.state == Footage.State.DELETED and found is not None:
        doubling.keep_or_take_back(line, composition, found)
        if composition.state == Footage.State.KEPT:
            return {"telnyx_id": found.id, "found_again": True}
    if composition.state == Footage.State.DELETED or (
        composition.state == Footage.State.DELETING and not found
    ):
        raise Cancelled("it was deleted before it was made")
    made = found or _send(line, composition, operation)
    adopt(composition, made)
    return {"telnyx_id": made.id, "found_again": found is not None}


def _look_for(line: Telnyx, composition: Composition, operation: Operation) -> telnyx.Composition | None:
    """What came of an earlier attempt; None where there was none, or so long ago that nothing can come of it any more.
    Raises `Again` while something may."""
    sent = operation.arguments.get("sent")
    if sent is None:
        return None
    if sent["keyed"]:
        found = recognising.find(line, composition)
    else:
        found = recognising.find_keyless(line, composition, since=operation.created_at)
    waits_until = datetime.fromisoformat(sent["at"]) + SHOWS_WITHIN
    if found is None and (left := waits_until - timezone.now()) > timedelta(0):
        raise Again("it was sent and nothing was heard; it may show yet", left.total_seconds())
    return found


def _send(line: Telnyx, composition: Composition, operation: Operation) -> telnyx.Composition:
    """Order it at Telnyx, if who ordered it here still may, and say before that it is sent."""
    if not moderation.may_still(operation, "recordings:write"):
        raise Cancelled("not_authorized: who ordered this may not do so any more")
    settings = _settings(composition)
    earlier = operation.arguments.get("sent")
    keyed = "webhook_event_url" in settings
    _mark(operation, {"at": timezone.now().isoformat(), "keyed": keyed})
    try:
        made = line.create_composition(**settings)
    except NOT_DONE:
        _mark(operation, earlier)
        raise
    if recognising.is_another(composition, made):
        raise errors.GarbledAnswer("this is another composition", operation="create_composition")
    return made


def _settings(composition: Composition) -> dict[str, Any]:
    """What Telnyx is told. Raises `Failed` for a layout with a recording that was deleted meanwhile."""
    told: dict[str, Any] = {
        "session_id": str(composition.session.telnyx_id),
        "format": composition.format,
        "resolution": composition.resolution,
    }
    if (address := recognising.address_for(composition)) is not None:
        told["webhook_event_url"] = address
    if composition.video_layout:
        named = {each for _, each in layouts.sources(composition.video_layout)}
        if Recording.objects.filter(pk__in=named).kept().count() < len(named):
            raise Failed("a recording that its layout shows was deleted meanwhile")
        telnyx_ids = recognising.telnyx_ids_of(composition)
        told["video_layout"] = layouts.for_telnyx(composition.video_layout, telnyx_ids)
    return told


def _mark(operation: Operation, sent: dict[str, Any] | None) -> None:
    """Write down, for whoever comes after us, when it was last sent. Raises `Again` if the lease is somebody else's by
    now: then it is theirs to send."""
    operation.arguments = {**operation.arguments, "sent": sent}
    mine = Operation.objects.filter(pk=operation.pk, fence=operation.fence, state=Operation.State.LEASED)
    if not mine.update(arguments=operation.arguments):
        raise Again("another worker has taken this order over", wait_secs=0)


def adopt(composition: Composition, made: telnyx.Composition) -> None:
    """Write down which composition of Telnyx's it is, also where it is to be deleted by now: then it can be. Raises
    `Again` where that became another question meanwhile, and `GarbledAnswer` for one that another of ours is."""
    waiting = Composition.objects.filter(pk=composition.pk, telnyx_id=None)
    due_at = timezone.now() + FIRST_ASKED_AFTER
    try:
        with transaction.atomic():
            adopted = waiting.exclude(state=Footage.State.DELETED).update(
                telnyx_id=made.id, failed_because="", ask_due_at=due_at
            )
    except IntegrityError as error:
        told = f"Telnyx gave the id of another composition of ours, {made.id}"
        raise errors.GarbledAnswer(told, operation="create_composition") from error
    if not adopted:
        raise Again("it was deleted, or found, meanwhile", wait_secs=0)


def _note_failure(operation: Operation, because: str) -> None:
    """Say on the composition why there will be none."""
    waiting = Composition.objects.filter(pk=operation.arguments["composition_id"], telnyx_id=None)
    mirroring.change(waiting.filter(state=Footage.State.KEPT), failed_because=because[:500])


operations.when_given_up(Kind.COMPOSE, _note_failure)
