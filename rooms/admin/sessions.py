"""The pages of sessions: who was in when, and the buttons that decide about everybody who is in."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from rooms import moderation
from rooms.admin.compositions import COMPOSE
from rooms.admin.room_bound import RoomBoundAdmin
from rooms.admin.terms import SparingForm
from rooms.admin.timeline import Bar, Span, around, lasting
from rooms.admin.usage import chart_of, usage_of
from rooms.models import Attribution, Participant, Role, Session
from rooms.moderation import Aim
from videobroker.admin.acts import Act
from videobroker.admin.callers import user_of
from videobroker.admin.figures import ByTenant, Figure, Panel, counted
from videobroker.admin.showing import badge, moment, time_of
from videobroker.admin.site import console
from videobroker.admin.tenancy import tenants_seen
from videobroker.tenants.callers import Caller

# A timeline is for looking at: whoever came after so many is in the list of participants.
DRAWN: Final = 200
# The lists of what belongs to a session, by what they are called on its page.
OF_SESSION: Final = {
    "Participants": "participant",
    "Recordings": "recording",
    "Compositions": "composition",
}


def _all_of(session: Session, *, spare_moderators: bool) -> Aim:
    spared = Participant.objects.filter(
        session=session, role=Role.MODERATOR, attribution=Attribution.ATTRIBUTED
    ).present()
    ids = spared.values_list("pk", flat=True) if spare_moderators else ()
    return Aim(everybody=True, exclude=frozenset(UUID(str(pk)) for pk in ids))


def _but(spare_moderators: bool) -> str:
    return "everybody but moderators" if spare_moderators else "everybody"


def _mute_all(caller: Caller, session: Session, now: datetime, *, spare_moderators: bool) -> str:
    moderation.mute(caller, session, _all_of(session, spare_moderators=spare_moderators))
    return f"Ordered: mute {_but(spare_moderators)}."


def _unmute_all(caller: Caller, session: Session, now: datetime) -> str:
    moderation.unmute(caller, session, Aim(everybody=True))
    return "Ordered: unmute everybody."


def _kick_all(caller: Caller, session: Session, now: datetime, *, spare_moderators: bool) -> str:
    moderation.kick(caller, session, _all_of(session, spare_moderators=spare_moderators), ban=None, now=now)
    return f"Ordered: put {_but(spare_moderators)} out."


def _end(caller: Caller, session: Session, now: datetime) -> str:
    moderation.end(caller, session)
    return "Ordered: end the session."


def _is_live(session: Session) -> bool:
    return session.is_live


ACTS: Final = (
    Act(
        "mute-all",
        "Mute all",
        "Whoever is in “{row.room}” now is silenced. They stay in, and can be unmuted.",
        _mute_all,
        _is_live,
        form=SparingForm,
    ),
    Act(
        "unmute-all",
        "Unmute all",
        "Whoever is in “{row.room}” now can be heard again.",
        _unmute_all,
        _is_live,
    ),
    Act(
        "kick-all",
        "Kick all",
        "Whoever is in “{row.room}” now is put out, and the tokens they are in with are void. They may ask to come in "
        "again; to prevent that, lock the room first.",
        _kick_all,
        _is_live,
        form=SparingForm,
        is_grave=True,
    ),
    Act(
        "end",
        "End session",
        "The session in “{row.room}” ends: everybody is put out, you too. They may come in again, which begins another "
        "session, unless the room is locked.",
        _end,
        _is_live,
        is_grave=True,
    ),
)


class Going(SimpleListFilter):
    """Sessions that go on, and those that are over."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "Goes on"), ("over", "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> QuerySet[Session]:
        match self.value():
            case "live":
                return queryset.filter(ended_at=None)
            case "over":
                return queryset.filter(ended_at__isnull=False)
        return queryset


@dataclass(frozen=True)
class Stay:
    """One line of a session's timeline."""

    person: Participant
    came_at: datetime
    gone_at: datetime | None
    lasted: str
    bar: Bar
    url: str


