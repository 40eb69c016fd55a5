"""Ordering operations and carrying them out: once each, or harmlessly repeated, whatever dies meanwhile.

A row says what was ordered. Whoever carries it out takes a lease on it by a conditional UPDATE, which also raises the
fence; only who still holds the fence may write the outcome. Leases, due times and outcomes go by the database's
clock, so hosts whose clocks differ do not take each other's work. Celery only wakes; see `waking`, `ticking` and
`carrying`.
"""

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from rooms import heartbeat, waking
from rooms.models import Operation, Room
from videobroker.telnyx import errors
from videobroker.tenants.callers import Caller

log = structlog.get_logger(__name__)

# Long enough for a missed heartbeat or two, short enough that work of a dead worker goes on within 15 s.
LEASE: Final = timedelta(seconds=10)
# An order whose carrier died this often kills its carriers; it is set aside for people to look at.
MAX_CRASHES: Final = 5
KEPT_FOR: Final = timedelta(days=90)
LONGEST_WAIT_SECS: Final = 15.0

State = Operation.State


class Cancelled(Exception):
    """The order is not needed any more; the message says why."""


class Failed(Exception):
    """The order cannot be carried out, now or later; the message says why."""


class Again(Exception):
    """The order is to be tried once more after `wait_secs`."""

    def __init__(self, message: str, wait_secs: float) -> None:
        super().__init__(message)
        self.wait_secs = wait_secs


@dataclass(frozen=True)
class Attempt:
    """What a handler is given: the order, and whether an earlier attempt may already have had its effect."""

    operation: Operation
    outcome_unknown: bool
    timeout_secs: float


Handler = Callable[[Attempt], dict[str, Any]]
_handlers: dict[str, Handler] = {}
_given_up: dict[str, Callable[[Operation, str], None]] = {}


def carries_out(kind: Operation.Kind) -> Callable[[Handler], Handler]:
    """Register the function that carries out orders of `kind`. It may raise any `TelnyxError`, `Cancelled`,
    `Failed` or `Again`; it runs outside any transaction, and must be harmless to repeat."""

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        return handler

    return register


def when_given_up(kind: Operation.Kind, note: Callable[[Operation, str], None]) -> None:
    """Have `note` write why an order of `kind` has failed, or was cancelled, in the transaction that says so."""
    _given_up[kind] = note


def order(
    room: Room,
    kind: Operation.Kind,
    *,
    by: Caller,
    arguments: dict[str, Any] | None = None,
    good_for: timedelta | None = None,
) -> Operation:
    """Write an order about `room` in the caller's transaction and wake a worker once that has committed.

    Orders of one queue about one room (`Operation.QUEUES`) are carried out one after the other, as they were given.
    `arguments` hold no secrets.
    After `good_for` an order that was not carried out has failed; None means it is never too late.
    """
    Room.objects.filter(pk=room.pk).update(orders=F("orders") + 1)
    sequence = Room.objects.values_list("orders", flat=True).get(pk=room.pk)
    operation = Operation.objects.create(
        sequence=sequence,
        tenant_id=room.tenant_id,
        room=room,
        kind=kind,
        queue=Operation.QUEUES.get(kind, ""),
        arguments=arguments or {},
        ordered_by=f"{by.kind}:{by.subject}",
        deadline_at=Now() + good_for if good_for else None,
    )
    transaction.on_commit(lambda: waking.wake(operation.pk, urgent=kind in Operation.URGENT))
    return operation


def due(limit: int, *, tenant_id: uuid.UUID | None = None, urgent: bool | None = None) -> list[uuid.UUID]:
    """Orders that may be carried out now, the longest due first: not leased, and none before them on their room. Of one
    tenant or of all; only urgent ones, or only others, or both."""
    ready = _ready(urgent) if tenant_id is None else _ready(urgent).filter(tenant=tenant_id)
    return list(ready.order_by("due_at").values_list("pk", flat=True)[:limit])


def due_by_tenant(*, urgent: bool) -> dict[uuid.UUID, int]:
    """The tenants who have urgent orders, or others, that may be carried out now, and how many."""
    return dict(_ready(urgent).order_by().values_list("tenant").annotate(Count("pk")))


