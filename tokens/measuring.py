"""How minting and refreshing go, for metrics."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from django.utils import timezone
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tokens.models import Grant
from videobroker.api.problems import Problem

# Counted by each process for itself, from its start on. The outcome is `granted`, or the reason of the refusal.
ASKED: Final = Counter(
    "videobroker_tokens_asked", "Client tokens that were asked for.", ["action", "outcome"]
)


@contextmanager
def counted(action: str) -> Iterator[None]:
    """Count the mint or refresh that the block is."""
    try:
        yield
    except Problem as problem:
        ASKED.labels(action, problem.faults[0].reason).inc()
        raise
    ASKED.labels(action, "granted").inc()


class Rows(Collector):
    """The figures of grants."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: a registry asks this when it is made, and there may be no database yet."""
        return ()

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        # The time first: by its index grants that are long over are never looked at.
        open_grants = Grant.objects.filter(
            expires_at__gt=now, refresh_expires_at__gt=now, state=Grant.State.OPEN
        )
        yield GaugeMetricFamily(
            "videobroker_grants_open", "Tabs and devices that are admitted now.", value=open_grants.count()
        )
