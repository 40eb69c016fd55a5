"""Deleting recordings and compositions because somebody says so: one, or as many as fit.

What is ordered here is gone from every list at once and deleted at Telnyx in the background (`deleting`). What a hold
covers is not touched, and whoever asked is told who holds it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from rooms import deleting, holding
from rooms.models import Composition, Deletion, Footage, Recording
from videobroker.api.cursors import batches_oldest_first
from videobroker.api.problems import conflict, not_found
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller

AT_ONCE: Final = 200
# So many of those that are held are named in an answer; how many there are is said in any case.
MOST_NAMED: Final = 1000


@dataclass
class Discarded:
    """What came of an order to delete many: how many deletions have begun, and what a hold kept."""

    begun: int = 0
    held_count: int = 0
    held: list[UUID] = field(default_factory=list)

    def keep(self, footage_id: UUID) -> None:
        self.held_count += 1
        if len(self.held) < MOST_NAMED:
            self.held.append(footage_id)


def discard(caller: Caller, footage: Recording | Composition) -> Deletion:
    """Order its deletion. Raises `Problem`: 409 `held`, naming who holds it if the caller may know; 404 if it is being
    deleted already. That it was held is audited, so call it outside of a transaction that would be rolled back."""
    with transaction.atomic():
        deletion = deleting.begin(
            footage, cause=Deletion.Cause.ORDERED, ordered_by=f"{caller.kind}:{caller.subject}"
        )
        if deletion is not None:
            auditing.record(caller, f"{footage.kind}.deleted", **_subject(footage))
            return deletion
    if not holding.held_among([footage]):
        raise not_found()
    auditing.record(caller, f"{footage.kind}.deleted", **_subject(footage), refused_because="held")
    holds = holding.holds_on(footage)
    advice = ". Lift what holds it before it can be deleted" if holds else ""
    raise conflict("held", f"{holding.told_to(caller, holds)}{advice}")


def discard_all(
    caller: Caller, recordings: QuerySet[Recording], *, filters: dict[str, str], now: datetime
) -> Discarded:
    """Order the deletion of all of `recordings` that are kept and not held, as they were at `now`: some at a time, each
    few in a transaction of their own, so that neither memory nor any lock grows with their number. The order is audited
    before; each deletion names the entry."""
    entry = auditing.record(
        caller, "recordings.deleted", subject_kind="recordings", details={"filters": filters}
    )
    policy = {"by": "bulk_delete", "audit_entry_id": str(entry.pk)}
    found = Discarded()
    rows = recordings.filter(seen_at__lte=now).select_related("room")
    for some in batches_oldest_first(rows, "seen_at", batch=AT_ONCE):
        _discard_some(caller, some, policy, found)
    return found


def _discard_some(
    caller: Caller, recordings: list[Recording], policy: dict[str, Any], found: Discarded
) -> None:
    with transaction.atomic():
        deletions = deleting.begin_all(
            recordings,
            cause=Deletion.Cause.ORDERED,
            ordered_by=f"{caller.kind}:{caller.subject}",
            policy=policy,
        )
    begun = {deletion.footage_id for deletion in deletions}
    found.begun += len(begun)
    held = holding.held_among([row for row in recordings if row.pk not in begun])
    for row in recordings:
        if row.pk in held:
            found.keep(row.pk)


def _subject(footage: Footage) -> dict[str, Any]:
    return {"room_id": footage.room_id, "subject_kind": footage.kind, "subject": footage.pk}
