"""The pages of events: Telnyx's webhooks as they came."""

import json
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from rooms.models import Event, Participant, Session, TelnyxRoom
from videobroker.admin.choosing import FewRelated
from videobroker.admin.figures import Figure
from videobroker.admin.showing import EMPTY, moment, state
from videobroker.admin.site import console
from videobroker.admin.tenancy import OperatorAdmin

State = Event.State

TONES: Final = {
    State.PENDING.value: "busy",
    State.APPLIED.value: "good",
    State.FOREIGN.value: "warn",
    State.FAILED.value: "bad",
}
TYPES: Final = (
    "video.room.session.started",
    "video.room.session.ended",
    "video.room.participant.joined",
    "video.room.participant.left",
    "video.room.recording.started",
    "video.room.recording.ended",
    "video.room.recording.completed",
    "video.room.composition.completed",
)
# Whoever has one of these may fetch or do something with it, so no page shows it.
HIDDEN: Final = ("url", "token", "secret", "key", "password")
# Events about a session come while it goes on, or some time later if Telnyx could not reach us.
HEARD_WITHIN: Final = timedelta(days=1)


def without_secrets(value: Any) -> Any:
    """The payload, with what opens something left out wherever it stands."""
    if isinstance(value, dict):
        return {
            name: "(not shown)" if part and str(name).lower().endswith(HIDDEN) else without_secrets(part)
            for name, part in value.items()
        }
    return [without_secrets(each) for each in value] if isinstance(value, list) else value


class EventType(SimpleListFilter):
    """Events by what they tell of; the types that mean something to us."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each, each.removeprefix("video.room.")) for each in TYPES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(event_type=self.value()) if self.value() in TYPES else queryset


class OfSession(SimpleListFilter):
    """Events about one session of ours; linked from its page, and not offered where none is chosen."""

    title = "session"
    parameter_name = "session"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = request.GET.get(self.parameter_name, "")
        return [(chosen, "The one chosen")] if chosen else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        if not self.value():
            return queryset
        session = _session(str(self.value()))
        if session is None:
            return queryset.none()
        # The times first: by their index only what came around the session is looked through.
        heard = queryset.filter(received_at__gte=session.seen_at - HEARD_WITHIN)
        if session.ended_at is not None:
            heard = heard.filter(received_at__lte=session.ended_at + HEARD_WITHIN)
        return heard.filter(account=session.room.account_id, payload__session_id=str(session.telnyx_id))


def _session(text: str) -> Session | None:
    try:
        pk = UUID(text)
    except ValueError:
        return None
    return Session.objects.select_related("room").filter(pk=pk).first()


@admin.register(Event, site=console)
class EventAdmin(OperatorAdmin):
    """What Telnyx told, and what came of it. An account may be shared by tenants, and an event is about whoever it
    says: so these are the operators' business; moderators see what came of them, sessions and participants."""

    is_editable = False
    tenant_path = ""
    list_display = [
        "event_type", state("state", TONES), "account", moment("occurred_at"), moment("received_at"),
        moment("applied_at"), "error",
    ]  # fmt: skip
    list_filter = ["state", EventType, OfSession, ("account", FewRelated)]
    list_select_related = ("account",)
    search_fields = ["=telnyx_id", "error"]
    search_help_text = "Telnyx's id of the event, or part of an error."
    empty_advice = "No events. Telnyx sends them to PUBLIC_URL; without one, we only ask Telnyx."
    fields = [
        "id", "telnyx_id", "event_type", "account", state("state", TONES), "attempts", "error", "about", "told",
        moment("occurred_at"), moment("received_at"), moment("applied_at"),
    ]  # fmt: skip
    readonly_fields = fields

    def figures(self, request: HttpRequest) -> list[Figure]:
        day = timezone.now() - timedelta(days=1)
        aside = Event.objects.filter(received_at__gte=day, state__in=[State.FAILED, State.FOREIGN]).count()
        url = f"{self._list()}?state__exact=failed"
        return [Figure("events put aside today", aside, url, "warn" if aside else "good")]

    @admin.display(description="payload")
    def told(self, event: Event) -> SafeString:
        text = json.dumps(without_secrets(event.payload), indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

    @admin.display(description="about")
    def about(self, event: Event) -> SafeString | str:
        """The rows of ours that it is about, as far as we have them."""
        return format_html_join(", ", '<a href="{}">{}</a>', _rows_of(event)) or EMPTY


def _rows_of(event: Event) -> list[tuple[str, str]]:
    payload = event.payload
    made = TelnyxRoom.objects.filter(account=event.account_id).select_related("room")
    session = Session.objects.filter(telnyx_id=_id(payload, "session_id")).select_related("room").first()
    rows: list[tuple[str, Any]] = []
    if (found := made.filter(telnyx_id=_id(payload, "room_id")).first()) and found.room.deleted_at is None:
        rows.append(("rooms_room", found.room))
    if session is not None and session.room.account_id == event.account_id:
        rows.append(("rooms_session", session))
        people = Participant.objects.filter(session=session, telnyx_id=_id(payload, "participant_id"))
        rows.extend(("rooms_participant", person) for person in people)
    return [(reverse(f"admin:{page}_change", args=[row.pk]), str(row)) for page, row in rows]


def _id(payload: dict[str, Any], name: str) -> UUID:
    """The id that stands there, or one that nothing has."""
    try:
        return UUID(str(payload.get(name)))
    except ValueError:
        return UUID(int=0)
