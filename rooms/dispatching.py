"""Who delivers next: several tenants' deliveries at once, so that a receiver that does not answer holds up its own.

A runner ends at a failure, and a tenant whose receivers keep failing has one, until something is delivered again.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final
from uuid import UUID

import structlog
from django.db import DatabaseError
from django.db.models import Exists, OuterRef

from rooms import delivering
from rooms.models import Delivery
from rooms.runners import Runners
from videobroker.tenants.models import Tenant

log = structlog.get_logger(__name__)

# Runners of one process, and of those one tenant's.
AT_ONCE: Final = 16
AT_ONCE_FOR_TENANT: Final = 4


class Dispatcher(Runners[UUID]):
    """The runners of this process that deliver, by tenant."""

    thread_name = "delivery"

    def __init__(self, at_once: int = AT_ONCE, at_once_for_tenant: int = AT_ONCE_FOR_TENANT) -> None:
        super().__init__(at_once, at_once_for_tenant)

    def due(self) -> Mapping[UUID, int]:
        theirs = delivering.due().order_by().filter(tenant=OuterRef("pk"))
        waiting = Tenant.objects.filter(Exists(theirs)).order_by().values_list("pk", flat=True)
        return {tenant_id: len(self._next_ids(tenant_id)) for tenant_id in waiting}

    def work(self, tenant_id: UUID) -> bool:
        due = self._next_ids(tenant_id)
        for delivery_id in due:
            delivery = delivering.deliver(delivery_id)
            if delivery is not None:
                is_delivered = delivery.state == Delivery.State.DELIVERED
                self.note(tenant_id, well=is_delivered)
                return is_delivered
        return bool(due)  # others were quicker with these; there may be more

    def interrupted(self, tenant_id: UUID, error: DatabaseError) -> None:
        log.warning("deliveries_interrupted", tenant=str(tenant_id), error=str(error))

    def _next_ids(self, tenant_id: UUID) -> list[UUID]:
        due = delivering.due().filter(tenant=tenant_id).values_list("pk", flat=True)
        return list(due[: self.at_once_for_each])


@cache
def dispatcher() -> Dispatcher:
    """The process's dispatcher."""
    return Dispatcher()


def dispatch_due() -> int:
    """Have this process deliver what is due; how many runners were started for it."""
    return dispatcher().dispatch()
