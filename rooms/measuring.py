"""What the rows say about how things go, for metrics. Read when somebody looks; each question is answered by an index
and counts only what is unfinished, present or recent, so looking stays cheap however old the house gets."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone
from prometheus_client import Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from rooms import following, purging
from rooms.evicting import UNATTRIBUTED
from rooms.models import (
    Deletion,
    Delivery,
    Erasure,
    Event,
    Footage,
    Operation,
    Participant,
    PurgeRun,
    Session,
    Tally,
)
from rooms.models.deletion import IS_STUBBORN

RECENT: Final = timedelta(hours=1)

# Counted by each process for itself, from its start on.
WEBHOOKS_REFUSED: Final = Counter(
    "videobroker_webhooks_refused", "Webhooks that were not proven to be Telnyx's.", ["reason"]
)


class Rows(Collector):
    """The figures of rooms, operations, events, deliveries, and of what is kept and deleted."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: a registry asks this when it is made, and there may be no database yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from _operations(now)
        yield from _events(now)
        yield from _people()
        yield from _deliveries(now)
        yield from _footage(now)
        yield from _compositions(now)
        yield from _deletions(now)
        yield from _purges()
        yield from _erasures(now)
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


def _footage(now: datetime) -> Iterator[Metric]:
    stored = GaugeMetricFamily(
        "videobroker_footage_stored", "Recordings and compositions that are kept.", labels=["kind"]
    )
    expired = GaugeMetricFamily(
        "videobroker_footage_expired",
        "Of those, the ones kept for as long as they should be.",
        labels=["kind"],
    )
    held = GaugeMetricFamily(
        "videobroker_footage_held", "Of those that are kept, the ones under a legal hold.", labels=["kind"]
    )
    for model in purging.MODELS:
        kept: QuerySet[Any] = model.objects.filter(state=Footage.State.KEPT)
        counted = kept.aggregate(
            stored=Count("pk"),
            expired=Count("pk", filter=Q(expires_at__lte=now)),
            held=Count("pk", filter=Q(held=True)),
        )
        for found, name in ((stored, "stored"), (expired, "expired"), (held, "held")):
            found.add_metric([str(model._meta.model_name)], counted[name])
    yield from (stored, expired, held)


def _compositions(now: datetime) -> Iterator[Metric]:
    is_stuck = Q(seen_at__lte=now - following.STUCK_AFTER)
    counted = following.in_the_making().aggregate(all=Count("pk"), stuck=Count("pk", filter=is_stuck))
    meaning = "Compositions that were ordered and are not complete."
    yield _gauge("compositions_in_the_making", meaning, counted["all"])
    meaning = "Of those, the ones that have been in the making for more than six hours."
    yield _gauge("compositions_stuck", meaning, counted["stuck"])


def _deletions(now: datetime) -> Iterator[Metric]:
    unfinished = Deletion.objects.unfinished()
    yield _counts(
        "deletions_unfinished", "What is to be deleted at Telnyx and is not yet.", unfinished, "cause"
    )
    blocked = Deletion.objects.filter(state=Deletion.State.BLOCKED).count()
    yield _gauge(
        "deletions_blocked", "Deletions set aside, as Telnyx has something else under that id.", blocked
    )
    meaning = "Of the unfinished, those that were tried so often in vain that no purge waits for them."
    counted = unfinished.aggregate(oldest=Min("begun_at"), stubborn=Count("pk", filter=IS_STUBBORN))
    yield _gauge("deletions_stubborn", meaning, counted["stubborn"])
    oldest: datetime | None = counted["oldest"]
    meaning = "For how long the oldest of what is to be deleted at Telnyx has waited."
    yield _gauge(
        "deletions_oldest_seconds", meaning, 0.0 if oldest is None else (now - oldest).total_seconds()
    )


def _purges() -> Iterator[Metric]:
    runs = PurgeRun.objects.under_way()
    yield _counts("purges", "Purges that are not finished, by state.", runs, "state")
    meaning = "What the purges that are not finished have to delete, and how much of it they have begun to."
    progress = GaugeMetricFamily("videobroker_purge_footage", meaning, labels=["part"])
    for part, count in runs.aggregate(due=Sum("due"), begun=Sum("begun")).items():
        progress.add_metric([part], count or 0)
    yield progress


def _erasures(now: datetime) -> Iterator[Metric]:
    rows = Erasure.objects.filter(finished_at=None).order_by().values_list("state")
    found = list(rows.annotate(Count("pk"), Min("created_at")))
    counts = GaugeMetricFamily(
        "videobroker_erasures_unfinished", "Erasures of people that are not finished.", labels=["state"]
    )
    for state, count, _ in found:
        counts.add_metric([state], count)
    yield counts
    oldest = next((at for state, _, at in found if state == Erasure.State.PENDING), None)
    meaning = "For how long the oldest of those has been under way that no hold keeps waiting."
    yield _gauge(
        "erasures_oldest_seconds", meaning, 0.0 if oldest is None else (now - oldest).total_seconds()
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
