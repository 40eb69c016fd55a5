"""Kick, mute, unmute, end: deciding about others who are in a room now.

An order is a row, written with what makes it last: a kick revokes grants and leaves a removal, and a ban if asked, so
that whoever was put out is met by it at the next refresh and whenever they come back (`evicting`). What became of the
order is told by Telnyx's events; here nobody is ever written as gone.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rooms import keeping, operations, removing, rights
from rooms.models import Attribution, Ban, Operation, Participant, Room, Session
from rooms.operations import Attempt, Cancelled, carries_out
from videobroker.telnyx import Telnyx, errors
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller, CallerKind
from videobroker.tenants.deactivating import is_deactivated
from videobroker.tenants.lines import line_of
from videobroker.tenants.models import ApiKey

Kind = Operation.Kind

# An order to mute that comes late would hit somebody in the middle of another sentence.
MUTE_GOOD_FOR: Final = timedelta(seconds=60)
KICK_GOOD_FOR: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Aim:
    """Whom an order is about: everybody, or some by our participant ids and identities; and whom it spares."""

    everybody: bool = False
    participants: frozenset[UUID] = frozenset()
    identities: frozenset[str] = frozenset()
    exclude: frozenset[UUID] = frozenset()

    def present_in(self, session: Session) -> list[Participant]:
        """Those it is about who are in the session, as far as we know."""
        people = Participant.objects.filter(session=session).present().exclude(pk__in=self.exclude)
        if not self.everybody:
            people = people.filter(Q(pk__in=self.participants) | Q(identity__in=self.identities))
        return list(people)


@dataclass(frozen=True)
class BanTerms:
    """The ban that goes with a kick."""

    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Ordered:
    """What came of asking: the operation, and the bans that went with it."""

    operation: Operation
    bans: list[Ban] = field(default_factory=list)


def kick(caller: Caller, session: Session, aim: Aim, *, ban: BanTerms | None, now: datetime) -> Ordered:
    """Put people out of the session, revoke what let them in, and with `ban` keep them out, present or not."""
    room = session.room
    with transaction.atomic():
        people = aim.present_in(session)
        identities = set(aim.identities) | {person.identity for person in people if person.identity}
        grant_ids = {person.grant_id for person in people if person.grant_id and _may_be_theirs(person)}
        bans = _bans(caller, room, identities, ban, now) if ban else []
        whole_people = set() if ban else set(aim.identities)  # a ban has removed them already
        removing.remove(room, identities=whole_people, grant_ids=grant_ids, because="kicked", now=now)
        # The house need not order what is ordered here; it looks again if this has not worked in a moment.
        Participant.objects.filter(pk__in=[person.pk for person in people]).update(evicted_at=now)
        operation = _order(caller, Kind.KICK, session, aim, people, good_for=KICK_GOOD_FOR)
    return Ordered(operation, bans)


def _may_be_theirs(person: Participant) -> bool:
    """Whether the grant whose context they show is theirs, as far as we know. Who copied somebody else's context is put
    out alone: the grant, and whom it was given to, must not pay for that."""
    return person.attribution in {Attribution.ATTRIBUTED, Attribution.PENDING}


def _bans(caller: Caller, room: Room, identities: set[str], terms: BanTerms, now: datetime) -> list[Ban]:
    values = {"until": terms.until, "reason": terms.reason}
    return [
        keeping.ban(caller, room, {"identity": identity, **values}, now=now)
        for identity in sorted(identities)
    ]


def mute(caller: Caller, session: Session, aim: Aim) -> Ordered:
    """Silence people."""
    return _mute_or_unmute(caller, Kind.MUTE, session, aim)


def unmute(caller: Caller, session: Session, aim: Aim) -> Ordered:
    """Let people be heard again."""
    return _mute_or_unmute(caller, Kind.UNMUTE, session, aim)


def _mute_or_unmute(caller: Caller, kind: Operation.Kind, session: Session, aim: Aim) -> Ordered:
    with transaction.atomic():
        return Ordered(_order(caller, kind, session, aim, aim.present_in(session), good_for=MUTE_GOOD_FOR))


def end(caller: Caller, session: Session) -> Ordered:
    """End the session. Everybody is put out, and may come back while the room is open to them."""
    with transaction.atomic():
        return Ordered(
            _order(caller, Kind.END_SESSION, session, Aim(everybody=True), [], good_for=KICK_GOOD_FOR)
        )


def order_kick(caller: Caller, session: Session, people: Sequence[Participant], *, because: str) -> Operation:
    """Order these people's removal, in the caller's transaction, without revoking or banning anything more."""
    aim = Aim(participants=frozenset(person.pk for person in people))
    return _order(caller, Kind.KICK, session, aim, people, good_for=KICK_GOOD_FOR, because=because)


def _order(
    caller: Caller,
    kind: Operation.Kind,
    session: Session,
    aim: Aim,
    people: Sequence[Participant],
    *,
    good_for: timedelta,
    because: str = "",
) -> Operation:
    arguments = {
        "session_id": str(session.pk),
        "everybody": aim.everybody,
        "participants": [str(person.pk) for person in people],
        "exclude": sorted(str(each) for each in aim.exclude),
    }
    operation = operations.order(session.room, kind, by=caller, arguments=arguments, good_for=good_for)
    auditing.record(
        caller,
        ACTIONS[kind],
        tenant=session.room.tenant,
        room_id=session.room_id,
        subject_kind="session" if aim.everybody else "participants",
        subject=session.pk,
        details={
            "operation_id": str(operation.pk),
            "session_id": str(session.pk),
            "participants": arguments["participants"],
            "identities": sorted({person.identity for person in people if person.identity} | aim.identities),
            **({"because": because} if because else {}),
        },
    )
    return operation


ACTIONS: Final = {
    Kind.KICK: "participants.kicked",
    Kind.MUTE: "participants.muted",
    Kind.UNMUTE: "participants.unmuted",
    Kind.END_SESSION: "session.ended",
}


# --- Carrying out -----------------------------------------------------------------------------------------


@carries_out(Kind.KICK)
def carry_out_kick(attempt: Attempt) -> dict[str, Any]:
    """Put them out, and look who is still there. Kicking somebody who is gone already is harmless to repeat."""
    session, line = _begin(attempt)
    arguments = attempt.operation.arguments
    if arguments["everybody"]:
        exclude = _telnyx_ids(session, arguments["exclude"])
        told = _tell(line, session, lambda: line.kick(session.telnyx_id, participants="all", exclude=exclude))
    else:
        meant = _telnyx_ids(session, arguments["participants"])
        if not meant:
            return _outcome(session, "nobody of them is in the session")
        told = _tell(line, session, lambda: line.kick(session.telnyx_id, participants=meant))
    return _outcome(session, told)


@carries_out(Kind.MUTE)
def carry_out_mute(attempt: Attempt) -> dict[str, Any]:
    """Silence those of them about whom nothing newer was ordered."""
    return _set_muted(attempt, muted=True)


@carries_out(Kind.UNMUTE)
def carry_out_unmute(attempt: Attempt) -> dict[str, Any]:
    """Let those of them be heard about whom nothing newer was ordered."""
    return _set_muted(attempt, muted=False)


def _set_muted(attempt: Attempt, *, muted: bool) -> dict[str, Any]:
    session, line = _begin(attempt)
    arguments = attempt.operation.arguments
    newer = _newer_orders(attempt.operation, session)
    act = line.mute if muted else line.unmute
    if arguments["everybody"] and not any(order["everybody"] for order in newer):
        spared = {each for order in newer for each in order["participants"]}
        exclude = _telnyx_ids(session, {*arguments["exclude"], *spared})
        told = _tell(line, session, lambda: act(session.telnyx_id, participants="all", exclude=exclude))
        return _outcome(session, told)
    meant = _telnyx_ids(session, _still_meant(arguments, newer))
    if not meant:
        superseded = newer and arguments["participants"]
        raise Cancelled("superseded by a newer order" if superseded else "nobody of them is in the session")
    told = _tell(line, session, lambda: act(session.telnyx_id, participants=meant))
    return _outcome(session, told)


def _still_meant(arguments: dict[str, Any], newer: Iterable[dict[str, Any]]) -> set[str]:
    """Whom the order named, as far as no newer one is about them: neither by name nor as one of all."""
    meant = set(arguments["participants"])
    for order in newer:
        meant = meant & set(order["exclude"]) if order["everybody"] else meant - set(order["participants"])
    return meant


@carries_out(Kind.END_SESSION)
def carry_out_end(attempt: Attempt) -> dict[str, Any]:
    """End the session; one that is over already is as it should be."""
    session, line = _begin(attempt)
    return _outcome(session, _tell(line, session, lambda: line.end_session(session.telnyx_id)))


def _begin(attempt: Attempt) -> tuple[Session, Telnyx]:
    """The session and the line to Telnyx, if who ordered this may still do so. Raises `Cancelled`."""
    operation = attempt.operation
    if not may_still(operation, "moderate"):
        raise Cancelled("not_authorized: who ordered this may not do so any more")
    session = Session.objects.get(pk=operation.arguments["session_id"])
    return session, line_of(operation.room.account, timeout_secs=attempt.timeout_secs)


def may_still(operation: Operation, scope: str) -> bool:
    """Rights are read again when an order is carried out: they may have been lost since it was given."""
    kind, _, subject = operation.ordered_by.partition(":")
    if kind == CallerKind.IDENTITY:
        room = operation.room
        may_not = room.tenant.is_suspended or is_deactivated(room.tenant_id, subject)
        return not may_not and rights.decides(room, subject)
    if kind == CallerKind.API_KEY:
        keys = ApiKey.objects.filter(pk=subject, tenant=operation.tenant_id, revoked_at=None)
        key = keys.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now())).first()
        return key is not None and scope in key.scopes
    return True


def _newer_orders(operation: Operation, session: Session) -> list[dict[str, Any]]:
    newer = Operation.objects.filter(
        room=operation.room_id,
        sequence__gt=operation.sequence,
        kind__in=[Kind.MUTE, Kind.UNMUTE],
        arguments__session_id=str(session.pk),
    )
    return list(newer.values_list("arguments", flat=True))


def _telnyx_ids(session: Session, ids: Iterable[str]) -> list[str]:
    """Telnyx's ids of those of these participants who are, or were, in the session: whoever is named from elsewhere, be
    it another tenant's, is nobody here."""
    rows = Participant.objects.filter(session=session, pk__in=list(ids)).order_by("pk")
    return [str(each) for each in rows.values_list("telnyx_id", flat=True)]


def _tell(line: Telnyx, session: Session, call: Callable[[], str]) -> str:
    """Make the call; a session that is over or gone leaves nothing to do. Raises other `TelnyxError`s."""
    try:
        return call()
    except errors.NotFound:
        return "already over"
    except errors.Invalid as error:
        if error.already_over or _is_over(line, session):
            return "already over"
        raise


def _is_over(line: Telnyx, session: Session) -> bool:
    """Why Telnyx refuses is not told in so many words: whether the session is over, which we may not have heard yet."""
    try:
        return not line.view_session(session.telnyx_id).active
    except errors.NotFound:
        return True


def _outcome(session: Session, told: str) -> dict[str, Any]:
    """What Telnyx said. What became of whom is read from the mirror when somebody asks (`OperationRecord`)."""
    return {"session_id": str(session.pk), "told": told}
