"""Purging: what has been kept for as long as it should be is deleted, tenant by tenant, the longest overdue first.

A purge (`PurgeRun`) only ever begins deletions (`deleting`), a few at a time, so that what it has not come to yet can
still be held. Before it begins anything, and every minute from then on, it compares the clocks; where they differ it
deletes nothing and says so. A purge that would take too large a share of what there is stops until somebody has looked
at it. Every step of it may be repeated, by any worker, after any crash: it is all in the rows.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from rooms import deleting, holding, retaining
from rooms.clocks import Clocks
from rooms.models import STUBBORN_AFTER, Composition, Deletion, PurgeRun, Recording
from rooms.shredding import AnyFootage
from videobroker.tenants import auditing
from videobroker.tenants.callers import HOUSE, Caller
from videobroker.tenants.models import Tenant

log = structlog.get_logger(__name__)

State = PurgeRun.State
MODELS: Final[tuple[type[Recording] | type[Composition], ...]] = (Recording, Composition)

# Purges are kept for so long; the receipts of what they deleted for ever.
KEPT_FOR: Final = timedelta(days=90)
# So often the clocks are compared, and a purge that does not go on is looked at again.
LOOKED_AT_EVERY: Final = timedelta(minutes=1)
# Why a purge that was not refused does not go on: Telnyx is silent.
NOT_COMPARED: Final = "the clocks cannot be compared"
# Deletions that the purges of an account have begun and not done: enough that Telnyx never waits for us, and no more.
BEGUN_AT_ONCE: Final = 200


@dataclass(frozen=True)
class Count:
    """How much a tenant has stored, and how much of that a purge would delete."""

    stored: int
    due: int

    @property
    def is_too_much(self) -> bool:
        """Whether somebody has to look at it before it is deleted: a wrong setting goes for everything at once."""
        share: float = settings.PURGE_MAX_SHARE
        free: int = settings.PURGE_FREE_COUNT
        return self.due > free and self.due > share * self.stored


def count(tenant: Tenant, now: datetime) -> Count:
    """Count the tenant's recordings and compositions."""
    return Count(
        stored=sum(model.objects.of(tenant).kept().count() for model in MODELS),
        due=sum(due(model, now).filter(tenant=tenant).count() for model in MODELS),
    )


def begin_due(now: datetime, *, tenants: QuerySet[Tenant] | None = None) -> int:
    """Begin a purge for each of these tenants (all, unless given) who has something to delete and no unfinished one;
    how many. Suspended tenants too: their people have not lost the right to be forgotten."""
    waiting = (Tenant.objects.all() if tenants is None else tenants).filter(
        Exists(due(Recording, now).filter(tenant=OuterRef("pk")))
        | Exists(due(Composition, now).filter(tenant=OuterRef("pk")))
    )
    under_way = PurgeRun.objects.under_way().filter(tenant=OuterRef("pk"))
    return sum(_begin(tenant) for tenant in waiting.exclude(Exists(under_way)))


def _begin(tenant: Tenant) -> int:
    try:
        with transaction.atomic():
            run = PurgeRun.objects.create(tenant=tenant)
    except IntegrityError:
        return 0  # another worker was quicker
    log.info("purge_begun", run=str(run.pk), tenant=tenant.slug)
    return 1


def due(model: type[Recording] | type[Composition], now: datetime) -> QuerySet[Any]:
    """What of `model` has expired and is not held, of all tenants, the longest expired first."""
    free = model.objects.all().expired(now).filter(held=False).exclude(holding.covering(model))
    return free.order_by("expires_at", "pk")


def due_of(tenant: Tenant, now: datetime) -> Iterator[AnyFootage]:
    """Recordings and compositions of the tenant that have expired and are not held, the longest expired first, some at
    a time."""
    yield from heapq.merge(
        *(_rows(model, tenant, now).iterator(BEGUN_AT_ONCE) for model in MODELS), key=_place_in_line
    )


def _first_of(tenant: Tenant, now: datetime, count: int) -> list[AnyFootage]:
    """The first of them."""
    found = [footage for model in MODELS for footage in _rows(model, tenant, now)[:count]]
    return sorted(found, key=_place_in_line)[:count]


def _rows(model: type[Recording] | type[Composition], tenant: Tenant, now: datetime) -> QuerySet[Any]:
    return with_its_own(due(model, now).filter(tenant=tenant))


