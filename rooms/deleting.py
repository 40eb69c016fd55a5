"""Deleting recordings and compositions: begun by one conditional UPDATE, then carried out at Telnyx until it is done.

Beginning is where everything is decided (`begin`): what is held, or is being deleted already, is not touched. What is
begun is never forgotten: the `Deletion` row is the order, and in the end the receipt. It ends in one way only, with
Telnyx not having the film any more, and goes on if that turns out to be wrong (`vanishing`); but for one whose
retention turned out not to be over before anything was sent, which is kept again and leaves no receipt. Telnyx's bulk
delete is never called; one lost parameter of it would erase an account. Leases and due times go by the database's
clock.
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from rooms import holding, shredding, waking
from rooms.models import STUBBORN_AFTER, Composition, Deletion, Footage, PurgeRun, Recording
from rooms.shredding import AnyFootage, Blocked, Case, Gone, Outcome, PutBack, Wait
from videobroker.telnyx import errors
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller
from videobroker.tenants.keyring import KeyRingError
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)

State = Deletion.State
Cause = Deletion.Cause

# What a lease is longer than the calls of Telnyx may take: for writing what came of them.
LEASE_LEEWAY_SECS: Final = 10.0
LONGEST_WAIT_SECS: Final = 15.0
# Before what was changed between being read and being sent is read again.
CHANGED_WAIT_SECS: Final = 0.5
# Between tries of what Telnyx refuses to delete.
REFUSED_WAIT_SECS: Final = 900.0


def begin(
    footage: AnyFootage,
    *,
    cause: Deletion.Cause,
    ordered_by: str,
    policy: dict[str, Any] | None = None,
    run: PurgeRun | None = None,
    only_if: Q | None = None,
) -> Deletion | None:
    """Begin to delete it, if no hold covers it, nobody has begun before, and `only_if` holds of its row at this very
    moment; else None. In the caller's transaction, or one of its own.

    Somebody's order takes over a deletion that was begun because the retention was over, which could be put back.
    """
    begun = begin_all([footage], cause=cause, ordered_by=ordered_by, policy=policy, run=run, only_if=only_if)
    return begun[0] if begun else None


def begin_all(
    several: Sequence[AnyFootage],
    *,
    cause: Deletion.Cause,
    ordered_by: str,
    policy: dict[str, Any] | None = None,
    policy_of: Callable[[Any], dict[str, Any]] | None = None,
    run: PurgeRun | None = None,
    only_if: Q | None = None,
) -> list[Deletion]:
    """Begin to delete several, all of one model, with the rooms they name: each as `begin` would; those that have
    begun. The receipt of each has `policy`, or what `policy_of` says of it."""
    if not several:
        return []
    model: Any = type(several[0])
    with transaction.atomic():
        rows = model.objects.filter(only_if or Q(), pk__in=[each.pk for each in several])
        free = rows.filter(state=Footage.State.KEPT, held=False).exclude(holding.covering(model))
        # Locked, and then changed: whoever places a hold on one of them waits, and finds its deletion begun.
        ids = set(free.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        rows.filter(pk__in=ids).update(state=Footage.State.DELETING)
        deletions = [
            _order(each, cause, ordered_by, policy_of(each) if policy_of else policy or {}, run)
            for each in several
            if each.pk in ids
        ]
        Deletion.objects.bulk_create(deletions)
        if deletions:
            transaction.on_commit(waking.wake_for_deletions)
        if cause != Cause.RETENTION:
            others = rows.filter(state=Footage.State.DELETING).exclude(pk__in=ids)
            deletions += _take_over(others, cause, ordered_by, policy or {})
    return deletions


def _order(
    footage: AnyFootage, cause: Deletion.Cause, ordered_by: str, policy: dict[str, Any], run: PurgeRun | None
) -> Deletion:
    return Deletion(
        tenant_id=footage.tenant_id,
        account_id=footage.room.account_id,
        room_id=footage.room_id,
        session_id=footage.session_id,
        kind=footage.kind,
        footage_id=footage.pk,
        telnyx_id=footage.telnyx_id,
        cause=cause,
        policy=policy,
        ordered_by=ordered_by,
        run=run,
    )


def _take_over(
    rows: QuerySet[Any], cause: Deletion.Cause, ordered_by: str, policy: dict[str, Any]
) -> list[Deletion]:
    begun = Deletion.objects.filter(footage_id__in=rows.values("pk"), cause=Cause.RETENTION)
    ids = list(begun.exclude(state=State.DONE).select_for_update().values_list("pk", flat=True))
    Deletion.objects.filter(pk__in=ids).update(cause=cause, ordered_by=ordered_by, policy=policy)
    return list(Deletion.objects.filter(pk__in=ids))


def unblock(caller: Caller, deletion: Deletion) -> bool:
    """Try a deletion again that was set aside; whether it was. What was wrong is looked at anew."""
    with transaction.atomic():
        blocked = Deletion.objects.filter(pk=deletion.pk, state=State.BLOCKED)
        if not blocked.update(state=State.PENDING, due_at=Now()):
            return False
        auditing.record(
            caller, "deletion.unblocked", tenant=deletion.tenant, room_id=deletion.room_id,
            subject_kind=deletion.kind, subject=deletion.footage_id, details={"deletion_id": str(deletion.pk)},
        )  # fmt: skip
    return True


# --- Carrying out -----------------------------------------------------------------------------------------


def due() -> QuerySet[Deletion]:
    """Deletions that may be carried out now."""
    return Deletion.objects.filter(state__in=Deletion.UNFINISHED, due_at__lte=Now())


def count_due(account: Account, limit: int) -> int:
    """How many of an account may be carried out now; counting stops at `limit`."""
    return due().filter(account=account).order_by()[:limit].count()


def next_of(account: Account, limit: int) -> list[Case]:
    """The next of an account: what somebody ordered before what is only due, and the longest due first."""
    rows = due().filter(account=account).order_by("due_at").select_related("account")
    ordered = rows.exclude(cause=Cause.RETENTION)[:limit]
    return shredding.cases_of(ordered or rows.filter(cause=Cause.RETENTION)[:limit])


def carry_out(case: Case, *, now: datetime) -> Outcome | None:
    """Lease the deletion, try it, and write what came of it. None, and Telnyx was asked nothing, if somebody else has
    it, or had it since the case was read, or it is not due.

    Raises nothing that Telnyx can cause: that goes into the row.
    """
    deletion = case.deletion
    if not _lease(deletion):
        return None
    outcome = _try(case, now) or Wait("it was changed meanwhile", CHANGED_WAIT_SECS, has_failed=False)
    if _write(deletion, outcome):
        _note(deletion, outcome)
        return outcome
    log.warning("deletion_lost", deletion=str(deletion.pk), attempt=deletion.attempts)
    return Wait("somebody else has it by now", 0.0, has_failed=False)


def _lease(deletion: Deletion) -> bool:
    """Lease it as it was read: whoever leased it since, or took it over, has changed its fence or its cause."""
    lease = timedelta(seconds=shredding.longest_secs(deletion.kind) + LEASE_LEEWAY_SECS)
    as_read = due().filter(pk=deletion.pk, fence=deletion.fence, cause=deletion.cause)
    leased = {"state": State.LEASED, "fence": deletion.fence + 1, "attempts": deletion.attempts + 1}
    if not as_read.update(due_at=Now() + lease, **leased):
        return False
    for name, value in leased.items():
        setattr(deletion, name, value)
    return True


def _try(case: Case, now: datetime) -> Outcome | None:
    deletion = case.deletion
    try:
        outcome = shredding.attempt(case, now=now)
        deletion.account.note_credentials(refused=False, now=now)
    except errors.TelnyxError as error:
        if isinstance(error, errors.Unauthorised | errors.Forbidden):
            deletion.account.note_credentials(refused=True, now=now)
        return _after(error, deletion)
    except (KeyRingError, ValueError) as error:
        return Wait(f"the account's key cannot be used: {error}", LONGEST_WAIT_SECS, whole_account=True)
    return outcome


def _after(error: errors.TelnyxError, deletion: Deletion) -> Wait:
    """How long to wait after Telnyx failed us. It is never given up: a film that should be gone is still there."""
    if isinstance(error, errors.RateLimited):
        return Wait(str(error), error.wait_secs * random.uniform(1, 1.2), whole_account=True)
    if isinstance(error, errors.Unauthorised | errors.Forbidden):
        return Wait(str(error), LONGEST_WAIT_SECS, whole_account=True)
    longest_secs = REFUSED_WAIT_SECS if isinstance(error, errors.Refused) else LONGEST_WAIT_SECS
    backoff_secs = min(longest_secs, 0.25 * float(2 ** min(deletion.attempts, 16)))
    return Wait(str(error), backoff_secs * random.uniform(0.5, 1))


def _write(deletion: Deletion, outcome: Outcome) -> bool:
    """Write the outcome if the fence is still ours; whether it was."""
    mine = Deletion.objects.filter(pk=deletion.pk, fence=deletion.fence, state=State.LEASED)
    match outcome:
        case Gone():
            return _finish(deletion, mine, outcome.answer)
        case PutBack():
            return _put_back(deletion, mine)
        case Blocked():
            return bool(mine.update(state=State.BLOCKED, last_error=outcome.why[:500], due_at=None))
        case Wait():
            return _postpone(deletion, mine, outcome)


def _finish(deletion: Deletion, mine: QuerySet[Deletion], answer: str) -> bool:
    with transaction.atomic():
        if not mine.update(state=State.DONE, answer=answer, last_error="", done_at=Now(), due_at=None):
            return False
        _rows(deletion).filter(state=Footage.State.DELETING).update(state=Footage.State.DELETED)
    return True


def _put_back(deletion: Deletion, mine: QuerySet[Deletion]) -> bool:
    """Keep it again, under the holds that were placed meanwhile. No receipt stays of what was not deleted. If somebody
    ordered the deletion meanwhile, it goes on at once instead."""
    with transaction.atomic():
        holding.take_turn(deletion.tenant)
        if not mine.filter(cause=Cause.RETENTION, answer="").delete()[0]:
            return bool(mine.update(state=State.PENDING, due_at=Now()))
        rows = _rows(deletion)
        rows.filter(state=Footage.State.DELETING).update(state=Footage.State.KEPT)
        rows.filter(holding.covering(rows.model)).update(held=True)
        if deletion.run_id is not None:
            PurgeRun.objects.filter(pk=deletion.run_id, begun__gt=0).update(
                begun=F("begun") - 1, checked_at=None
            )
    return True


def _postpone(deletion: Deletion, mine: QuerySet[Deletion], wait: Wait) -> bool:
    due_at = Now() + timedelta(seconds=wait.secs)
    written = mine.update(state=State.PENDING, last_error=wait.why[:500], due_at=due_at)
    if wait.whole_account:
        others = Deletion.objects.filter(account=deletion.account_id, state=State.PENDING)
        others.filter(due_at__lt=due_at).update(due_at=due_at)
    return bool(written)


def _rows(deletion: Deletion) -> QuerySet[Any]:
    """The row of what is deleted."""
    model: Any = Recording if deletion.kind == Deletion.Kind.RECORDING else Composition
    rows: QuerySet[Any] = model.objects.filter(pk=deletion.footage_id)
    return rows


def _note(deletion: Deletion, outcome: Outcome) -> None:
    told = {"deletion": str(deletion.pk), "kind": deletion.kind, "footage": str(deletion.footage_id)}
    match outcome:
        case Gone():
            log.info("deletion_done", **told, cause=deletion.cause, answer=outcome.answer)
        case PutBack():
            log.warning("deletion_put_back", **told, why=outcome.why)
        case Blocked():
            log.error("deletion_blocked", **told, why=outcome.why, found=outcome.found or None)
        case Wait():
            log.info("deletion_put_off", **told, attempt=deletion.attempts, error=outcome.why)
            if deletion.attempts == STUBBORN_AFTER and outcome.has_failed:
                log.error("deletion_stubborn", **told, cause=deletion.cause, error=outcome.why)
