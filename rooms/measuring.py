"""What the rows say about how things go, for metrics. Read when somebody looks; each question is answered by an index
and counts only what is unfinished, present or recent, so looking stays cheap however old the house gets."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from prometheus_client import Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rooms.evicting import UNATTRIBUTED
from rooms.models import Delivery, Event, Operation, Participant, Session, Tally

RECENT: Final = timedelta(hours=1)

# Counted by each process for itself, from its start on.
WEBHOOKS_REFUSED: Final = Counter(
    "videobroker_webhooks_refused", "Webhooks that were not proven to be Telnyx's.", ["reason"]
)


class Rows(Collector):
    """The figures of rooms, operations, events and deliveries."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: a registry asks this when it is made, and there may be no database yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from _operations(now)
        yield from _events(now)
        yield from _people()
        yield from _deliveries(now)
        yield from _tallies()


def _operations(now: datetime) -> Iterator[Metric]:
    unfinished = Operation.objects.filter(state__in=Operation.UNFINISHED)
    yield _counts(
        "operations_unfinished", "Orders to Telnyx that are not done yet.", unfinished, "kind", "state"
    )
    yield _age_of_oldest(
        "operations_oldest_due_seconds",
        "For how long the order that is due longest has been due.",
        unfinished,
        now,
    )


def _events(now: datetime) -> Iterator[Metric]:
    pending = Event.objects.filter(state=Event.State.PENDING)
    yield _gauge("events_pending", "Webhooks of Telnyx's that are kept and not applied yet.", pending.count())
    recent = Event.objects.filter(
        state__in=[Event.State.FAILED, Event.State.FOREIGN], received_at__gt=now - RECENT
    )
    meaning = "Webhooks of the last hour that could not be applied, or were about no room of their account."
    yield _counts("events_put_aside_last_hour", meaning, recent, "state")


def _people() -> Iterator[Metric]:
    yield _gauge("sessions_live", "Sessions that go on.", Session.objects.live().count())
    counted = Participant.objects.present().aggregate(
        present=Count("pk"), unattributed=Count("pk", filter=Q(attribution__in=UNATTRIBUTED))
    )
    yield _gauge("people_present", "Participants who are in a session now.", counted["present"])
    meaning = "Of those, the ones whose context does not say credibly who they are."
    yield _gauge("people_unattributed", meaning, counted["unattributed"])


def _deliveries(now: datetime) -> Iterator[Metric]:
    unfinished = Delivery.objects.filter(state__in=Delivery.UNFINISHED)
    yield _counts(
        "deliveries_unfinished", "Webhooks to tenants that have not arrived yet.", unfinished, "state"
    )
    yield _age_of_oldest(
        "deliveries_oldest_due_seconds",
        "For how long the webhook that is due longest has been due.",
        unfinished,
        now,
    )


def _tallies() -> Iterator[Metric]:
    kept = dict(Tally.objects.values_list("name", "value"))
    for name in Tally.Name:
        yield CounterMetricFamily(f"videobroker_{name.value}", name.label, value=kept.get(name.value, 0))


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"videobroker_{name}", meaning, value=value)


def _counts(name: str, meaning: str, rows: QuerySet[Any], *labels: str) -> Metric:
    found = GaugeMetricFamily(f"videobroker_{name}", meaning, labels=labels)
    for *values, count in rows.order_by().values_list(*labels).annotate(Count("pk")):
        found.add_metric([str(value) for value in values], count)
    return found


def _age_of_oldest(name: str, meaning: str, rows: QuerySet[Any], now: datetime) -> Metric:
    """Zero where nothing is due. What waits for its time, or is being worked on, is not overdue."""
    oldest: datetime | None = rows.filter(due_at__lte=now).aggregate(at=Min("due_at"))["at"]
    return _gauge(name, meaning, 0.0 if oldest is None else (now - oldest).total_seconds())
