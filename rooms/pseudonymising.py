"""Replacing who somebody was by their pseudonym, wherever the history names them.

A test looks through every text of every table that somebody was erased from. Each batch is a transaction of its own and
finds only what is still to be replaced, so that it can be broken off at any point and begun again.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from django.db import models, transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from rooms.models import (
    Attribution,
    Ban,
    Composition,
    Deletion,
    Delivery,
    Erasure,
    Event,
    Hold,
    Operation,
    Participant,
    PurgeRun,
    Removal,
    Room,
)
from rooms.pseudonyms import Person, mention, mentioning, spellings
from videobroker.api.cursors import batches_oldest_first
from videobroker.api.models import IdempotencyRecord
from videobroker.tenants.callers import CallerKind
from videobroker.tenants.keyring import KeyRingError
from videobroker.tenants.models import AuditEntry, Tenant

AT_ONCE: Final = 200
# Events of Telnyx's are told around the time at which we hear of somebody first, and for as long as they are in.
EVENTS_BEFORE: Final = timedelta(days=1)
# That somebody joined is told, or found by asking, within this time; so is whether anybody else was in as them.
JUDGED_WITHIN: Final = timedelta(days=1)
# Columns that say who did something, as `kind:subject`.
DOERS: Final[tuple[tuple[type[models.Model], str], ...]] = (
    (Ban, "created_by"), (Ban, "lifted_by"), (Hold, "placed_by"), (Hold, "lifted_by"), (Hold, "holder"),
    (Operation, "ordered_by"), (Composition, "ordered_by"), (Deletion, "ordered_by"), (PurgeRun, "allowed_by"),
    (Erasure, "ordered_by"),
)  # fmt: skip

Note = Callable[[str, int], None]


def replace_everywhere(person: Person, note: Note) -> None:
    """Replace the person in all rows of the tenant's history. `note` is told, in the transaction of each step, of what
    kind and how many were replaced."""
    steps = (
        _participants, _strangers, _deliveries, _audit, _bans, _holds, _doers, _policies, _answers, _rest,
    )  # fmt: skip
    for replace in steps:
        replace(person, note)


# --- Those who were there, and what was told of them ------------------------------------------------------


def _participants(person: Person, note: Note) -> None:
    """Participants that they were. Who came back as somebody new was given a new grant since, and stays, also when that
    has long been forgotten."""
    newcomers = Q(granted_at__gt=person.given_until)
    theirs = participants_of(person.tenant, person.identity).exclude(newcomers)
    for some in batches_oldest_first(theirs, "seen_at", batch=AT_ONCE):
        with transaction.atomic():
            note("participants", replace_participants(person, some))
    showed = Participant.objects.of(person.tenant).filter(shown_identity=person.identity)
    with transaction.atomic():
        showed.exclude(newcomers).update(shown_identity=person.pseudonym)


def replace_participants(person: Person, some: list[Participant]) -> int:
    """Replace the person in participants that they were, and in what was told of these, in the caller's transaction;
    how many."""
    values = {"identity": person.pseudonym, "display_name": "", "context": ""}
    changed = _rows(Participant, some).update(**values, updated_at=timezone.now())
    _what_was_told_of(person, some)
    return changed


def participants_of(tenant: Tenant, identity: str) -> QuerySet[Participant]:
    """Participants that this person is known to have been."""
    return Participant.objects.of(tenant).filter(identity=identity)


def _strangers(person: Person, note: Note) -> None:
    """Strangers who show a context that names the person. Of those who are still in it is done when they are gone
    (`lingering`)."""
    for some in batches_oldest_first(strangers(person.tenant), "seen_at", batch=AT_ONCE):
        naming = [each for each in some if person.is_named_in(each.context)]
        with transaction.atomic():
            note("participants", empty_contexts(person, naming))


def strangers(tenant: Tenant) -> QuerySet[Participant]:
    """Participants who are gone, and could not be proven to be whom the context names that they show."""
    unproven = Participant.objects.of(tenant).exclude(attribution=Attribution.ATTRIBUTED)
    return unproven.exclude(context=None).exclude(context="").exclude(left_at=None, session__ended_at=None)


def empty_contexts(person: Person, some: list[Participant]) -> int:
    """Take away what these strangers showed of the person, and what was told of it, in the caller's transaction; of how
    many. The empty text stays for good: of two contexts the first in the alphabet stands (`mirroring`)."""
    # Who cannot be judged yet keeps it for a while: they may prove to be the person, and then their films go too.
    pending = Q(attribution=Attribution.PENDING, seen_at__gt=timezone.now() - JUDGED_WITHIN)
    # What somebody new was given is shown by its context; who copied that has copied nothing of the person.
    newcomers = Q(granted_at__gt=person.given_until)
    known = Q(attribution=Attribution.ATTRIBUTED)
    rows = _rows(Participant, some).exclude(known | pending | newcomers)
    judged = list(rows)
    changed = _rows(Participant, judged).update(context="", updated_at=timezone.now())
    _what_was_told_of(person, judged)
    return changed


def _what_was_told_of(person: Person, people: list[Participant]) -> None:
    """What tenants' back ends were told of these participants, and what Telnyx told us."""
    if not people:
        return
    _rewrite(Delivery.objects.of(person.tenant).filter(subject_id__in=[each.pk for each in people]), person)
    since = min(each.seen_at for each in people) - EVENTS_BEFORE
    # A room stays in its account when the tenant is given another.
    rooms = Room.objects.filter(pk__in={each.room_id for each in people})
    told = Event.objects.filter(
        account__in=rooms.order_by().values("account"),
        received_at__gte=since,
        payload__participant_id__in=[str(each.telnyx_id) for each in people],
    )
    _rewrite(told, person)


