"""The pages of legal holds."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rooms import holding
from rooms.admin.bodies import BodyForm
from rooms.admin.room_bound import RoomBoundAdmin, rooms_to_decide
from rooms.admin.starting import StartingFilter
from rooms.models import Hold, Room
from rooms.serializers.holds import HoldBody
from videobroker.admin.acts import Act
from videobroker.admin.callers import caller_of, user_of
from videobroker.admin.figures import Figure, counted
from videobroker.admin.showing import badge, moment
from videobroker.admin.site import console
from videobroker.tenants.callers import Caller


def _lift(caller: Caller, hold: Hold, now: datetime) -> str:
    holding.lift(caller, hold, now=now)
    return "The hold is lifted. What no other hold covers may be deleted from now on."


class HoldState(StartingFilter):
    """Holds in force, unless lifted ones are asked for."""

    title = "state"
    parameter_name = "state"
    entries: ClassVar[dict[str, str]] = {"in-force": "In force", "lifted": "Lifted", "all": "All"}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Hold]) -> QuerySet[Hold]:
        return (
            queryset if self.chosen == "all" else queryset.filter(lifted_at__isnull=self.chosen == "in-force")
        )


class HoldForm(BodyForm):
    """A hold on a room or, for operators, on a person, as the API takes one. On single films it is placed from their
    pages."""

    body = HoldBody

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        room, tenant = cleaned.get("room"), cleaned.get("tenant")
        if room is not None and tenant is not None and room.tenant_id != tenant.pk:
            self.add_error("tenant", "The room belongs to another tenant: leave this empty.")
        elif room is not None:
            self.instance.tenant = cleaned["tenant"] = room.tenant
        elif cleaned.get("identity") and tenant is None:
            self.add_error("tenant", "Say whose person it is.")
        return cleaned

    def _given(self, kind: Any, cleaned: dict[str, Any]) -> dict[str, Any]:
        given = super()._given(kind, cleaned)
        room = cleaned.get("room")
        return {**given, "room_id": room.pk} if room is not None else given

    def _tell(self, errors: Any) -> None:
        if "non_field_errors" in errors and not self.errors:
            several = "identity" in self.fields
            self.add_error("room", "Choose either a room or a person." if several else "Choose a room.")
            return
        super()._tell({name: told for name, told in errors.items() if name != "non_field_errors"})


@admin.register(Hold, site=console)
class HoldAdmin(RoomBoundAdmin):
    """What must not be deleted, whoever asks. Moderators place holds on their rooms and on what was recorded there;
    lifting one, and holding a person in all rooms, is for operators and the tenant's back end."""

    form = HoldForm
    add_label = "Place a hold"
    acts = (
        Act(
            "lift",
            "Lift",
            "The {row} is lifted: what no other hold covers is deleted again when its time is over, at once if it is "
            "over already, and may be deleted by hand.",
            _lift,
            offered=lambda hold: hold.lifted_at is None,
            is_grave=True,
            for_operators=True,
        ),
    )
    list_display = ["on", "standing", "reason", "holder", moment("placed_at"), moment("lifted_at")]
    list_filter = [HoldState]
    search_fields = ["identity", "room__unique_name", "reason", "holder", "id"]
    search_help_text = "Part of an identity, of a room's name, of a reason, of who answers for it, or an id."
    empty_advice = (
        "No holds. One keeps all that is recorded in a room, or of a person, from being deleted; on a single recording "
        "or composition it is placed from that one's page."
    )
    outcome = [
        "covers", "standing", "reason", "holder", moment("placed_at"), "placed_by", moment("lifted_at"), "lifted_by",
        "id",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        holds: QuerySet[Hold] = super().get_queryset(request)
        return holds.select_related("tenant", "room", "recording__participant", "composition__session__room")

    def rows_for_staff(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        mine = rooms_to_decide(request).order_by().values("pk")
        return rows.filter(Q(room__in=mine) | Q(recording__room__in=mine) | Q(composition__room__in=mine))

    def rows_in(self, request: HttpRequest, room: Room) -> QuerySet[Any]:
        return super().rows_in(request, room).filter(lifted_at=None)

    def may_decide(self, request: HttpRequest, row: Hold) -> bool:
        return user_of(request).is_operator

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and self._may_write(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return self.outcome
        whose = ["identity", "tenant"] if user_of(request).is_operator else []
        return ["room", *whose, "reason", "holder"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.outcome if obj is not None else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        for name, needed, told in self._asked(request):
            if name in form.base_fields:
                form.base_fields[name].required = needed
                form.base_fields[name].help_text = told
        return form

    def _asked(self, request: HttpRequest) -> list[tuple[str, bool, str]]:
        is_operator = user_of(request).is_operator
        told = "All that was and will be recorded there, and the room itself."
        return [
            ("room", not is_operator, told if is_operator else f"{told} The rooms that you moderate."),
            (
                "identity",
                False,
                "Instead of a room: all recordings of a person, and what shows them, in all rooms.",
            ),
            ("tenant", False, "Only with a person: whose they are."),
            ("reason", True, "Such as the number of a case."),
            ("holder", False, "Whom to ask before it is lifted. Left empty, that is you."),
        ]

    def save_model(self, request: HttpRequest, obj: Hold, form: forms.Form, change: bool) -> None:
        caller = caller_of(request, obj.tenant)
        subject = {"room": obj.room} if obj.room is not None else {"identity": obj.identity}
        holder = obj.holder or f"{caller.kind}:{caller.subject}"
        placed = holding.place(
            caller, obj.tenant, {"id": obj.pk, **subject}, reason=obj.reason, holder=holder
        )
        if late := len(placed.too_late_for):
            told = f"It came too late for {late} whose deletion had begun: that cannot be stopped any more."
            messages.warning(request, told)

    def history_of(self, row: Hold) -> Q:
        subject = row.room_id or row.identity or row.recording_id or row.composition_id
        return Q(tenant=row.tenant_id, action__in=["hold.placed", "hold.lifted"], subject=str(subject))

    def figures(self, request: HttpRequest) -> list[Figure]:
        holds = self.get_queryset(request).filter(lifted_at=None)
        return [Figure("holds in force", counted(holds), self._list(), rank=7)]

    @admin.display(description="on")
    def on(self, hold: Hold) -> str:
        return f"{_kind_of(hold)} {hold.subject}"

    @admin.display(description="on")
    def covers(self, hold: Hold) -> SafeString | str:
        if hold.identity is not None:
            return f"person {hold.identity}, in all rooms"
        kind = _kind_of(hold)
        url = reverse(
            f"admin:rooms_{kind}_change", args=[hold.room_id or hold.recording_id or hold.composition_id]
        )
        return format_html('{} <a href="{}">{}</a>', kind, url, hold.subject)

    @admin.display(description="state", ordering="lifted_at")
    def standing(self, hold: Hold) -> SafeString:
        return badge("in force", "warn") if hold.lifted_at is None else badge("lifted")


def _kind_of(hold: Hold) -> str:
    if hold.identity is not None:
        return "person"
    if hold.room_id is not None:
        return "room"
    return "recording" if hold.recording_id is not None else "composition"
