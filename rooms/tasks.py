"""Celery's door: wake-ups with ids, and the beats of housekeeping. Nothing here remembers anything."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from rooms import (
    carrying,
    delivering,
    dispatching,
    events,
    lanes,
    operations,
    provisioning,
    purging,
    removing,
    retaining,
)
from videobroker.api import idempotency
from videobroker.tenants import sign_ins


@shared_task(name="rooms.tasks.carry_out")
def carry_out(operation_id: str) -> None:
    """Begin to carry out this operation, if it is still due; it goes on in a thread of its own, so that no tenant's
    Telnyx holds up the worker."""
    carrying.begin(UUID(operation_id))


@shared_task(name="rooms.tasks.apply_events")
def apply_events() -> None:
    """Apply the webhooks that came in."""
    events.apply_all()


@shared_task(name="rooms.tasks.deliver")
def deliver() -> None:
    """Begin to deliver what is due; it goes on in threads of its own, so that no receiver holds up the worker."""
    dispatching.dispatch_due()


@shared_task(name="rooms.tasks.delete")
def delete() -> None:
    """Begin to delete at Telnyx what is due; it goes on in threads of its own, in the accounts' lanes."""
    lanes.dispatch_due()


@shared_task(name="rooms.tasks.purge")
def purge() -> None:
    """Begin purges of what has expired, and take those under way a step further."""
    now = timezone.now()
    retaining.follow_tenants(now)
    purging.begin_due(now)
    purging.go_on(now)


@shared_task(name="rooms.tasks.sweep")
def sweep() -> None:
    """Begin to carry out what no wake-up reached."""
    carrying.dispatch_due()


@shared_task(name="rooms.tasks.tidy")
def tidy() -> None:
    """Order what rooms have come to need, and forget what nobody can ask for any more."""
    now = timezone.now()
    provisioning.follow_schedules(now)
    idempotency.forget_old(now)
    events.forget_old(now)
    delivering.forget_old(now)
    operations.forget_old(now)
    purging.forget_old(now)
    removing.forget_old(now)
    sign_ins.forget_old(now)
