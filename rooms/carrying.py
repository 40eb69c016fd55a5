"""Who is acted for next: several tenants' orders at once, so that one whose Telnyx is slow, or who has ordered a
thousand things, holds up its own.

Orders about people who are in a room now (`Operation.URGENT`) have runners of their own, which nothing else takes up.
Places are shared out by tenant and not by account: whoever shares an account shares what Telnyx gives, but does not
wait until another's thousand orders are done. Which order may go before which is told by `operations`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final
from uuid import UUID

import structlog
from django.db import DatabaseError

from rooms import operations
from rooms.runners import Runners

log = structlog.get_logger(__name__)

# Runners of one process for the urgent orders, as many again for the others, and of either those one tenant's.
AT_ONCE: Final = 12
AT_ONCE_FOR_TENANT: Final = 4


class Carriers(Runners[UUID]):
    """The runners of this process that carry out urgent orders, or the others, by tenant."""

    thread_name = "operation"
    # A process that ends waits for what it has begun: another would have to find out how far Telnyx has got.
    daemon = False

    def __init__(
        self, *, urgent: bool, at_once: int = AT_ONCE, at_once_for_tenant: int = AT_ONCE_FOR_TENANT
    ) -> None:
        super().__init__(at_once, at_once_for_tenant)
        self._urgent = urgent

    def due(self) -> Mapping[UUID, int]:
        return operations.due_by_tenant(urgent=self._urgent)

    def work(self, tenant_id: UUID) -> bool:
        due = operations.due(self.at_once_for_each, tenant_id=tenant_id, urgent=self._urgent)
        for operation_id in due:
            try:
                operation = operations.carry_out(operation_id)
            except DatabaseError:
                raise
            except Exception as error:
                # A bug. Its lease runs out, and it is tried again until it has been tried too often.
                log.exception("operation_broke", operation=str(operation_id), error=str(error))
                self.note(tenant_id, well=False)
                return False
            if operation is not None:
                self.note(tenant_id, well=operation.is_finished)
                return True  # also after a failure: that order waits now, and the next may go better
        return bool(due)  # others were quicker with these; there may be more

    def interrupted(self, tenant_id: UUID, error: DatabaseError) -> None:
        log.warning("operations_interrupted", tenant=str(tenant_id), error=str(error))


@cache
def carriers(*, urgent: bool) -> Carriers:
    """The process's carriers of urgent orders, or of the others."""
    return Carriers(urgent=urgent)


def begin(operation_id: UUID) -> None:
    """Have this process carry out what is due to the order's tenant, and with it the order, if it is due still."""
    if (found := operations.whose(operation_id)) is not None:
        tenant_id, urgent = found
        carriers(urgent=urgent).start_for(tenant_id)


def dispatch_due() -> int:
    """Have this process carry out the orders that are due; how many runners were started for it."""
    return sum(carriers(urgent=urgent).dispatch() for urgent in (True, False))


def stop() -> None:
    """Have this process begin no more orders. Those under way go on to their end."""
    for urgent in (True, False):
        carriers(urgent=urgent).stop()
