"""What time it is at the simulated Telnyx, and how times are written there."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


class Clock:
    """Telnyx's clock; `offset_secs` says how far it runs ahead of (or behind) this machine's."""

    def __init__(self) -> None:
        self.offset_secs = 0.0

    def now(self) -> datetime:
        """The time at Telnyx, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_secs)

    def epoch_secs(self) -> float:
        """The time at Telnyx in seconds since 1970, as JSON Web Tokens count."""
        return time.time() + self.offset_secs


def written(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds and `Z`; such texts sort as the times they stand for."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def written_to_the_second(epoch_secs: int) -> str:
    """The way token expiries are written: ISO 8601 in UTC without a fraction."""
    return datetime.fromtimestamp(epoch_secs, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(text: str) -> datetime:
    """The moment an ISO 8601 text stands for; a text without a zone means UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def http_date(moment: datetime) -> str:
    """The `Date` header's form of a moment."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def secs_between(earlier: str, later: str) -> int:
    """Whole seconds between two written times, never negative."""
    return max(0, round((read(later) - read(earlier)).total_seconds()))
