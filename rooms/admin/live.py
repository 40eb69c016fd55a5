"""A room's live page: who is in now, what was ordered, and the buttons. It renews itself from a fragment of itself."""

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.safestring import SafeString

from rooms.admin import orders
from rooms.admin.again import again_from
from rooms.admin.orders import Told, Voice
from rooms.admin.participants import ParticipantAdmin, credibility_of
from rooms.admin.room_states import standing_of
from rooms.admin.sessions import SessionAdmin
from rooms.models import Participant, Room, Session
from videobroker.admin.acting import ActingAdmin
from videobroker.admin.acts import Act
from videobroker.admin.site import console
from videobroker.admin.tenancy import TenantAdmin

# Rooms have at most 50 seats; more are in only while a webhook is late.
MOST_SHOWN: Final = 200


@dataclass(frozen=True)
class Button:
    """A link to the question that an act asks."""

    act: Act
    url: str


@dataclass(frozen=True)
class Seat:
    """Somebody who is in."""

    person: Participant
    voice: Voice
    buttons: list[Button]

    @property
    def url(self) -> str:
        return reverse("admin:rooms_participant_change", args=[self.person.pk])

    @property
    def credibility(self) -> SafeString:
        return credibility_of(self.person)


@dataclass(frozen=True)
class Gathering:
    """A session that goes on, and who is in it."""

    session: Session
    seats: list[Seat]
    buttons: list[Button]

    @property
    def url(self) -> str:
        return reverse("admin:rooms_session_change", args=[self.session.pk])


@dataclass(frozen=True)
class Given:
    """An order, and where it can be given again if that would still be of use."""

    told: Told
    again_url: str

    @property
    def url(self) -> str:
        return reverse("admin:rooms_operation_change", args=[self.told.order.pk])


class LiveRoom(TenantAdmin):
    """The live page of rooms."""

    def get_urls(self) -> list[URLPattern]:
        views = {"live": ("live/", self.live_view), "live_now": ("live/now/", self.now_view)}
        return [
            path(f"<path:object_id>/{tail}", self.admin_site.admin_view(view), name=f"rooms_room_{name}")
            for name, (tail, view) in views.items()
        ] + super().get_urls()

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The whole page."""
        room = self._moderated(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            **self._now(request, room),
            "title": "Live",
            "original": room,
            "opts": self.opts,
            "media": self.media,
            "now_url": reverse("admin:rooms_room_live_now", args=[room.pk]),
        }
        return TemplateResponse(request, "console/live.html", context)

    def now_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What changes on it, and nothing if it is as the browser has it already."""
        room = self._moderated(request, object_id)
        text = render_to_string("console/live_now.html", self._now(request, room), request)
        etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
        whole = HttpResponse(text, headers={"ETag": etag})
        return get_conditional_response(request, etag=etag, response=whole) or whole

    def _moderated(self, request: HttpRequest, object_id: str) -> Room:
        room: Room = self.find(request, object_id)
        if not self.may_decide(request, room):
            raise PermissionDenied("Only a moderator of the room or an operator sees who is in it.")
        return room

    def _now(self, request: HttpRequest, room: Room) -> dict[str, Any]:
        now = timezone.now()
        people = list(
            Participant.objects.filter(room=room)
            .present()
            .select_related("session")
            .order_by("joined_at", "id")[:MOST_SHOWN]
        )
        sessions = list(Session.objects.filter(room=room).live().order_by("seen_at"))
        may = self._may_write(request)
        voices = orders.voices(room, people)
        given = list(orders.latest(room)[: orders.SHOWN])
        live, present = {str(each.pk) for each in sessions}, {str(each.pk) for each in people}
        offers_again = partial(again_from, live=live, present=present, now=now)
        return {
            "room": room,
            "gatherings": [_gathering(each, people, voices, may=may) for each in sessions],
            "orders": [
                Given(told, _again_url(told.order) if may and offers_again(told.order) else "")
                for told in orders.told(given)
            ],
            "head_count": len(people),
            "buttons": _buttons(self, room, from_live=True) if may else [],
            "standing": standing_of(room, now),
        }


def _gathering(
    session: Session, people: list[Participant], voices: dict[Any, Voice], *, may: bool
) -> Gathering:
    page = console.get_model_admin(Session)
    assert isinstance(page, SessionAdmin)
    here = [person for person in people if person.session_id == session.pk]
    seats = [Seat(each, voices[each.pk], _for_one(each, voices[each.pk]) if may else []) for each in here]
    return Gathering(session, seats, _buttons(page, session) if may else [])


def _for_one(person: Participant, voice: Voice) -> list[Button]:
    """The buttons for one person: of muting and unmuting the one that would change something."""
    page = console.get_model_admin(Participant)
    assert isinstance(page, ParticipantAdmin)
    needless = "mute" if voice.is_muted else "unmute"
    return [button for button in _buttons(page, person) if button.act.name != needless]


def _buttons(page: ActingAdmin, row: Any, *, from_live: bool = False) -> list[Button]:
    """The row's buttons that are not the operators' alone."""
    tail = "?from=live" if from_live else ""
    acts = [act for act in page.acts if act.offered(row) and not act.for_operators]
    return [Button(act, page.page_of_act(row, act) + tail) for act in acts]


def _again_url(order: Any) -> str:
    return reverse("admin:rooms_operation_again", args=[order.pk])
