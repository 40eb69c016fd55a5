"""Erasing a person: their films are deleted, what let them in ends, and in the history a pseudonym stands for them.

What can be done at once is done with the order: they are put out and revoked everywhere, and are no member any more.
Their recordings, and the compositions that show them, are deleted one by one like all others. Only when the last of
them is gone, and no token can bring them back, the history is rewritten (`pseudonymising`): until then it has to be
known whose films those are. A hold on any of it, or on the person, keeps the rest waiting; when it is lifted, the
erasure goes on by itself.

Whoever comes with the same identity after the order is somebody new: their grants and memberships are not touched. If
it is ordered again before it is finished, it is the same erasure, and reaches what came until then as well.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from rooms import deleting, films, holding, pseudonymising, removing
from rooms.doorkeeping import doorkeeper
from rooms.models import Deletion, Erasure, Footage, Member, Participant
from rooms.pseudonyms import Person
from videobroker.api.cursors import batches_oldest_first
from videobroker.tenants import auditing, forgetting, pseudonyms
from videobroker.tenants.callers import HOUSE, Caller
from videobroker.tenants.keyring import KeyRingError
from videobroker.tenants.models import Tenant

log = structlog.get_logger(__name__)

State = Erasure.State
Receipt = dict[str, Any]
AT_ONCE: Final = 200
# While films are being deleted; while a hold keeps something; and how long one who died has had the turn.
LOOKED_AFTER_EVERY: Final = timedelta(seconds=2)
HOLDS_ASKED_EVERY: Final = timedelta(seconds=30)
TURN: Final = timedelta(minutes=2)


# --- The order --------------------------------------------------------------------------------------------


def order(caller: Caller, tenant: Tenant, identity: str, *, now: datetime) -> Erasure:
    """Order the person's erasure, and do at once what can be. If one is under way it is that one, which from now on
    takes what they have come to have since as well."""
    pseudonym = pseudonyms.pseudonym_of(tenant.pk, identity)
    with transaction.atomic():
        holding.take_turn(tenant)
        ended = _end_of_access(tenant, identity, pseudonym, now)
        erasure, action = _order_again(tenant, pseudonym, ended, now), "erasure.ordered_again"
        if erasure is None:
            erasure, action = (
                Erasure(tenant=tenant, identity=identity, pseudonym=pseudonym),
                "erasure.ordered",
            )
            erasure.ordered_by = f"{caller.kind}:{caller.subject}"
            erasure.created_at = erasure.due_at = now
            erasure.receipt = ended
            erasure.save(force_insert=True)
        auditing.record(
            caller, action, tenant=tenant, subject_kind="identity", subject=identity,
            details={"erasure_id": str(erasure.pk)},
        )  # fmt: skip
    return erasure


def _order_again(tenant: Tenant, pseudonym: str, ended: Receipt, now: datetime) -> Erasure | None:
    """Let the erasure under way, if there is one, reach until now. Were names going already, films are looked for once
    more before the rest of them goes."""
    # The last that is locked: whoever counts in the receipt has locked what is counted.
    rows = Erasure.objects.of(tenant).select_for_update()
    erasure = rows.filter(pseudonym=pseudonym, finished_at=None).first()
    if erasure is None:
        return None
    receipt = erasure.receipt
    receipt.pop("names_go_since", None)
    for kind, count in ended["removed"].items():
        receipt["removed"][kind] = receipt["removed"].get(kind, 0) + count
    receipt["names"] = sorted({*receipt["names"], *ended["names"]})
    receipt["tokens_end_at"] = _later(receipt["tokens_end_at"], ended["tokens_end_at"])
    erasure.ordered_again_at, erasure.due_at = max(now, erasure.given_until), now
    erasure.save(update_fields=["receipt", "ordered_again_at", "due_at"])
    return erasure


def _later(*times: str | None) -> str | None:
    """The later of times as receipts have them."""
    return max((at for at in times if at), key=datetime.fromisoformat, default=None)


def _end_of_access(tenant: Tenant, identity: str, pseudonym: str, now: datetime) -> Receipt:
    """Take from the person what lets them in; the beginning of the receipt. `names` and `tokens_end_at` are of use
    until the erasure is finished, and are not told."""
    names = doorkeeper().names_shown(tenant, identity) | _names_known(tenant, identity)
    tokens_end_at = removing.remove_everywhere(tenant, identity, because="erased", now=now)
    removed = {"members": Member.objects.of(tenant).filter(identity=identity).delete()[0], "users": 0}
    user = forgetting.user_of(tenant, identity)
    if user is not None:
        names |= set(forgetting.names_of(user))
        forgetting.forget_user(user, pseudonym)
        removed["users"] = 1
    return {
        "removed": removed,
        "replaced": {},
        "kept": {},
        "names": sorted(names),
        "tokens_end_at": tokens_end_at.isoformat() if tokens_end_at else None,
    }


def _names_known(tenant: Tenant, identity: str) -> set[str]:
    rows: tuple[QuerySet[Any], ...] = (
        Member.objects.of(tenant).filter(identity=identity),
        pseudonymising.participants_of(tenant, identity),
    )
    found = (each.exclude(display_name="").order_by().values_list("display_name", flat=True) for each in rows)
    return {name for names in found for name in names.distinct()}


# --- Going on ---------------------------------------------------------------------------------------------


def go_on_with_all(now: datetime) -> None:
    """Go on with every erasure whose turn it is. A round: any number of workers may make it at once."""
    for erasure in (
        Erasure.objects.filter(finished_at=None, due_at__lte=now)
        .select_related("tenant")
        .order_by("due_at")[:AT_ONCE]
    ):
        mine = Erasure.objects.filter(pk=erasure.pk, due_at=erasure.due_at, finished_at=None)
        if mine.update(due_at=now + TURN):
            _go_on_in_turn(erasure, now)


def _go_on_in_turn(erasure: Erasure, now: datetime) -> None:
    """One of which the database refuses a row, or in which something cannot be opened, keeps no other waiting; its next
    turn comes."""
    try:
        go_on(erasure.pk, now=now)
    except (DatabaseError, KeyRingError) as error:
        # The first line alone: what databases say beyond it has values of the row.
        why = str(error).partition("\n")[0]
        told = {"erasure": str(erasure.pk), "tenant": erasure.tenant.slug, "error": why}
        log.error("erasure_failed", **told)  # noqa: TRY400  a trace would have values of the row too


def go_on(erasure_id: UUID, *, now: datetime) -> Erasure:
    """Do what can be done now of an erasure."""
    erasure = Erasure.objects.select_related("tenant").get(pk=erasure_id)
    if erasure.finished_at is not None:
        return erasure
    if "names_go_since" not in erasure.receipt:
        _delete_films(erasure)
        if not _may_forget(erasure, now=now):
            return erasure
    _forget(erasure)
    return erasure


def _delete_films(erasure: Erasure) -> None:
    """Begin to delete what is kept of them and not held."""
    for kind, rows in zip(("recordings", "compositions"), films.of_erasure(erasure), strict=True):
        for some in batches(rows.filter(state=Footage.State.KEPT)):
            with transaction.atomic():
                begun = deleting.begin_all(some, **order_of(erasure))
                _note(erasure, "removed", kind, len(begun))


def order_of(erasure: Erasure) -> dict[str, Any]:
    """By whom and why its films are deleted, for `deleting`."""
    return {
        "cause": Deletion.Cause.ERASURE,
        "ordered_by": erasure.ordered_by,
        "policy": {"by": "erasure", "erasure_id": str(erasure.pk)},
    }


def batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """The films, some at a time, with their rooms."""
    return batches_oldest_first(rows.select_related("room"), "seen_at", batch=AT_ONCE)


def _may_forget(erasure: Erasure, *, now: datetime) -> bool:
    """Whether nothing is left that the person has to be known for. If so that is written down, and holds come too late
    from then on; if not, what is waited for."""
    tenant = erasure.tenant
    with transaction.atomic():
        holding.take_turn(tenant)
        # Since it was read it may have been ordered again.
        erasure.refresh_from_db(fields=["receipt", "ordered_again_at"])
        kept = films.kept_of(tenant, erasure.identity, *films.of_erasure(erasure))
        left = [rows.exclude(state=Footage.State.DELETED).exists() for rows in films.of_erasure(erasure)]
        if kept:
            _put_off(erasure, State.WAITING, now + HOLDS_ASKED_EVERY, kept.told())
        elif any(left):
            _put_off(erasure, State.PENDING, now + LOOKED_AFTER_EVERY, {})
        elif now < _watched_until(erasure):
            _put_off(erasure, State.PENDING, _watched_until(erasure), {})
        else:
            erasure.receipt |= {"kept": {}, "names_go_since": now.isoformat()}
            Erasure.objects.filter(pk=erasure.pk).update(receipt=erasure.receipt, state=State.PENDING)
            return True
    return False


def _put_off(erasure: Erasure, state: Erasure.State, due_at: datetime, kept: dict[str, Any]) -> None:
    if state == State.WAITING and erasure.state != State.WAITING:
        log.info("erasure_waits", erasure=str(erasure.pk), tenant=erasure.tenant.slug)
    erasure.receipt["kept"] = kept
    erasure.state, erasure.due_at = state, due_at
    erasure.save(update_fields=["state", "due_at", "receipt"])


def _watched_until(erasure: Erasure) -> datetime:
    """Until when a token that was given before could bring the person in, to be put out again."""
    last = erasure.receipt["tokens_end_at"]
    return datetime.fromisoformat(last) + removing.WATCH_LEEWAY if last else erasure.created_at


# --- Forgetting -------------------------------------------------------------------------------------------


def _forget(erasure: Erasure) -> None:
    """Replace the person everywhere, and finish. Grants go first: nothing is attributed by them from then on."""
    with transaction.atomic():
        forgotten = doorkeeper().forget_grants(
            erasure.tenant, erasure.identity, given_until=erasure.given_until
        )
        _note(erasure, "removed", "grants", forgotten)
    person = Person(
        tenant=erasure.tenant,
        identity=erasure.identity,
        pseudonym=erasure.pseudonym,
        given_until=erasure.given_until,
        others=frozenset(erasure.receipt["names"]),
    )
    pseudonymising.replace_everywhere(person, lambda kind, count: _note(erasure, "replaced", kind, count))
    _finish(erasure)


def _note(erasure: Erasure, section: str, kind: str, count: int) -> None:
    """Count something in the receipt, in the caller's transaction, and keep the turn while there is something to do."""
    row = Erasure.objects.select_for_update().get(pk=erasure.pk)
    counts = row.receipt[section]
    counts[kind] = counts.get(kind, 0) + count
    row.due_at = timezone.now() + TURN
    row.save(update_fields=["receipt", "due_at"])
    erasure.receipt = row.receipt


