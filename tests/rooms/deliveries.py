"""Delivering by hand, and moving the time at which something is due."""

from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Now

from rooms import delivering
from rooms.models import Delivery, DeliveryAttempt


def rows() -> list[Delivery]:
    """All deliveries, the first told first."""
    return list(Delivery.objects.order_by("room", "sequence"))


def deliver_due() -> int:
    """Send what is due now, once each; how many were sent."""
    ids = list(delivering.due().values_list("pk", flat=True))
    return sum(delivering.deliver(each) is not None for each in ids)


def let_pass(span: timedelta) -> None:
    """As if so much time had gone by for all deliveries that are not finished."""
    unfinished = Delivery.objects.filter(state__in=Delivery.UNFINISHED)
    unfinished.update(due_at=F("due_at") - span, deadline_at=F("deadline_at") - span)


def wait_for_retry() -> timedelta:
    """Let just the time pass until the next delivery is due; how much that was."""
    (left,) = Delivery.objects.filter(state="pending").order_by("due_at").values_list(F("due_at") - Now())[:1]
    span = max(timedelta(), left[0]) + timedelta(milliseconds=5)
    let_pass(span)
    return span


def attempts(delivery: Delivery) -> list[DeliveryAttempt]:
    return list(DeliveryAttempt.objects.filter(delivery=delivery))
