"""Who delivers next: several tenants' deliveries at once, so that a receiver that does not answer holds up its own.

Each tenant has a few runners, threads that work off what is due to it; a tenant whose receivers keep failing has one,
until something is delivered again. A runner ends at a failure, after a while, or when nothing is due, and its place
goes to whoever has fewest.
"""

import random
import threading
import time
from collections import Counter
from functools import cache
from typing import Final
from uuid import UUID

import structlog
from django.db import DatabaseError, connection
from django.db.models import Exists, OuterRef

from rooms import delivering
from rooms.models import Delivery
from videobroker.tenants.models import Tenant

log = structlog.get_logger(__name__)

# Runners of one process, and of those one tenant's. Each has a database connection of its own while it runs.
AT_ONCE: Final = 16
AT_ONCE_FOR_TENANT: Final = 4
# After so many failures in a row a tenant's receivers count as failing.
FAILURES_IN_A_ROW: Final = 3
# How long a runner goes on while others may be waiting for its place.
TURN_SECS: Final = 5.0


class Dispatcher:
    """The runners of this process."""

    def __init__(self, at_once: int = AT_ONCE, at_once_for_tenant: int = AT_ONCE_FOR_TENANT) -> None:
        self._at_once = at_once
        self._at_once_for_tenant = at_once_for_tenant
        self._lock = threading.Lock()
        self._running: Counter[UUID] = Counter()
        self._failures: Counter[UUID] = Counter()

    def dispatch(self) -> int:
        """Start runners for what is due, as many as have a place; how many. Returns at once."""
        due = self._due_by_tenant()
        started = 0
        while (tenant_id := self._take_place(due)) is not None:
            thread = threading.Thread(target=self._run, args=(tenant_id,), name="delivery", daemon=True)
            thread.start()
            started += 1
        return started

    def running(self) -> int:
        """How many runners there are now."""
        with self._lock:
            return self._running.total()

    def _due_by_tenant(self) -> dict[UUID, int]:
        """The tenants to whom something is due, and how many of it, up to a tenant's places."""
        theirs = delivering.due().order_by().filter(tenant=OuterRef("pk"))
        waiting = Tenant.objects.filter(Exists(theirs)).order_by().values_list("pk", flat=True)
        return {tenant_id: len(self._next_ids(tenant_id)) for tenant_id in waiting}

    def _next_ids(self, tenant_id: UUID) -> list[UUID]:
        due = delivering.due().filter(tenant=tenant_id).values_list("pk", flat=True)
        return list(due[: self._at_once_for_tenant])

    def _take_place(self, due: dict[UUID, int]) -> UUID | None:
        """Take a place for one of those tenants, and one off what is due to it; None if there is no place or need."""
        with self._lock:
            if self._running.total() >= self._at_once:
                return None
            waiting = [each for each in due if due[each] > 0 and self._running[each] < self._places(each)]
            if not waiting:
                return None
            tenant_id = min(waiting, key=lambda each: (self._running[each], random.random()))
            self._running[tenant_id] += 1
            due[tenant_id] -= 1
            return tenant_id

    def _places(self, tenant_id: UUID) -> int:
        return 1 if self._failures[tenant_id] >= FAILURES_IN_A_ROW else self._at_once_for_tenant

    def _run(self, tenant_id: UUID) -> None:
        until = time.monotonic() + TURN_SECS
        try:
            while time.monotonic() < until and self._deliver_one(tenant_id):
                pass
        except DatabaseError as error:
            log.warning("deliveries_interrupted", tenant=str(tenant_id), error=str(error))
        finally:
            connection.close()
            self._leave_place(tenant_id)

    def _deliver_one(self, tenant_id: UUID) -> bool:
        """Deliver one of what is due to the tenant; whether to go on with the next."""
        due = self._next_ids(tenant_id)
        for delivery_id in due:
            delivery = delivering.deliver(delivery_id)
            if delivery is not None:
                return self._note(delivery)
        return bool(due)  # others were quicker with these; there may be more

    def _note(self, delivery: Delivery) -> bool:
        is_delivered = delivery.state == Delivery.State.DELIVERED
        with self._lock:
            if is_delivered:
                self._failures.pop(delivery.tenant_id, None)
            else:
                self._failures[delivery.tenant_id] += 1
        return is_delivered

    def _leave_place(self, tenant_id: UUID) -> None:
        with self._lock:
            self._running[tenant_id] -= 1
            if not self._running[tenant_id]:
                del self._running[tenant_id]


@cache
def dispatcher() -> Dispatcher:
    """The process's dispatcher."""
    return Dispatcher()


def dispatch_due() -> int:
    """Have this process deliver what is due; how many runners were started for it."""
    return dispatcher().dispatch()