def _rewrite(rows: QuerySet[Any], person: Person) -> int:
    """Take them out of the payloads of a few rows that are about them."""
    changed = 0
    for row in rows:
        payload = person.out_of(row.payload, about=True)
        if payload != row.payload:
            changed += type(row)._default_manager.filter(pk=row.pk).update(payload=payload)
    return changed


def _deliveries(person: Person, note: Note) -> None:
    """What back ends were told of their recordings, and of what else names them."""
    naming = mentioning(Delivery.objects.of(person.tenant), "payload", person)
    for some in batches_oldest_first(naming, "created_at", batch=AT_ONCE):
        theirs = [each for each in some if each.payload.get("identity") == person.identity]
        with transaction.atomic():
            note("webhook_deliveries", _rewrite(_rows(Delivery, theirs), person))


# --- What was done by them and to them --------------------------------------------------------------------


def _audit(person: Person, note: Note) -> None:
    entries = AuditEntry.objects.of(person.tenant).annotate(told=Cast("details", TextField()))
    by_or_about = Q(actor=person.identity) | Q(subject__in=[person.identity, *person.others])
    found = entries.filter(by_or_about | mention("told", person))
    for some in batches_oldest_first(found, "occurred_at", batch=AT_ONCE):
        with transaction.atomic():
            note("audit_entries", sum(_replace_in_entry(entry, person) for entry in some))


def _replace_in_entry(entry: AuditEntry, person: Person) -> int:
    values: dict[str, Any] = {}
    if entry.actor_kind == CallerKind.IDENTITY and entry.actor == person.identity:
        values |= {"actor": person.pseudonym, "address": ""}
    is_subject = entry.subject_kind == "identity" and entry.subject == person.identity
    is_their_user = entry.subject_kind == "user" and entry.subject in person.others
    if is_subject or is_their_user:
        values["subject"] = person.pseudonym
    details = person.out_of(entry.details, about=is_subject or is_their_user)
    if details != entry.details:
        values["details"] = details
    return AuditEntry.objects.filter(pk=entry.pk).update(**values) if values else 0


def _bans(person: Person, note: Note) -> None:
    """A ban stays in force: `Ban.objects.against` knows the pseudonym as well."""
    _replace_with_reason(Ban.objects.of(person.tenant), "created_at", "bans", person, note)


def _holds(person: Person, note: Note) -> None:
    """Holds that were lifted. One in force keeps the person themselves from being forgotten."""
    lifted = Hold.objects.of(person.tenant).exclude(lifted_at=None)
    _replace_with_reason(lifted, "placed_at", "holds", person, note)


def _replace_with_reason(rows: QuerySet[Any], column: str, kind: str, person: Person, note: Note) -> None:
    for some in batches_oldest_first(rows.filter(identity=person.identity), column, batch=AT_ONCE):
        with transaction.atomic():
            for row in some:
                values = {"identity": person.pseudonym, "reason": person.free_of(row.reason)}
                note(kind, _rows(type(row), [row]).update(**values))


def _doers(person: Person, note: Note) -> None:
    """Who ordered, banned, held, lifted or allowed something."""
    for model, column in DOERS:
        with transaction.atomic():
            theirs = model._default_manager.filter(tenant=person.tenant, **{column: person.doer})
            note("acts", theirs.update(**{column: person.doer_after}))


def _policies(person: Person, note: Note) -> None:
    naming = mentioning(Deletion.objects.of(person.tenant), "policy", person)
    for some in batches_oldest_first(naming, "begun_at", batch=AT_ONCE):
        with transaction.atomic():
            for row in some:
                policy = person.out_of(row.policy, about=False)
                if policy != row.policy:
                    note("acts", _rows(Deletion, [row]).update(policy=policy))


def _answers(person: Person, note: Note) -> None:
    """Answers that are kept for Idempotency-Keys: those to the person, and those to others that name them."""
    for some in batches_oldest_first(
        IdempotencyRecord.objects.filter(tenant=person.tenant), "created_at", batch=AT_ONCE
    ):
        theirs = [each for each in some if each.caller == person.doer or _is_named_in(each, person)]
        with transaction.atomic():
            note("idempotency_answers", _rows(IdempotencyRecord, theirs).delete()[0])


def _is_named_in(record: IdempotencyRecord, person: Person) -> bool:
    """Whether the answer names the person, be it in a context, or may do so: one that does not open is of no use."""
    try:
        answer = record.answer
    except KeyRingError:
        return True
    if answer is None:
        return False
    text = answer.reveal()
    return any(spelt in text for spelt in spellings(person.identity)) or any(
        person.is_named_in(context) for context in _contexts(json.loads(text))
    )


def _contexts(value: Any) -> Iterator[str]:
    """Every context in a JSON document."""
    if isinstance(value, list):
        for inner in value:
            yield from _contexts(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "context" and isinstance(inner, str):
                yield inner
            else:
                yield from _contexts(inner)


def _rest(person: Person, note: Note) -> None:
    """What is of use to nobody any more, or says nothing but who."""
    with transaction.atomic():
        removals = Removal.objects.filter(room__tenant=person.tenant, identity=person.identity)
        # What keeps somebody new out does so by their name, until their last token is over.
        newcomers = Q(removed_at__gt=person.given_until, watched_until_at__gt=timezone.now())
        note("removals", removals.exclude(newcomers).update(identity=person.pseudonym))
        note(
            "acts",
            Hold.objects.of(person.tenant).filter(holder=person.identity).update(holder=person.pseudonym),
        )


def _rows(model: Any, some: list[Any]) -> QuerySet[Any]:
    found: QuerySet[Any] = model._default_manager.filter(pk__in=[row.pk for row in some])
    return found
