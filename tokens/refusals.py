"""Refusing: the answer to the caller, and the audit entry beside it."""

from rooms.admission import Admission
from rooms.models import Room
from videobroker.api.problems import Problem, forbidden
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller


def refusal(caller: Caller, action: str, room: Room, identity: str | None, decision: Admission) -> Problem:
    """The 403 for a decision, after it has been audited. Call it outside of a transaction that will be rolled back."""
    auditing.record(
        caller,
        action,
        tenant=room.tenant,
        room_id=room.pk,
        subject_kind="identity" if identity else "",
        subject=identity or "",
        refused_because=decision.reason,
    )
    return forbidden(decision.reason, decision.detail, retry_at=decision.retry_at)
