"""The pages of participants, and the buttons that decide about one of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rooms import moderation
from rooms.admin.room_bound import RoomBoundAdmin
from rooms.admin.terms import BanTermsForm
from rooms.models import Attribution, Participant
from rooms.moderation import Aim, BanTerms
from videobroker.admin.acts import Act
from videobroker.admin.figures import ByTenant, Figure, counted
from videobroker.admin.showing import EMPTY, badge, moment, time_of
from videobroker.admin.site import console
from videobroker.tenants.callers import Caller


def _only(person: Participant) -> Aim:
    return Aim(participants=frozenset({UUID(str(person.pk))}))


def _mute(caller: Caller, person: Participant, now: datetime) -> str:
    moderation.mute(caller, person.session, _only(person))
    return f"Ordered: mute “{person}”."


def _unmute(caller: Caller, person: Participant, now: datetime) -> str:
    moderation.unmute(caller, person.session, _only(person))
    return f"Ordered: unmute “{person}”."


def _kick(caller: Caller, person: Participant, now: datetime) -> str:
    moderation.kick(caller, person.session, _only(person), ban=None, now=now)
    return f"Ordered: put “{person}” out."


def _kick_and_ban(
    caller: Caller, person: Participant, now: datetime, *, until: datetime | None, reason: str
) -> str:
    moderation.kick(caller, person.session, _only(person), ban=BanTerms(until, reason), now=now)
    lasting = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until the ban is lifted"
    return f"“{person}” is banned {lasting}. Ordered: put them out."


def is_in(person: Participant) -> bool:
    """Whether they are in a session now, as far as we know."""
    return person.gone_at is None


ACTS: Final = (
    Act(
        "mute", "Mute", "“{row}” is silenced in “{row.room}”. They stay in, and can be unmuted.", _mute, is_in
    ),
    Act("unmute", "Unmute", "“{row}” can be heard in “{row.room}” again.", _unmute, is_in),
    Act(
        "kick",
        "Kick",
        "“{row}” is put out of “{row.room}”, and the tokens of the tab or device they are in with are void. They may "
        "ask to come in again; to keep them out, ban them.",
        _kick,
        is_in,
        is_grave=True,
    ),
    Act(
        "ban",
        "Kick and ban",
        "“{row}” is put out of “{row.room}” and gets no token for it while the ban lasts, whoever's device they use.",
        _kick_and_ban,
        lambda person: is_in(person) and bool(person.identity),
        form=BanTermsForm,
        is_grave=True,
    ),
)


class Presence(SimpleListFilter):
    """Who is in now, and who has left."""

    title = "presence"
    parameter_name = "presence"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("in", "In now"), ("gone", "Gone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Participant]) -> QuerySet[Participant]:
        here = Q(left_at=None, session__ended_at=None)
        match self.value():
            case "in":
                return queryset.filter(here)
            case "gone":
                return queryset.exclude(here)
        return queryset


@admin.register(Participant, site=console)
class ParticipantAdmin(RoomBoundAdmin):
    """Who is, and was, in a session. Telnyx tells that they came and went; here one only decides about them."""

    acts = ACTS
    linked_by = ["room", "session"]
    list_display = [
        "who", "room", "presence", "credibility", "role", moment("joined_at"), "gone", "left_reason",
    ]  # fmt: skip
    list_filter = [Presence, "attribution", "role"]
    search_fields = ["identity", "display_name", "room__unique_name", "=telnyx_id"]
    search_help_text = "Part of an identity, of a shown name, or of a room's name, or Telnyx's id."
    empty_advice = "Nobody has been in a room yet. Whoever joins one is seen here within a second or two."
    fields = [
        "id", "who", "identity", "display_name", "role", "room", "of_session", "presence", "credibility",
        moment("joined_at"), "gone", "left_reason", "with_grant", "telnyx_id",
        moment("evicted_at", "removal last ordered by the house"),
    ]  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Participant]:
        people: QuerySet[Participant] = super().get_queryset(request)
        return people.select_related("tenant", "room", "session__room__tenant", "session__room__account")

    def back_from(self, request: HttpRequest, row: Participant) -> str:
        """To the room's live page, which shows how the order goes."""
        return reverse("admin:rooms_room_live", args=[row.room_id])

    def history_of(self, row: Participant) -> Q:
        identity = Q(subject_kind="identity", subject=row.identity) if row.identity else Q(pk__in=[])
        about_them = Q(action__in=moderation.ACTIONS.values(), subject=str(row.session_id))
        return Q(tenant=row.tenant_id, room_id=row.room_id) & (identity | about_them)

    def figures(self, request: HttpRequest) -> list[Figure]:
        people = self.get_queryset(request).filter(left_at=None, session__ended_at=None)
        return [Figure("people in rooms now", counted(people), f"{self._list()}?presence=in", rank=0)]

    def by_tenant(self, tenant_ids: Collection[UUID]) -> list[ByTenant]:
        people = Participant.objects.filter(tenant__in=tenant_ids).present()
        return [
            ByTenant(
                "people now", dict(people.order_by().values_list("tenant").annotate(Count("pk"))), rank=0
            )
        ]

    @admin.display(description="who", ordering="display_name")
    def who(self, person: Participant) -> str:
        return str(person)

    @admin.display(description="presence")
    def presence(self, person: Participant) -> SafeString:
        return badge("in now", "good") if is_in(person) else badge("gone")

    @admin.display(description="left", ordering="left_at")
    def gone(self, person: Participant) -> SafeString | str:
        return time_of(person.gone_at) if person.gone_at else EMPTY

    @admin.display(description="attributed", ordering="attribution")
    def credibility(self, person: Participant) -> SafeString:
        return credibility_of(person)

    @admin.display(description="session")
    def of_session(self, person: Participant) -> SafeString:
        path = reverse("admin:rooms_session_change", args=[person.session_id])
        return format_html('<a href="{}">{}</a>', path, person.session)

    @admin.display(description="grant")
    def with_grant(self, person: Participant) -> SafeString | str:
        if person.grant_id is None:
            return EMPTY
        path = reverse("admin:tokens_grant_change", args=[person.grant_id])
        return format_html('<a href="{}">{}</a>', path, person.grant_id)


def credibility_of(person: Participant) -> SafeString:
    """Whether their context says credibly who they are, and if not, why."""
    if person.attribution == Attribution.ATTRIBUTED:
        return badge("attributed", "good")
    told = Attribution(person.attribution).label
    if person.attribution == Attribution.PENDING:
        return badge(told, "busy")
    return badge(f"not attributed: {told}", "warn")
