"""Who a participant is: the context they joined with, checked, and bound to the first who shows it.

Anybody in a room can copy another's context. So of all participants that show contexts of one grant only one at a time
is its person: the first, and after that one has gone, whoever came back with it in time. A reconnecting device joins
anew before its old connection is noticed to be gone, so for half a minute two are not one too many.

The verdict is a function of the facts known and of nothing else; when facts come late it is given again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction

from rooms import lingering, mirroring
from rooms.doorkeeping import Named
from rooms.models import Attribution, Erasure, Participant
from tokens import contexts
from tokens.models import Grant
from videobroker.tenants import pseudonyms

log = structlog.get_logger(__name__)

# How long an old connection may outlive the new one, and how long after a break one may come back.
RECONNECT: Final = timedelta(seconds=30)


@dataclass(frozen=True)
class Claim:
    """A participant who shows a context of the grant: since when, until when, and the time the context was good for.

    `confirmed_at` is when Telnyx last told who is, and was, in that session. Events may be late or lost: before it has
    been asked after the reconnect allowance, nobody is taken for a second claimant, since the first may have left; and
    before it has been asked at all, nobody for late, since whom they reconnect for may have been there.
    """

    participant_id: UUID
    telnyx_id: UUID
    joined_at: datetime
    gone_at: datetime | None
    join_by_at: datetime
    confirmed_at: datetime | None


def verdicts(claims: Sequence[Claim]) -> dict[UUID, Attribution]:
    """Who of them is the grant's person: for every participant ATTRIBUTED, LATE or CLAIMED, or PENDING while Telnyx has
    to be asked first."""
    found: dict[UUID, Attribution] = {}
    holder: Claim | None = None
    for claim in sorted(claims, key=lambda each: (each.joined_at, each.telnyx_id)):
        found[claim.participant_id] = verdict = _verdict(claim, holder)
        if verdict == Attribution.ATTRIBUTED:
            holder = claim
    return found


def _verdict(claim: Claim, holder: Claim | None) -> Attribution:
    if holder is not None and _still_there(holder, claim.joined_at + RECONNECT):
        confirmed = _is_confirmed(holder, claim)
        return Attribution.CLAIMED if confirmed or holder.gone_at is not None else Attribution.ATTRIBUTED
    in_time = claim.joined_at <= claim.join_by_at + contexts.JOIN_LEEWAY
    reconnects = holder is not None and _still_there(holder, claim.joined_at - RECONNECT)
    if in_time or reconnects:
        return Attribution.ATTRIBUTED
    all_known = claim.confirmed_at is not None and claim.confirmed_at >= claim.joined_at
    return Attribution.LATE if all_known else Attribution.PENDING


def _is_confirmed(holder: Claim, claim: Claim) -> bool:
    """Whether Telnyx was asked about the holder when a reconnecting device's old connection would have been over."""
    return holder.confirmed_at is not None and holder.confirmed_at >= claim.joined_at + RECONNECT


def _still_there(holder: Claim, at: datetime) -> bool:
    return holder.gone_at is None or holder.gone_at > at


def attribute(participants: Iterable[Participant], *, now: datetime) -> None:
    """Give the verdict on these participants, and again on all others of the same grants."""
    showing: dict[Grant, list[Participant]] = {}
    for person in participants:
        if person.joined_at is None:
            continue  # only their leaving is known yet; the joining will be told, or found
        if pseudonyms.is_pseudonym(person.identity):
            continue  # they were erased, with what they showed; the verdict of old stands
        shown = _grant_shown_by(person)
        if isinstance(shown, Grant):
            showing.setdefault(shown, []).append(person)
        elif isinstance(shown, Erasure):
            _settle_erased(person, shown, now=now)
        elif person.attribution != shown:
            _write(person, {"attribution": shown})
    for grant, people in showing.items():
        unbound = [person for person in people if person.grant_id != grant.pk]
        if unbound or _wrong(grant):
            _settle(grant, unbound)


def _grant_shown_by(person: Participant) -> Grant | Erasure | Attribution:
    """The grant whose context the participant shows, or why there is none: be it that an erasure took it."""
    try:
        statement = contexts.statement_in(person.context)
    except contexts.ContextRefused as refusal:
        return Attribution.MISSING if refusal.reason == "missing" else Attribution.FORGED
    if statement.room_id != person.room_id or statement.tenant_id != person.tenant_id:
        return Attribution.FOREIGN
    grant = Grant.objects.filter(pk=statement.grant_id, room=person.room_id).first()
    if grant is not None:
        return grant
    erasure = _erasure_behind(person, statement)
    return Attribution.FOREIGN if erasure is None else erasure


