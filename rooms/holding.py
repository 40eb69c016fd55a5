"""Legal holds: nothing that one covers is deleted, whoever asks and however long it has been kept.

A hold and the beginning of a deletion must never both succeed. So whether something is held stands on its own row
(`Footage.held`), where placing a hold and beginning a deletion meet: each is a conditional UPDATE of that row, and the
database lets one of them come first. The holds themselves are asked as well (`covering`), for what was recorded, or
attributed to its person, after the hold was placed.

Who somebody is may be decided anew when facts come late. A hold on a person covers whoever has shown a context of
theirs, whatever is thought of it at the moment: what it has covered once it covers until it is lifted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q

from rooms.models import Composition, Footage, Hold, Participant, Recording, Room
from rooms.models.footage import FootageQuerySet
from videobroker.api.problems import conflict
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller
from videobroker.tenants.models import Tenant

# So many holds are named to somebody who would delete what they cover.
MOST_TOLD: Final = 5
# Of what is marked as held where it is not known any more which hold once covered it (`lift`).
NAMED_BY_NONE: Final = (
    "held: it is marked as held, though none of the holds in force names it any more. "
    "It is free when a back end, or an operator, has lifted the last hold of the tenant"
)
FOOTAGE: Final[tuple[type[Recording] | type[Composition], ...]] = (Recording, Composition)


@dataclass(frozen=True)
class Placed:
    """A hold, and what it came too late for."""

    hold: Hold
    too_late_for: list[Footage] = field(default_factory=list)


def covering(model: type[Recording] | type[Composition]) -> Q:
    """What of `model` a hold in force covers, asked of the holds. A composition shows everybody who was recorded in its
    session, so a hold on any of them covers it."""
    holds = Hold.objects.in_force().filter(tenant=OuterRef("tenant"))
    by_room = Exists(holds.filter(room=OuterRef("room")))
    if model is Recording:
        by_itself = Exists(holds.filter(recording=OuterRef("pk")))
        by_person = _of_held(holds)
    else:
        by_itself = Exists(holds.filter(composition=OuterRef("pk")))
        shown = Recording.objects.filter(session=OuterRef("session_id"))
        by_person = Q(Exists(shown.filter(_of_held(holds))))
    return Q(by_room) | Q(by_itself) | by_person


def _of_held(holds: models.QuerySet[Hold]) -> Q:
    """Recordings of somebody whom one of these holds is on."""
    return Q(Exists(holds.filter(identity=OuterRef("participant__identity")))) | Q(
        Exists(holds.filter(identity=OuterRef("participant__shown_identity")))
    )


def holds_on(footage: Footage) -> models.QuerySet[Hold]:
    """The holds in force that cover this recording or composition."""
    if isinstance(footage, Recording):
        return _holds(
            footage.tenant_id,
            Q(room=footage.room_id) | Q(recording=footage.pk),
            Recording.objects.filter(pk=footage.pk),
        )
    shown = Recording.objects.filter(session=footage.session_id)
    return _holds(footage.tenant_id, Q(room=footage.room_id) | Q(composition=footage.pk), shown)


def holds_in(room: Room) -> models.QuerySet[Hold]:
    """The holds in force that cover the room, or anything that is kept of what was recorded in it."""
    recordings = Recording.objects.filter(room=room).kept()
    compositions = Composition.objects.filter(room=room).kept()
    there = Q(room=room) | Q(recording__in=recordings) | Q(composition__in=compositions)
    composed = Recording.objects.filter(session__in=compositions.order_by().values("session"))
    return _holds(room.tenant_id, there, recordings.order_by() | composed.order_by())


def holds_among(
    tenant_id: UUID, more: Q, recordings: Sequence[Recording], compositions: Sequence[Composition]
) -> models.QuerySet[Hold]:
    """The holds in force that cover any of these recordings or compositions of the tenant, and those of `more`."""
    rooms = {footage.room_id for footage in (*recordings, *compositions)}
    there = more | Q(room__in=rooms) | Q(recording__in=recordings) | Q(composition__in=compositions)
    shown = Q(pk__in=[each.pk for each in recordings])
    shown |= Q(session__in={each.session_id for each in compositions})
    return _holds(tenant_id, there, Recording.objects.filter(shown))


def _holds(tenant_id: UUID, there: Q, shown: models.QuerySet[Recording]) -> models.QuerySet[Hold]:
    """Holds in force on what is `there`, or on somebody whom one of the recordings `shown` is of."""
    people = shown.order_by().values("participant__identity")
    showed = shown.order_by().values("participant__shown_identity")
    on_people = Q(identity__in=people) | Q(identity__in=showed)
    return Hold.objects.in_force().filter(there | on_people, tenant=tenant_id).order_by("placed_at")


def visible_to(caller: Caller) -> models.QuerySet[Hold]:
    """The tenant's holds: all to a back end; to a person those on the rooms they moderate and on what was recorded
    there. That somebody is held in all rooms is nothing that moderators know."""
    holds = Hold.objects.of(caller.the_tenant)
    if caller.is_back_end:
        return holds
    moderated = Room.objects.moderated_by(caller).order_by().values("pk")
    there = Q(room__in=moderated) | Q(recording__room__in=moderated) | Q(composition__room__in=moderated)
    return holds.filter(there)


def told_to(caller: Caller, holds: models.QuerySet[Hold]) -> str:
    """The holds in words, as far as the caller may see them; of others only that there is one."""
    if caller.identity is None:  # a back end, or an operator
        return told(holds)
    seen = holds.filter(pk__in=visible_to(caller).order_by().values("pk"))
    return told(seen) if seen.exists() else "held: by whom and why is told to back ends alone"


def told(holds: models.QuerySet[Hold]) -> str:
    """The holds on something in words: what each is, who answers for it, and why. Without any it is only marked."""
    named = [f"hold {hold.pk} of {hold.holder} ({hold.reason})" for hold in holds[:MOST_TOLD]]
    more = ["and others"] if holds[MOST_TOLD : MOST_TOLD + 1] else []
    return "held: " + "; ".join([*named, *more]) if named else NAMED_BY_NONE


def place(caller: Caller, tenant: Tenant, subject: dict[str, Any], *, reason: str, holder: str) -> Placed:
    """Hold what `subject` names: one of `room`, `identity`, `recording`, `composition`.

    Raises `Problem` (409 `deletion_begun`) for a recording or composition whose deletion has begun, or is done by now:
    that cannot be stopped, and the hold would hold nothing. On a room or a person the hold is placed, and what it came
    too late for is named in the answer.
    """
    with transaction.atomic():
        take_turn(tenant)
        hold = Hold.objects.create(
            tenant=tenant,
            reason=reason,
            holder=holder,
            placed_by=f"{caller.kind}:{caller.subject}",
            **subject,
        )
        hold.refresh_from_db(fields=["placed_at"])
        held_now = 0
        too_late: list[Footage] = []
        for model in FOOTAGE:
            covered = _covered_by(hold, model)
            held_now += covered.filter(state=Footage.State.KEPT).in_turn().update(held=True)
            too_late += covered.filter(state=Footage.State.DELETING)
        if not held_now and (hold.recording_id or hold.composition_id):
            raise conflict("deletion_begun", "its deletion has begun and cannot be stopped any more")
        _audit(caller, "hold.placed", hold)
    return Placed(hold, too_late)


def lift(caller: Caller, hold: Hold, *, now: datetime) -> None:
    """End the hold. What no other hold covers may be deleted from now on. One that is lifted already stays as it is.

    With the tenant's last hold everything is free, also what it is not known any more which hold once covered.
    """
    with transaction.atomic():
        take_turn(hold.tenant)
        in_force = Hold.objects.filter(pk=hold.pk, lifted_at=None)
        if not in_force.update(lifted_at=now, lifted_by=f"{caller.kind}:{caller.subject}"):
            return
        is_last = not Hold.objects.of(hold.tenant).in_force().exists()
        for model in FOOTAGE:
            was_covered = model.objects.of(hold.tenant) if is_last else _covered_by(hold, model)
            was_covered.filter(held=True).exclude(covering(model)).in_turn().update(held=False)
        _audit(caller, "hold.lifted", hold)


def take_turn(tenant: Tenant) -> None:
    """Holds of one tenant are placed and lifted one after the other, and rooms deleted between them: else lifting one
    could free what the other has just covered."""
    Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)


def _covered_by(hold: Hold, model: type[Recording] | type[Composition]) -> FootageQuerySet[Any]:
    """What of `model` this hold covers, lifted or not."""
    rows: FootageQuerySet[Any] = model.objects.filter(tenant=hold.tenant_id)
    if hold.room_id is not None:
        return rows.filter(room=hold.room_id)
    if hold.identity is not None:
        people = Participant.objects.filter(tenant=hold.tenant_id).maybe(hold.identity)
        theirs = Recording.objects.filter(
            tenant=hold.tenant_id, participant__in=people.order_by().values("pk")
        )
        if model is Recording:
            return rows.filter(pk__in=theirs.values("pk"))
        return rows.filter(session__in=theirs.values("session"))
    itself = hold.recording_id if model is Recording else hold.composition_id
    return rows.filter(pk__in=[itself] if itself else [])


def held_among(rows: Sequence[Footage]) -> set[Any]:
    """The ids of those of `rows`, all of one model, that are held: a hold covers them, or they are marked, as what one
    has covered is until it is lifted."""
    if not rows:
        return set()
    model: Any = type(rows[0])
    return set(
        model.objects.filter(Q(held=True) | covering(model), pk__in=[row.pk for row in rows]).values_list(
            "pk", flat=True
        )
    )


def _audit(caller: Caller, action: str, hold: Hold) -> None:
    subjects: dict[str, Any] = {
        "room": hold.room_id, "identity": hold.identity,
        "recording": hold.recording_id, "composition": hold.composition_id,
    }  # fmt: skip
    kind, subject = next((kind, subject) for kind, subject in subjects.items() if subject is not None)
    footage = hold.recording or hold.composition
    auditing.record(
        caller, action, tenant=hold.tenant, room_id=hold.room_id or (footage.room_id if footage else None),
        subject_kind=kind, subject=subject,
        details={"hold_id": str(hold.pk), "reason": hold.reason, "holder": hold.holder},
    )  # fmt: skip
