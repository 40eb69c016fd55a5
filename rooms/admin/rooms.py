"""The pages of rooms."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rooms import keeping
from rooms.admin.bodies import BodyForm
from rooms.admin.days import DaysOfRoom
from rooms.admin.live import LiveRoom
from rooms.admin.retention import retention_of
from rooms.admin.room_bound import RoomBoundAdmin, may_decide_in, rooms_to_decide
from rooms.admin.room_states import RoomState, standing_of
from rooms.models import Participant, Room, Upstream
from rooms.serializers import RoomBody
from rooms.views.rooms import BACK_END_FIELDS
from videobroker.admin.acts import Act
from videobroker.admin.callers import caller_of, user_of
from videobroker.admin.figures import Figure
from videobroker.admin.showing import EMPTY, moment, state
from videobroker.admin.site import console
from videobroker.api.problems import Problem
from videobroker.tenants.callers import Caller

UPSTREAM_TONES = {Upstream.READY.value: "good", Upstream.PENDING.value: "busy"}


def _lock(caller: Caller, room: Room, now: datetime) -> str:
    keeping.update_room(caller, room, {"locked": True}, now=now)
    return f"“{room}” is locked: nobody new may enter."


def _unlock(caller: Caller, room: Room, now: datetime) -> str:
    keeping.update_room(caller, room, {"locked": False}, now=now)
    return f"“{room}” is unlocked."


def _delete(caller: Caller, room: Room, now: datetime) -> str:
    keeping.delete_room(caller, room, now=now)
    return f"“{room}” is deleted; its Telnyx room goes in the background."


ACTS = (
    Act(
        "lock",
        "Lock",
        "Nobody new may enter “{row}” until it is unlocked. Who is in stays in.",
        _lock,
        offered=lambda room: not room.locked,
    ),
    Act(
        "unlock",
        "Unlock",
        "Members may enter “{row}” again, as far as there are seats.",
        _unlock,
        offered=lambda room: room.locked,
    ),
    Act(
        "remove",
        "Delete",
        "“{row}” is deleted: who is in is put out, nobody can enter any more, and its Telnyx room is deleted. "
        "This cannot be taken back; the name is free again.",
        _delete,
        is_grave=True,
        leaves=True,
        for_operators=True,
    ),
)


class RoomForm(BodyForm):
    """A room as the API takes it."""

    body = RoomBody

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        tenant, name = cleaned.get("tenant") or self.instance.tenant_id, cleaned.get("unique_name")
        others = Room.objects.living().filter(tenant=tenant, unique_name=name).exclude(pk=self.instance.pk)
        if tenant and name and others.exists():
            self.add_error("unique_name", "Another room of this tenant has this name: choose another one.")
        return cleaned


@admin.register(Room, site=console)
class RoomAdmin(LiveRoom, DaysOfRoom):
    """Staff see their tenant's rooms and change those they moderate, as over REST; operators make and delete them."""

    form = RoomForm
    acts = ACTS
    refusals = (Problem,)
    is_editable = True
    list_display = [
        "name", "standing", "in_now", "max_participants", "access", state("upstream", UPSTREAM_TONES, "at Telnyx"),
        moment("opens_at"), moment("closes_at"), moment("created_at"),
    ]  # fmt: skip
    list_filter = [RoomState, "access", "upstream"]
    search_fields = ["unique_name", "id"]
    search_help_text = "Part of a room's name, or its id."
    empty_advice = (
        "No rooms yet. A back end makes them with POST /v2/rooms; operators also with the button above."
    )
    settings = ["unique_name", "max_participants", "enable_recording", "access", "opens_at", "closes_at"]
    events = [
        "webhook_event_url",
        "webhook_event_failover_url",
        "webhook_timeout_secs",
        "recording_retention_days",
        "auto_compose",
    ]
    facts = [
        state("upstream", UPSTREAM_TONES, "at Telnyx"), "id", moment("created_at"), moment("updated_at"),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        """Each with how many are in now, where that is the person's to know."""
        rooms = super().get_queryset(request).filter(deleted_at=None).select_related("tenant", "account")
        people = Participant.objects.filter(room=OuterRef("pk")).present().order_by().values("room")
        count = Coalesce(Subquery(people.annotate(count=Count("pk")).values("count")), 0)
        mine = rooms_to_decide(request).order_by().filter(pk=OuterRef("pk"))
        shown = Case(When(Exists(mine), then=count), output_field=IntegerField())
        found: QuerySet[Room] = rooms.annotate(head_count=shown)
        return found

    def name_for(self, request: HttpRequest, row: Room) -> str:
        """Names are unique within a tenant alone: operators need to see whose a room is."""
        return f"{row} · {row.tenant.name}" if user_of(request).is_operator else str(row)

    def may_decide(self, request: HttpRequest, row: Room) -> bool:
        return may_decide_in(request, row)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and user_of(request).is_operator

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        house = ["tenant"] if user_of(request).is_operator else []
        more = [("Events and recordings", {"fields": self.events})]
        if obj is None:
            return [(None, {"fields": [*house, *self.settings]}), *more]
        upstream = ["account", "telnyx_id"] if user_of(request).is_operator else []
        return [
            (None, {"fields": ["standing", *self.settings]}),
            *more,
            ("Facts", {"fields": [*house, *self.facts, *upstream]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return []
        owners = () if user_of(request).is_operator else sorted(BACK_END_FIELDS)
        return ["standing", "tenant", *self.facts, "account", "telnyx_id", *owners]

    def save_model(self, request: HttpRequest, obj: Room, form: Any, change: bool) -> None:
        values, now = form.values, timezone.now()
        if change:
            room = Room.objects.select_related("tenant", "account").get(pk=obj.pk)
            keeping.update_room(caller_of(request, room.tenant), room, values, now=now)
        else:
            keeping.create_room(caller_of(request, obj.tenant), {"id": obj.pk, **values}, now=now)

    def history_of(self, row: Room) -> Q:
        return Q(room_id=row.pk)

    def beside_fields(self, request: HttpRequest, row: Room) -> dict[str, Any]:
        if not self.may_decide(request, row):
            return {}
        return {
            "related": [page.of_room(request, row) for page in _room_bound_pages()],
            "live_url": reverse("admin:rooms_room_live", args=[row.pk]),
            "retention": retention_of(row, for_operator=user_of(request).is_operator),
            "days_url": reverse("admin:rooms_room_days", args=[row.pk]),
        }

    def figures(self, request: HttpRequest) -> list[Figure]:
        rooms = self.get_queryset(request)
        now = timezone.now()
        inside = rooms.exclude(closes_at__lte=now).exclude(opens_at__gt=now)
        return [
            Figure("rooms open", inside.filter(locked=False).count(), f"{self._list()}?state=open", rank=2),
            Figure(
                "rooms locked", inside.filter(locked=True).count(), f"{self._list()}?state=locked", rank=2
            ),
        ]

    @admin.display(description="name", ordering="unique_name")
    def name(self, room: Room) -> str:
        return str(room)

    @admin.display(description="state")
    def standing(self, room: Room) -> SafeString:
        return standing_of(room, timezone.now())

    @admin.display(description="in now")
    def in_now(self, room: Room) -> SafeString | str:
        """How many are in, and the way to see who."""
        count: int | None = room.head_count  # type: ignore[attr-defined]  # the list annotates it
        if count is None:
            return EMPTY
        path = reverse("admin:rooms_room_live", args=[room.pk])
        tone = "good" if count else ""
        return format_html('<a class="badge {}" href="{}">{} in now</a>', tone, path, count)

    def back_from(self, request: HttpRequest, row: Room) -> str:
        """To the live page for who came from there."""
        if request.GET.get("from") == "live":
            return reverse("admin:rooms_room_live", args=[row.pk])
        return super().back_from(request, row)


def _room_bound_pages() -> list[RoomBoundAdmin]:
    return [page for page in console._registry.values() if isinstance(page, RoomBoundAdmin)]