def with_its_own(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with what they are part of, as every look at their retention needs it."""
    people = ("participant",) if rows.model is Recording else ()
    return rows.select_related("room", "room__tenant", "session", *people)


def _place_in_line(footage: AnyFootage) -> tuple[Any, Any]:
    return footage.expires_at, footage.pk


def go_on(now: datetime, *, tenants: QuerySet[Tenant] | None = None) -> int:
    """Take the unfinished purges of these tenants (all, unless given) a step further; how many deletions were begun.
    Those go first whose Telnyx answered last: one that is silent holds up whoever comes after it."""
    runs = PurgeRun.objects.under_way().select_related("tenant", "tenant__account")
    if tenants is not None:
        runs = runs.filter(tenant__in=tenants)
    clocks = Clocks(now)
    answered_last = F("checked_at").desc(nulls_last=True)
    return sum(_step_alone(run, clocks) for run in runs.order_by(answered_last, "started_at"))


def look_anew(tenants: QuerySet[Tenant]) -> None:
    """Have the next step look at those purges of these tenants that do not go on, however lately that was done:
    somebody asks, who may have put right what was wrong."""
    stopped = PurgeRun.objects.under_way().exclude(state=State.RUNNING)
    stopped.filter(tenant__in=tenants).update(checked_at=None)


def _step_alone(run: PurgeRun, clocks: Clocks) -> int:
    """A step that keeps no other purge from its own if the database ends it."""
    try:
        return _step(run, clocks)
    except DatabaseError as error:
        log.warning("purge_interrupted", run=str(run.pk), tenant=run.tenant.slug, error=str(error))
        return 0


def _step(run: PurgeRun, clocks: Clocks) -> int:
    """How many deletions were begun."""
    if run.state != State.RUNNING and _looked_at_lately(run, clocks.now):
        return 0
    if not _clocks_agree(run, clocks):
        return 0
    if (run.state != State.RUNNING or not run.due) and not _may_go_on(run, clocks.now):
        return 0
    return _begin_some(run, clocks.now)


def _looked_at_lately(run: PurgeRun, now: datetime) -> bool:
    return run.checked_at is not None and timedelta(0) <= now - run.checked_at < LOOKED_AT_EVERY


def _clocks_agree(run: PurgeRun, clocks: Clocks) -> bool:
    """Whether the clocks agreed lately, or do now; if not, the purge is refused."""
    if _looked_at_lately(run, clocks.now):
        return True
    verdict = clocks.verdict(run.tenant.account)
    if verdict.agree:
        _change(run, checked_at=clocks.now, why=run.why if run.state == State.STOPPED else "")
    elif verdict.agree is None and run.state == State.RUNNING:
        why = f"{NOT_COMPARED}: {verdict.why}"[:500]
        if run.why != why:
            _change(run, why=why)
    elif verdict.agree is False:
        was = run.state
        changed = _change(run, state=State.REFUSED, why=verdict.why[:500], checked_at=clocks.now)
        if changed and was != State.REFUSED:
            log.error("purge_refused", run=str(run.pk), tenant=run.tenant.slug, why=verdict.why)
    return verdict.agree is True


def _may_go_on(run: PurgeRun, now: datetime) -> bool:
    """Count what there is to do, and go on unless it is too much, or nothing."""
    there = count(run.tenant, now)
    if run.allowed_at is not None and there.due <= run.due - run.begun:
        return _change(run, state=State.RUNNING, why="")
    counted = {"stored": there.stored, "due": run.begun + there.due}
    if there.is_too_much:
        why = f"{there.due} of {there.stored} stored would go: more than {settings.PURGE_MAX_SHARE:.0%}"
        was = run.state
        changed = _change(run, **counted, state=State.STOPPED, why=why, allowed_at=None, allowed_by="")
        if changed and was != State.STOPPED:
            told = {"stored": there.stored, "due": there.due}
            log.error("purge_stopped", run=str(run.pk), tenant=run.tenant.slug, **told)
        return False
    _change(run, **counted, state=State.RUNNING, why="")
    if not there.due:
        _finish_if_done(run, now)
    return there.due > 0


def _begin_some(run: PurgeRun, now: datetime) -> int:
    left = min(run.due - run.begun, _places(run))
    found = _first_of(run.tenant, now, left) if left > 0 else []
    over = [footage for footage in found if retaining.is_over(footage, now)]
    _put_right([footage for footage in found if footage not in over], now)
    with transaction.atomic():
        mine = PurgeRun.objects.select_for_update().filter(pk=run.pk, state=State.RUNNING).first()
        begun = _begin_deletions(mine, over, now) if mine is not None else 0
    if not begun:
        _finish_if_done(run, now)
    return begun


def _put_right(early: list[AnyFootage], now: datetime) -> None:
    """Write the right end on what is kept longer than its row says; else it would stand first in line for ever."""
    for footage in early:
        if footage.retain_until is not None:
            same = type(footage)._default_manager.filter(pk=footage.pk, retain_until=footage.retain_until)
            same.update(expires_at=footage.retain_until)
    for room in {footage.room_id: footage.room for footage in early}.values():
        retaining.follow_room(room, now=now)


def _begin_deletions(run: PurgeRun, over: list[AnyFootage], now: datetime) -> int:
    """Never more than the purge was counted to delete, however many workers are at it."""
    over = over[: run.due - run.begun]
    # Both clocks must say that it is time: ours, and the one that all workers see.
    only_if = Q(expires_at__lte=now) & Q(expires_at__lte=Now())
    begun = 0
    for model in MODELS:
        deletions = deleting.begin_all(
            [footage for footage in over if isinstance(footage, model)],
            cause=Deletion.Cause.RETENTION,
            ordered_by=f"{HOUSE.kind}:{HOUSE.subject}",
            policy_of=retaining.policy_of,
            run=run,
            only_if=only_if,
        )
        begun += len(deletions)
    PurgeRun.objects.filter(pk=run.pk).update(begun=F("begun") + begun)
    return begun


def _places(run: PurgeRun) -> int:
    """How many deletions this purge may begin now: tenants of one account share what may be begun there."""
    running = PurgeRun.objects.under_way().filter(state=State.RUNNING)
    sharing = running.filter(tenant__account=run.tenant.account_id).count()
    return max(1, BEGUN_AT_ONCE // max(1, sharing)) - unfinished(run)


def unfinished(run: PurgeRun) -> int:
    """How many deletions this purge has begun that are not done, and that it waits for: never many. A stubborn one
    would keep from going all that expires later."""
    return Deletion.objects.unfinished().filter(run=run, attempts__lt=STUBBORN_AFTER).count()


def _finish_if_done(run: PurgeRun, now: datetime) -> None:
    """A purge ends when it finds nothing more to begin and all that it began is done, set aside, or stubborn."""
    run.refresh_from_db(fields=["due", "begun"])
    if unfinished(run):
        return
    if run.begun < run.due and any(retaining.is_over(footage, now) for footage in due_of(run.tenant, now)):
        return
    if _change(run, state=State.FINISHED, finished_at=now):
        log.info("purge_finished", run=str(run.pk), tenant=run.tenant.slug, begun=run.begun)


def _change(run: PurgeRun, **values: Any) -> bool:
    """Change the row and `run`, if it is as it was read; whether it was. Else another worker, or an operator, has
    decided meanwhile, and the next step goes by that."""
    before = PurgeRun.objects.filter(pk=run.pk, state=run.state, allowed_at=run.allowed_at)
    if not before.update(**values):
        return False
    for name, value in values.items():
        setattr(run, name, value)
    return True


def allow(run: PurgeRun, *, by: Caller, now: datetime) -> bool:
    """Let a purge that was stopped go on, for as much as `run` says that it was counted to delete; False if it is not
    stopped any more, or was counted anew since: then there may be more than anybody has seen."""
    with transaction.atomic():
        stopped = PurgeRun.objects.filter(pk=run.pk, state=State.STOPPED, due=run.due, begun=run.begun)
        allowed = {"allowed_by": f"{by.kind}:{by.subject}", "allowed_at": now, "why": ""}
        if not stopped.update(state=State.RUNNING, **allowed):
            return False
        auditing.record(
            by, "purge.allowed", tenant=run.tenant, subject_kind="purge", subject=run.pk,
            details={"stored": run.stored, "due": run.due},
        )  # fmt: skip
    return True


def forget_old(now: datetime) -> int:
    """Forget purges that were finished long ago, some at a time; how many rows were changed or deleted."""
    old = PurgeRun.objects.filter(finished_at__lt=now - KEPT_FOR).order_by("started_at")
    return PurgeRun.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:500])).delete()[0]