@admin.register(Session, site=console)
class SessionAdmin(RoomBoundAdmin):
    """Gatherings in rooms, as Telnyx tells of them. Nothing in them is changed here; they can be ended."""

    change_form_template = "console/session.html"
    acts = (*ACTS, COMPOSE)
    list_display = [
        "began", "room", "standing", "lasted", "people", moment("ended_at"), "ended_reason",
    ]  # fmt: skip
    list_filter = [Going]
    search_fields = ["room__unique_name", "=telnyx_id"]
    search_help_text = "Part of a room's name, or Telnyx's id of the session."
    empty_advice = "No sessions yet. One begins when the first person joins a room, and ends with the last."
    fields = [
        "id", "room", "standing", moment("started_at"), moment("ended_at"), "ended_reason", "lasted", "people",
        moment("seen_at", "first heard of"), moment("confirmed_at", "last asked Telnyx"), "telnyx_id",
    ]  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        people = Participant.objects.filter(session=OuterRef("pk")).order_by().values("session")
        rows = super().get_queryset(request).select_related("tenant", "room__tenant", "room__account")
        counted_rows: QuerySet[Session] = rows.annotate(
            people_count=Coalesce(Subquery(people.annotate(count=Count("pk")).values("count")), 0)
        )
        return counted_rows

    def back_from(self, request: HttpRequest, row: Session) -> str:
        """To the room's live page, which shows how the order goes; to its own for one that is over."""
        return reverse("admin:rooms_room_live", args=[row.room_id]) if row.is_live else self.page_of(row)

    def history_of(self, row: Session) -> Q:
        return Q(tenant=row.tenant_id, room_id=row.room_id, subject=str(row.pk))

    def figures(self, request: HttpRequest) -> list[Figure]:
        live = self.get_queryset(request).filter(ended_at=None)
        return [Figure("sessions going on", counted(live), f"{self._list()}?state=live", rank=1)]

    def panels(self, request: HttpRequest) -> list[Panel]:
        usage = usage_of(tenants_seen(request), timezone.now())
        return [Panel("console/usage.html", chart_of(usage))]

    def by_tenant(self, tenant_ids: Collection[UUID]) -> list[ByTenant]:
        usage = usage_of(tenant_ids, timezone.now())
        used = {tenant_id: usage.of(tenant_id) for tenant_id in tenant_ids}
        return [
            ByTenant("sessions in 14 days", {each: found.sessions for each, found in used.items()}),
            ByTenant("participant-minutes in 14 days", {each: found.minutes for each, found in used.items()}),
        ]

    def beside_fields(self, request: HttpRequest, row: Session) -> dict[str, Any]:
        return self._timeline(row, timezone.now()) | {"links": self._links(request, row)}

    def _timeline(self, session: Session, now: datetime) -> dict[str, Any]:
        people = list(session.participants.order_by("joined_at", "id")[:DRAWN])
        for person in people:
            person.session = session
        times = [(person.joined_at or person.seen_at, person.gone_at or now) for person in people]
        span = around(times)
        stays = [
            _stay(person, *when, span) for person, when in zip(people, times, strict=True) if span is not None
        ]
        return {"span": span, "stays": stays, "is_cut": len(people) == DRAWN}

    def _links(self, request: HttpRequest, session: Session) -> list[tuple[str, str]]:
        links = [
            ("Live page", reverse("admin:rooms_room_live", args=[session.room_id])),
            ("Sessions by day", reverse("admin:rooms_room_days", args=[session.room_id])),
            *(
                (label, f"{reverse(f'admin:rooms_{page}_changelist')}?session__id__exact={session.pk}")
                for label, page in OF_SESSION.items()
            ),
        ]
        if session.room.deleted_at is not None:
            links = links[2:]
        if user_of(request).is_operator:
            links.append(("Events", f"{reverse('admin:rooms_event_changelist')}?session={session.pk}"))
        return links

    @admin.display(description="began", ordering="seen_at")
    def began(self, session: Session) -> SafeString:
        return time_of(session.started_at or session.seen_at)

    @admin.display(description="state", ordering="ended_at")
    def standing(self, session: Session) -> SafeString:
        return badge("goes on", "good") if session.is_live else badge("over")

    @admin.display(description="lasted")
    def lasted(self, session: Session) -> str:
        return lasting((session.ended_at or timezone.now()) - (session.started_at or session.seen_at))

    @admin.display(description="people")
    def people(self, session: Session) -> int:
        count: int = session.people_count  # type: ignore[attr-defined]  # the list annotates it
        return count


def _stay(person: Participant, came_at: datetime, until: datetime, span: Span) -> Stay:
    url = reverse("admin:rooms_participant_change", args=[person.pk])
    return Stay(person, came_at, person.gone_at, lasting(until - came_at), span.bar(came_at, until), url)