def _finish(erasure: Erasure) -> None:
    now = timezone.now()
    told = {"removed": erasure.receipt["removed"], "replaced": erasure.receipt["replaced"], "kept": {}}
    with transaction.atomic():
        unfinished = Erasure.objects.filter(pk=erasure.pk, finished_at=None)
        # One that was ordered again meanwhile has more to do.
        done = unfinished.filter(ordered_again_at=erasure.ordered_again_at)
        if not done.update(state=State.FINISHED, identity="", receipt=told, finished_at=now):
            unfinished.update(due_at=now)
            return
        auditing.record(
            HOUSE, "erasure.finished", tenant=erasure.tenant, subject_kind="identity", subject=erasure.pseudonym,
            details={"erasure_id": str(erasure.pk)},
        )  # fmt: skip
    erasure.refresh_from_db()
    log.info("erasure_finished", erasure=str(erasure.pk), tenant=erasure.tenant.slug)


def name_for_good(tenant: Tenant, identity: str) -> str:
    """Under which name something about this person may be written that is kept for good: the pseudonym once they were
    erased, or are being replaced by it, so that nothing puts a name beside the history that it was taken from."""
    names_went = Q(finished_at__isnull=False) | Q(receipt__has_key="names_go_since")
    erasures = of_person(tenant, identity).filter(names_went)
    return pseudonyms.pseudonym_of(tenant.pk, identity) if erasures.exists() else identity


