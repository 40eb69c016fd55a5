"""A room's sessions by day: when there was somebody in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from rooms.admin.timeline import Bar, Span, lasting
from rooms.models import Room, Session
from videobroker.admin.tenancy import TenantAdmin

DAYS: Final = 14
# A page for looking at; all of them are in the list of sessions.
MOST_DRAWN: Final = 300


@dataclass(frozen=True)
class Part:
    """A session, as far as it fell on one day."""

    session: Session
    began: datetime
    ended: datetime | None
    lasted: str
    bar: Bar
    url: str


@dataclass(frozen=True)
class Day:
    """One day (UTC) and what fell on it."""

    span: Span
    parts: list[Part]


def days_of(sessions: list[Session], now: datetime) -> list[Day]:
    """The last days, today first, each with its sessions. One that goes past midnight is on both days."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [today - timedelta(days=back) for back in range(DAYS)]
    spans = [Span(start, start + timedelta(days=1)) for start in starts]
    return [
        Day(span, [_part(each, span, now) for each in sessions if _falls_on(each, span, now)])
        for span in spans
    ]


def _began(session: Session) -> datetime:
    return session.started_at or session.seen_at


def _falls_on(session: Session, span: Span, now: datetime) -> bool:
    return _began(session) < span.end and (session.ended_at or now) >= span.start


def _part(session: Session, span: Span, now: datetime) -> Part:
    began, until = _began(session), session.ended_at or now
    url = reverse("admin:rooms_session_change", args=[session.pk])
    return Part(session, began, session.ended_at, lasting(until - began), span.bar(began, until), url)


class DaysOfRoom(TenantAdmin):
    """The page of a room's sessions by day."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.days_view)
        return [path("<path:object_id>/days/", view, name="rooms_room_days"), *super().get_urls()]

    def days_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The last fortnight."""
        room: Room = self.find(request, object_id)
        if not self.may_decide(request, room):
            raise PermissionDenied("Only a moderator of the room or an operator sees when it was used.")
        now = timezone.now()
        since = now - timedelta(days=DAYS + 1)
        found = Session.objects.filter(tenant=room.tenant_id, room=room, seen_at__gte=since)
        sessions = list(found.order_by("-seen_at")[:MOST_DRAWN])
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": "Sessions by day",
            "days": days_of(sessions, now),
            "has_any": bool(sessions),
            "is_cut": len(sessions) == MOST_DRAWN,
            "hours": range(0, 25, 6),
            "list_url": f"{reverse('admin:rooms_session_changelist')}?room__exact={room.pk}",
            "original": room,
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "console/days.html", context)