def _erasure_behind(person: Participant, statement: contexts.Statement) -> Erasure | None:
    if statement.identity is None:
        return None
    return lingering.erasure_of(person.tenant, Named(statement.identity, statement.join_by_at))


def _settle(grant: Grant, unbound: list[Participant]) -> None:
    """Bind these to the grant, and give the verdict on everybody who shows a context of it. If it is gone since it was
    read, an erasure has taken it and replaces whom it names: nothing is written of them then, and the next look finds
    what is left to go by."""
    with transaction.atomic():
        # Whoever takes the grant away waits for this, and finds what is written here.
        if not list(Grant.objects.select_for_update(no_key=True).filter(pk=grant.pk).values_list("pk")):
            return
        for person in unbound:
            values = {"grant_id": grant.pk, "granted_at": grant.created_at, "shown_identity": grant.identity}
            _write(person, values)
        for person, values in _wrong(grant):
            _write(person, values)
            verdict = values["attribution"]
            if verdict not in (Attribution.ATTRIBUTED, Attribution.PENDING):
                log.warning(
                    "context_not_credible", participant=str(person.pk), grant=str(grant.pk), why=verdict
                )


def _wrong(grant: Grant) -> list[tuple[Participant, dict[str, Any]]]:
    """Those who show a context of this grant and of whom something else is written than the verdict on them, with what
    should be."""
    found = []
    people = {person.pk: person for person in _shown(grant)}
    claims = [_claim(person) for person in people.values() if _may_be_judged(person)]
    for participant_id, verdict in verdicts(claims).items():
        person = people[participant_id]
        is_theirs = verdict == Attribution.ATTRIBUTED
        wanted: dict[str, Any] = {
            "attribution": verdict,
            "identity": grant.identity if is_theirs else None,
            "display_name": grant.display_name if is_theirs else "",
            "role": grant.role if is_theirs else "",
        }
        if any(getattr(person, name) != value for name, value in wanted.items()):
            found.append((person, wanted))
    return found


def _may_be_judged(person: Participant) -> bool:
    """Whether it is known when they joined, and what they showed. From a stranger an erasure takes that, and the old
    verdict stands; who was erased is judged by what was found before."""
    return person.joined_at is not None and (bool(person.context) or pseudonyms.is_pseudonym(person.identity))


def _settle_erased(person: Participant, erasure: Erasure, *, now: datetime) -> None:
    """Give the verdict on somebody who shows a context of a grant that an erasure took. Those who were its person are
    known by the pseudonym, and stay it."""
    statement = contexts.statement_in(person.context)
    same = Participant.objects.filter(grant_id=statement.grant_id, identity=erasure.pseudonym)
    others = [_claim(each) for each in same.exclude(joined_at=None).select_related("session")]
    mine = _claim(person)
    # Under the pseudonym they are for good: where another may have left since, Telnyx is asked before.
    is_clear = all(each.gone_at is not None or _is_confirmed(each, mine) for each in others)
    verdict = verdicts([*others, mine])[person.pk] if is_clear else Attribution.PENDING
    if verdict == Attribution.ATTRIBUTED and statement.identity is not None:
        lingering.forget_participant(
            person, erasure, identity=statement.identity, grant_id=statement.grant_id, now=now
        )
    elif person.attribution != verdict:
        _write(person, {"attribution": verdict, "grant_id": statement.grant_id})


def _shown(grant: Grant) -> Iterable[Participant]:
    return Participant.objects.filter(grant_id=grant.pk).select_related("session")


def _claim(person: Participant) -> Claim:
    joined_at = person.joined_at
    if joined_at is None:
        raise ValueError(f"participant {person.pk} is not known to have joined")
    # What somebody showed who was erased is gone; that they came in time was found before.
    was_erased = pseudonyms.is_pseudonym(person.identity)
    return Claim(
        participant_id=person.pk,
        telnyx_id=person.telnyx_id,
        joined_at=joined_at,
        gone_at=person.gone_at,
        join_by_at=joined_at if was_erased else contexts.statement_in(person.context).join_by_at,
        confirmed_at=person.session.confirmed_at,
    )


def _write(person: Participant, values: dict[str, Any]) -> None:
    mirroring.change(Participant.objects.filter(pk=person.pk), **values)
    for name, value in values.items():
        setattr(person, name, value)
