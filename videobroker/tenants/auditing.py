"""Writing the audit: in the transaction of the act, so that there is never one without the other."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from videobroker.tenants.callers import Caller
from videobroker.tenants.models import AuditEntry, Tenant


def record(
    caller: Caller,
    action: str,
    *,
    tenant: Tenant | None = None,
    room_id: UUID | None = None,
    subject_kind: str = "",
    subject: str | UUID = "",
    refused_because: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write that `caller` did `action` (or was refused it, with the reason) to `subject`.

    `tenant` is the caller's unless given. `details` must hold no secrets and nothing JSON cannot say.
    """
    outcome = AuditEntry.Outcome.REFUSED if refused_because else AuditEntry.Outcome.DONE
    return AuditEntry.objects.create(
        tenant=tenant or caller.tenant,
        occurred_at=timezone.now(),  # SQLite's own clock has milliseconds, too coarse to keep entries in their order
        actor_kind=caller.kind,
        actor=caller.subject,
        action=action,
        outcome=outcome,
        reason=refused_because,
        room_id=room_id,
        subject_kind=subject_kind,
        subject=str(subject),
        address=caller.address,
        request_id=caller.request_id,
        details=details or {},
    )
