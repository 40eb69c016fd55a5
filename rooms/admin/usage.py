"""How much the rooms were used, day by day: sessions, and minutes that people spent in them.

Everything is asked tenant by tenant and from a day on, which is how both tables are indexed; so it costs what these
days hold, and not what the house has ever seen.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, Count, DateTimeField, DurationField, ExpressionWrapper, F, Sum, Value, When
from django.db.models.functions import Coalesce, Greatest, Least, TruncDate

from rooms.models import Participant, Session

DAYS: Final = 14
# Whoever came this long before the first day is not counted in it any more.
LONGEST_STAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Used:
    """How much rooms were used on one day (UTC), or altogether."""

    sessions: int = 0
    minutes: int = 0

    def __add__(self, other: "Used") -> "Used":
        return Used(self.sessions + other.sessions, self.minutes + other.minutes)


@dataclass(frozen=True)
class Usage:
    """How much the rooms were used, by tenant and day."""

    days: list[date]
    by_tenant: dict[UUID, dict[date, Used]] = field(default_factory=dict)

    def on(self, day: date) -> Used:
        """What all tenants together used on a day."""
        return sum((found.get(day, Used()) for found in self.by_tenant.values()), Used())

    def of(self, tenant_id: UUID) -> Used:
        """What one tenant used on all days together."""
        return sum(self.by_tenant.get(tenant_id, {}).values(), Used())

    @property
    def whole(self) -> Used:
        """All of it."""
        return sum((self.on(day) for day in self.days), Used())


def usage_of(tenant_ids: Collection[UUID], now: datetime) -> Usage:
    """How much the rooms of these tenants were used in the last days, today included. Two queries."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [midnight - timedelta(days=back) for back in reversed(range(DAYS))]
    found: dict[UUID, dict[date, Used]] = defaultdict(dict)
    for tenant_id, day, used in [
        *_sessions(tenant_ids, starts[0]),
        *_minutes(tenant_ids, starts, now),
    ]:
        found[tenant_id][day] = found[tenant_id].get(day, Used()) + used
    return Usage([start.date() for start in starts], dict(found))


def _sessions(tenant_ids: Collection[UUID], since: datetime) -> Iterator[tuple[UUID, date, Used]]:
    rows = (
        Session.objects.filter(tenant__in=tenant_ids, seen_at__gte=since)
        .order_by()
        .values("tenant_id", day=TruncDate("seen_at"))
        .annotate(count=Count("pk"))
    )
    for row in rows:
        yield row["tenant_id"], row["day"], Used(sessions=row["count"])


def _minutes(
    tenant_ids: Collection[UUID], starts: list[datetime], now: datetime
) -> Iterator[tuple[UUID, date, Used]]:
    stayed = {f"on_{start:%Y_%m_%d}": _stayed(start) for start in starts}
    rows = (
        Participant.objects.filter(tenant__in=tenant_ids, seen_at__gte=starts[0] - LONGEST_STAY)
        .order_by()
        .alias(
            came_at=Coalesce("joined_at", "seen_at"),
            went_at=Coalesce("left_at", "session__ended_at", Value(now, output_field=DateTimeField())),
        )
        .values("tenant_id")
        .annotate(**stayed)
        .values_list("tenant_id", *stayed)
    )
    for tenant_id, *spans in rows:
        for start, span in zip(starts, spans, strict=True):
            if span:
                yield tenant_id, start.date(), Used(minutes=round(span.total_seconds() / 60))


def _stayed(start: datetime) -> Sum:
    """How long people were in during the day that begins at `start`."""
    begin = Value(start, output_field=DateTimeField())
    end = Value(start + timedelta(days=1), output_field=DateTimeField())
    within: Any = Least(F("went_at"), end) - Greatest(F("came_at"), begin)
    overlap = ExpressionWrapper(within, output_field=DurationField())
    return Sum(Case(When(came_at__lt=end, went_at__gt=begin, then=overlap), output_field=DurationField()))


@dataclass(frozen=True)
class DayShown:
    """One day of the chart; heights in hundredths of the highest."""

    day: date
    used: Used
    sessions_height: float
    minutes_height: float


def chart_of(usage: Usage) -> dict[str, Any]:
    """What the chart shows, ready to be drawn."""
    used = [(day, usage.on(day)) for day in usage.days]
    most_sessions = max([found.sessions for _, found in used] + [1])
    most_minutes = max([found.minutes for _, found in used] + [1])
    days = [
        DayShown(
            day,
            found,
            round(100 * found.sessions / most_sessions, 1),
            round(100 * found.minutes / most_minutes, 1),
        )
        for day, found in used
    ]
    return {"days": days, "whole": usage.whole}
