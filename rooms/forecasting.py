"""What a purge would delete now and why, and what holds would keep from it: for people to read before it happens."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from rooms import holding, purging, retaining
from rooms.models import Recording
from rooms.shredding import AnyFootage
from videobroker.tenants.models import Tenant

# So many rows are read at a time.
SOME: Final = 500


@dataclass(frozen=True)
class Fate:
    """A recording or composition whose retention is over. `held` says what keeps it, and is empty for what would go."""

    footage: AnyFootage
    policy: dict[str, Any]
    held: str = ""

    @property
    def kind(self) -> str:
        return "recording" if isinstance(self.footage, Recording) else "composition"

    @property
    def identity(self) -> str | None:
        """Whose voice or face it is, where that is known of one person."""
        return self.footage.participant.identity if isinstance(self.footage, Recording) else None


def going(tenant: Tenant, now: datetime) -> Iterator[Fate]:
    """What would go, the longest expired first. Memory does not grow with it."""
    for footage in purging.due_of(tenant, now):
        if retaining.is_over(footage, now):
            yield Fate(footage, retaining.policy_of(footage))


def kept_by_holds(tenant: Tenant, now: datetime) -> Iterator[Fate]:
    """What would go if no hold covered it."""
    for model in purging.MODELS:
        held = model.objects.of(tenant).expired(now).filter(Q(held=True) | holding.covering(model))
        for footage in purging.with_its_own(held).order_by("expires_at", "pk").iterator(SOME):
            told = holding.told(holding.holds_on(footage))
            yield Fate(footage, retaining.policy_of(footage), held=told)
