"""Narrowing lists of recordings and compositions: by state, by hold, and by what goes soon."""

from datetime import timedelta
from typing import Any, ClassVar, Final

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from rooms import holding
from rooms.admin.starting import StartingFilter

# What goes within this time is worth a look today.
SOON: Final = timedelta(days=1)


class FootageState(StartingFilter):
    """What is kept, unless what has gone is asked for."""

    title = "state"
    parameter_name = "state"
    entries: ClassVar[dict[str, str]] = {
        "kept": "Kept",
        "deleting": "Being deleted",
        "deleted": "Deleted",
        "all": "All",
    }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.chosen == "all" else queryset.filter(state=self.chosen)


class Holding(SimpleListFilter):
    """What a hold covers, and what may go."""

    title = "hold"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Held"), ("no", "Not held")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        covered = Q(held=True) | holding.covering(queryset.model)
        match self.value():
            case "yes":
                return queryset.filter(covered)
            case "no":
                return queryset.exclude(covered)
        return queryset


class Ending(SimpleListFilter):
    """What goes soon."""

    title = "retention"
    parameter_name = "ends"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("due", "Over"), ("day", "Over within a day"), ("week", "Over within a week")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        within = {"due": timedelta(0), "day": SOON, "week": timedelta(days=7)}.get(self.value() or "")
        return queryset if within is None else queryset.filter(expires_at__lte=timezone.now() + within)
