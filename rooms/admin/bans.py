"""The pages of bans."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from rooms import banning, keeping
from rooms.admin.bodies import BodyForm
from rooms.admin.room_bound import RoomBoundAdmin
from rooms.models import Ban
from rooms.serializers import BanBody
from videobroker.admin.acts import Act
from videobroker.admin.callers import caller_of, user_of
from videobroker.admin.figures import Figure
from videobroker.admin.showing import badge, moment
from videobroker.admin.site import console
from videobroker.tenants.callers import Caller


def _lift(caller: Caller, ban: Ban, now: datetime) -> str:
    keeping.lift_ban(caller, ban, now=now)
    return f"“{ban.identity}” may come in again, as far as the room's rules let them."


class BanState(SimpleListFilter):
    """Bans that keep somebody out now, and those that do not any more."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("in-force", "In force"), ("over", "Lifted or over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ban]) -> QuerySet[Ban]:
        in_force = Ban.objects.in_force(timezone.now()).order_by().values("pk")
        match self.value():
            case "in-force":
                return queryset.filter(pk__in=in_force)
            case "over":
                return queryset.exclude(pk__in=in_force)
        return queryset


class BanForm(BodyForm):
    """A ban as the API takes one. Without a room it holds for all rooms of the tenant, which operators may say."""

    body = BanBody

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        room, tenant = cleaned.get("room"), cleaned.get("tenant")
        if room is not None and tenant is not None and room.tenant_id != tenant.pk:
            self.add_error("tenant", "The room belongs to another tenant: leave one of the two empty.")
        elif room is None and tenant is None and "room" not in self.errors:
            self.add_error("room", "Choose the room that the person may not enter.")
        elif room is not None:
            self.instance.tenant = cleaned["tenant"] = room.tenant
        return cleaned


@admin.register(Ban, site=console)
class BanAdmin(RoomBoundAdmin):
    """Who may not come in. A ban is never changed: it is lifted, and another one made."""

    form = BanForm
    add_label = "Ban somebody"
    acts = (
        Act(
            "lift",
            "Lift",
            "{row}: the ban is lifted, and the person may come in again as far as the room's rules let them.",
            _lift,
            offered=lambda ban: ban.is_in_force(timezone.now()),
        ),
    )
    list_display = [
        "identity",
        "room",
        "standing",
        moment("until"),
        "reason",
        "created_by",
        moment("created_at"),
    ]
    list_filter = [BanState]
    search_fields = ["identity", "reason", "room__unique_name"]
    search_help_text = "Part of an identity, of a reason, or of a room's name."
    empty_advice = "Nobody is banned. A ban refuses every mint and refresh of a person, member or not."
    outcome = ["standing", "created_by", moment("created_at"), moment("lifted_at"), "lifted_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and self._may_write(request)

    def may_decide(self, request: HttpRequest, row: Ban) -> bool:
        return user_of(request).is_operator if row.room is None else super().may_decide(request, row)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        whose = ["tenant"] if user_of(request).is_operator else []
        asked = ["room", *whose, "identity", "until", "reason"]
        return [*asked, *self.outcome] if obj else asked

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "tenant" in form.base_fields:
            form.base_fields["tenant"].required = False
            form.base_fields["tenant"].help_text = "Only for a ban from all rooms: then leave the room empty."
        elif "room" in form.base_fields:
            form.base_fields["room"].required = True
            form.base_fields["room"].help_text = "The rooms that you moderate."
        return form

    def save_model(self, request: HttpRequest, obj: Ban, form: Any, change: bool) -> None:
        values = form.values
        banning.ban(caller_of(request, obj.tenant), obj.room, {"id": obj.pk, **values}, now=timezone.now())

    def history_of(self, row: Ban) -> Q:
        return Q(tenant=row.tenant_id, room_id=row.room_id, subject_kind="identity", subject=row.identity)

    def figures(self, request: HttpRequest) -> list[Figure]:
        in_force = Ban.objects.in_force(timezone.now()).order_by().values("pk")
        bans = self.get_queryset(request).filter(pk__in=in_force)
        return [Figure("bans in force", bans.count(), f"{self._list()}?state=in-force")]

    @admin.display(description="state")
    def standing(self, ban: Ban) -> SafeString:
        if ban.is_in_force(timezone.now()):
            return badge("in force", "bad")
        return badge("lifted" if ban.lifted_at else "over")
