"""Delivering what tenants' back ends are told: at least once each, whatever dies meanwhile, for a day.

Whoever sends a delivery takes a lease on its row by a conditional UPDATE that also raises the fence; only who still
holds the fence may write the outcome. The lease puts the due time off for longer than the receiver may take, so what is
due is either waiting or was taken by a sender that died, and is sent. Due times go by the database's clock.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from rooms import posting
from rooms.models import Delivery, DeliveryAttempt
from videobroker import outbound

log = structlog.get_logger(__name__)

State = Delivery.State

KEPT_FOR: Final = timedelta(days=30)
# What a lease is longer than the receiver's time: for looking up the host, and for writing the outcome.
LEASE_LEEWAY: Final = timedelta(seconds=10)
FIRST_WAIT_SECS: Final = 1.0
LONGEST_WAIT_SECS: Final = 3600.0
# So often the primary URL is tried alone, before the failover URL takes turns with it.
PRIMARY_TRIES: Final = 3


@dataclass(frozen=True)
class Leased:
    """A delivery that is ours to send, and where to: an empty URL if the room has none any more."""

    delivery: Delivery
    url: str
    timeout_secs: int

    @property
    def attempt(self) -> int:
        return self.delivery.attempt_count


def due() -> QuerySet[Delivery]:
    """Deliveries that may be sent now, in the order in which they are to be."""
    return Delivery.objects.filter(_may_be_leased()).order_by("due_at", "sequence")


def _may_be_leased() -> Q:
    return Q(state__in=Delivery.UNFINISHED, due_at__lte=Now())


def deliver(delivery_id: uuid.UUID) -> Delivery | None:
    """Lease the delivery, send it, and write what came of it. None if somebody else has it or it is not due.

    Raises nothing that the receiver can cause: that goes into the row.
    """
    leased = _lease(delivery_id)
    if leased is None:
        return None
    receipt = _send(leased)
    _write(leased, receipt)
    leased.delivery.refresh_from_db()
    return leased.delivery


def _lease(delivery_id: uuid.UUID) -> Leased | None:
    delivery = Delivery.objects.select_related("room").filter(pk=delivery_id).first()
    if delivery is None:
        return None
    address = posting.address_of(delivery)
    lease = timedelta(seconds=address.timeout_secs) + LEASE_LEEWAY
    with transaction.atomic():
        taken = Delivery.objects.filter(_may_be_leased(), pk=delivery_id, fence=delivery.fence).update(
            state=State.LEASED,
            due_at=Now() + lease,
            fence=F("fence") + 1,
            attempt_count=F("attempt_count") + 1,
            tries=F("tries") + 1,
        )
        if not taken:
            return None
        delivery = Delivery.objects.select_related("room").get(pk=delivery_id)
        url, is_failover = url_for(address.url, address.failover_url, delivery.tries)
        DeliveryAttempt.objects.create(
            delivery=delivery, number=delivery.attempt_count, url=outbound.shown(url), is_failover=is_failover
        )
    return Leased(delivery, url, address.timeout_secs)


def url_for(primary: str, failover: str, tries: int) -> tuple[str, bool]:
    """Where the try of this number goes (1 is the first), and whether that is the failover URL."""
    turn = tries - PRIMARY_TRIES
    is_failover = bool(failover) and turn > 0 and turn % 2 == 1
    return (failover, True) if is_failover else (primary, False)


def _send(leased: Leased) -> posting.Receipt:
    if not leased.url:
        return posting.Receipt(None, "the room has no webhook_event_url any more", 0.0)
    delivery = leased.delivery
    envelope = posting.Envelope(str(delivery.pk), delivery.event_type, delivery.occurred_at, delivery.payload)
    return posting.post(envelope, leased.url, attempt=leased.attempt, timeout_secs=leased.timeout_secs)


def _write(leased: Leased, receipt: posting.Receipt) -> None:
    """Write the attempt's outcome, and the delivery's if the fence is still ours."""
    delivery = leased.delivery
    mine = Delivery.objects.filter(pk=delivery.pk, fence=delivery.fence, state=State.LEASED)
    with transaction.atomic():
        written = mine.update(**_outcome(leased, receipt))
        DeliveryAttempt.objects.filter(delivery=delivery, number=leased.attempt).update(
            status=receipt.status, error=receipt.error, duration_secs=receipt.duration_secs
        )
    log.info(
        "delivery_tried",
        delivery=str(delivery.pk),
        room=str(delivery.room_id),
        attempt=leased.attempt,
        status=receipt.status,
        error=receipt.error or None,
        fence_lost=not written,
    )


def _outcome(leased: Leased, receipt: posting.Receipt) -> dict[str, Any]:
    """What becomes of the delivery: done, to be tried again, or, after its day or without a URL, given up."""
    told = {"last_status": receipt.status, "last_error": receipt.error}
    if receipt.is_delivered:
        return {**told, "state": State.DELIVERED, "finished_at": Now()}
    wait = timedelta(seconds=backoff_secs(leased.delivery.tries))
    if not leased.url or _is_too_late(leased.delivery, wait):
        return {**told, "state": State.FAILED, "finished_at": Now()}
    return {**told, "state": State.PENDING, "due_at": Now() + wait}


def _is_too_late(delivery: Delivery, wait: timedelta) -> bool:
    return Delivery.objects.filter(pk=delivery.pk, deadline_at__lt=Now() + wait).exists()


def backoff_secs(tries: int) -> float:
    """Doubling from a second up to an hour, with jitter, so that what failed together does not come back together."""
    return min(LONGEST_WAIT_SECS, FIRST_WAIT_SECS * float(2 ** min(tries - 1, 20))) * random.uniform(0.8, 1)


def forget_old(now: datetime) -> int:
    """Forget deliveries that were finished long ago, with their attempts; how many rows."""
    old = Delivery.objects.filter(created_at__lt=now - KEPT_FOR).exclude(state__in=Delivery.UNFINISHED)
    return old.delete()[0]
