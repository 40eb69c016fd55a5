"""Where a room stands, in one word."""

from datetime import datetime
from typing import Any, Final

from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from rooms.models import Room
from videobroker.admin.showing import badge

TONES: Final = {"open": "good", "locked": "warn", "scheduled": "busy"}


def state_of(room: Room, now: datetime) -> str:
    """One word for where the room stands."""
    if room.is_closed(now):
        return "closed"
    if room.is_not_open_yet(now):
        return "scheduled"
    return "locked" if room.locked else "open"


def standing_of(room: Room, now: datetime) -> SafeString:
    """That word in its colour."""
    word = state_of(room, now)
    return badge(word, TONES.get(word, ""))


class RoomState(SimpleListFilter):
    """Rooms by where they stand now."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word.capitalize()) for word in ("open", "locked", "scheduled", "closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Room]) -> QuerySet[Room]:
        now = timezone.now()
        closed, early = Q(closes_at__lte=now), Q(opens_at__gt=now)
        inside = queryset.exclude(closed).exclude(early)
        match self.value():
            case "open":
                return inside.filter(locked=False)
            case "locked":
                return inside.filter(locked=True)
            case "scheduled":
                return queryset.exclude(closed).filter(early)
            case "closed":
                return queryset.filter(closed)
        return queryset