def whose(operation_id: uuid.UUID) -> tuple[uuid.UUID, bool] | None:
    """Of which tenant the order is and whether it is urgent; None if it may not be carried out now."""
    found = _ready().filter(pk=operation_id).values_list("tenant", "kind").first()
    return None if found is None else (found[0], found[1] in Operation.URGENT)


def _ready(urgent: bool | None = None) -> QuerySet[Operation]:
    earlier = Operation.objects.exclude(queue="").filter(
        room=OuterRef("room"),
        queue=OuterRef("queue"),
        sequence__lt=OuterRef("sequence"),
        state__in=Operation.UNFINISHED,
    )
    ready = Operation.objects.filter(_may_be_leased()).exclude(Exists(earlier))
    if urgent is None:
        return ready
    of_kind = Q(kind__in=Operation.URGENT)
    return ready.filter(of_kind if urgent else ~of_kind)


def _may_be_leased() -> Q:
    waiting = Q(state__in=[State.PENDING, State.VERIFYING], due_at__lte=Now())
    return waiting | Q(state=State.LEASED, leased_until_at__lt=Now())


def carry_out(operation_id: uuid.UUID, *, timeout_secs: float | None = None) -> Operation | None:
    """Lease the order, try it, and write what came of it. None if somebody else has it or it is not due.

    Raises nothing that Telnyx or the order can cause: that goes into the row.
    """
    leased = _lease(operation_id)
    if leased is None:
        return None
    operation, outcome_unknown = leased
    timeout = timeout_secs or settings.TELNYX_TASK_TIMEOUT_SECS
    with heartbeat.keeping(operation.pk, operation.fence, LEASE):
        outcome = TOO_LATE if _is_late(operation) else _try(Attempt(operation, outcome_unknown, timeout))
    if _write(operation, outcome):
        operation.refresh_from_db()
        _wake_next(operation)
    return operation


def _lease(operation_id: uuid.UUID) -> tuple[Operation, bool] | None:
    before = Operation.objects.filter(pk=operation_id).values("state", "room", "sequence", "queue").first()
    if before is None:
        return None
    earlier = Operation.objects.exclude(queue="").filter(
        room=before["room"],
        queue=before["queue"],
        sequence__lt=before["sequence"],
        state__in=Operation.UNFINISHED,
    )
    if earlier.exists():
        return None
    abandoned = before["state"] == State.LEASED
    taken = Operation.objects.filter(_may_be_leased(), pk=operation_id, state=before["state"]).update(
        state=State.LEASED,
        leased_by=heartbeat.HOLDER,
        leased_until_at=Now() + LEASE,
        fence=F("fence") + 1,
        attempts=F("attempts") + 1,
        crashes=F("crashes") + (1 if abandoned else 0),
    )
    if not taken:
        return None
    operation = Operation.objects.select_related("room", "room__account", "room__tenant").get(pk=operation_id)
    return operation, abandoned or before["state"] == State.VERIFYING


@dataclass(frozen=True)
class Outcome:
    """What is written back into the row."""

    state: Operation.State
    result: dict[str, Any] | None = None
    error: str = ""
    wait_secs: float = 0.0


TOO_LATE: Final = Outcome(State.FAILED, error="too late: its time was over before it could be tried")


def _is_late(operation: Operation) -> bool:
    """Whether nobody wants this any more: who is muted a minute late is hit in the middle of another sentence."""
    if operation.deadline_at is None:
        return False
    return Operation.objects.filter(pk=operation.pk, deadline_at__lt=Now()).exists()


def _try(attempt: Attempt) -> Outcome:
    operation = attempt.operation
    if operation.crashes >= MAX_CRASHES:
        return Outcome(State.FAILED, error=f"whoever carried this out died, {operation.crashes} times")
    try:
        result = _handlers[operation.kind](attempt)
        operation.room.account.note_credentials(refused=False, now=timezone.now())
        return Outcome(State.SUCCEEDED, result=result)
    except Cancelled as why:
        return Outcome(State.CANCELLED, error=str(why))
    except Failed as why:
        return Outcome(State.FAILED, error=str(why))
    except Again as why:
        return Outcome(_waiting(attempt), error=str(why), wait_secs=why.wait_secs)
    except errors.TelnyxError as error:
        if isinstance(error, errors.Unauthorised | errors.Forbidden):
            operation.room.account.note_credentials(refused=True, now=timezone.now())
        return _after(error, attempt)