def of_person(tenant: Tenant, identity: str) -> QuerySet[Erasure]:
    """All erasures of this person, finished ones too."""
    return Erasure.objects.of(tenant).filter(pseudonym=pseudonyms.pseudonym_of(tenant.pk, identity))


# --- Looking ahead ----------------------------------------------------------------------------------------


def foreseen(tenant: Tenant, identity: str) -> dict[str, Any]:
    """What an erasure would do now, and what holds would keep, without doing anything."""
    recordings, compositions = films.of(tenant, identity)
    kept = films.kept_of(tenant, identity, recordings, compositions)
    return {
        "removed": {
            "members": Member.objects.of(tenant).filter(identity=identity).count(),
            "users": int(forgetting.user_of(tenant, identity) is not None),
            "grants": len(doorkeeper().grants_of(tenant, identity)),
            "recordings": _to_be_deleted(recordings, kept.recordings),
            "compositions": _to_be_deleted(compositions, kept.compositions),
        },
        "replaced": {"participants": Participant.objects.of(tenant).filter(identity=identity).count()},
        "kept": kept.told(),
    }


def _to_be_deleted(rows: QuerySet[Any], held: QuerySet[Any]) -> int:
    """How many of these films are kept, and by no hold."""
    return rows.filter(state=Footage.State.KEPT).exclude(pk__in=held.order_by().values("pk")).count()
