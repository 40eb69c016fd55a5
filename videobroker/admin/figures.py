"""Numbers on the front page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

# Beyond it a number says only that there are many, and counting on would cost more than it tells.
MOST_COUNTED: Final = 10_000


def counted(rows: QuerySet[Any]) -> int:
    """How many rows there are, counted up to `MOST_COUNTED`."""
    # The ids alone: what the rows are annotated with would be worked out for each that is counted.
    return rows.order_by().values("pk")[:MOST_COUNTED].count()


@dataclass(frozen=True)
class Figure:
    """A number that somebody should know of, and the page that lists what it counts.

    `tone` is how it should look: "" as usual, "good", "warn" or "bad". Those of the lowest `rank` stand first.
    """

    label: str
    value: int
    url: str
    tone: str = ""
    rank: int = 5

    @property
    def shown(self) -> str:
        """The number as it is read: beyond what is counted, that it is at least that."""
        return f"{self.value:,}+" if self.value >= MOST_COUNTED else f"{self.value:,}"


@dataclass(frozen=True)
class ByTenant:
    """A number for each tenant, for operators to compare; a tenant that is not in it has none. Those of the lowest
    `rank` stand first."""

    label: str
    counts: Mapping[UUID, int]
    rank: int = 5


@dataclass(frozen=True)
class Panel:
    """Something bigger on the front page than a number: a template and what it shows."""

    template: str
    context: Mapping[str, Any]