def _waiting(attempt: Attempt) -> Operation.State:
    """The state to wait in after an attempt that did nothing: what an earlier one may have done stays unknown."""
    return State.VERIFYING if attempt.outcome_unknown else State.PENDING


def _after(error: errors.TelnyxError, attempt: Attempt) -> Outcome:
    """What to do after Telnyx failed us: look first when it may have been done, wait when asked to, give up on a no.

    A key that is not accepted, or an account that may not, is put right by people; till then the order waits."""
    backoff_secs = _backoff_secs(attempt.operation.attempts)
    if isinstance(error, errors.RateLimited):
        wait_secs = error.wait_secs * random.uniform(1, 1.2)
        return Outcome(_waiting(attempt), error=str(error), wait_secs=wait_secs)
    if isinstance(error, errors.OutcomeUnknown):
        return Outcome(State.VERIFYING, error=str(error), wait_secs=backoff_secs)
    if isinstance(error, errors.Unauthorised | errors.Forbidden):
        return Outcome(_waiting(attempt), error=str(error), wait_secs=LONGEST_WAIT_SECS)
    if isinstance(error, errors.NotSent):
        return Outcome(_waiting(attempt), error=str(error), wait_secs=backoff_secs)
    return Outcome(State.FAILED, error=str(error))


def _backoff_secs(attempts: int) -> float:
    """Doubling from half a second, with jitter so that many orders do not come back at once; never long, because the
    sooner after an outage the better, and one order every few seconds burdens nobody."""
    return min(LONGEST_WAIT_SECS, 0.25 * float(2 ** min(attempts, 10))) * random.uniform(0.5, 1)


def _write(operation: Operation, outcome: Outcome) -> bool:
    """Write the outcome if the fence is still ours; whether the order is finished by it."""
    finished = outcome.state not in Operation.UNFINISHED
    mine = Operation.objects.filter(pk=operation.pk, fence=operation.fence, state=State.LEASED)
    if not finished and mine.filter(deadline_at__lt=Now()).exists():
        finished, outcome = True, Outcome(State.FAILED, error=f"too late: {outcome.error}")
    with transaction.atomic():
        written = mine.update(
            state=outcome.state,
            result=outcome.result,
            last_error=outcome.error[:500],
            due_at=Now() + timedelta(seconds=outcome.wait_secs),
            leased_until_at=None,
            finished_at=Now() if finished else None,
        )
        if written and outcome.state in Operation.GIVEN_UP and operation.kind in _given_up:
            _given_up[operation.kind](operation, outcome.error)
    log.info(
        "operation_tried",
        operation=str(operation.pk),
        kind=operation.kind,
        attempt=operation.attempts,
        state=outcome.state,
        error=outcome.error or None,
        fence_lost=not written,
    )
    return bool(written) and finished


def _wake_next(operation: Operation) -> None:
    if not operation.queue:
        return
    following = Operation.objects.filter(
        room=operation.room_id, queue=operation.queue, sequence__gt=operation.sequence, state=State.PENDING
    )
    if (next_id := following.order_by("sequence").values_list("pk", flat=True).first()) is not None:
        waking.wake(next_id)


def unfinished(room: Room, queue: str) -> Iterator[uuid.UUID]:
    """The room's orders of one queue that are still to be carried out, in their order."""
    rows = Operation.objects.filter(room=room, queue=queue, state__in=Operation.UNFINISHED)
    yield from rows.order_by("sequence").values_list("pk", flat=True)


def forget_old(now: datetime) -> int:
    """Delete orders that were done, or given up, long ago; how many."""
    old = Operation.objects.filter(finished_at__lt=now - KEPT_FOR).exclude(state__in=Operation.UNFINISHED)
    ids = list(old.values_list("pk", flat=True)[:5000])
    return Operation.objects.filter(pk__in=ids).delete()[0]
