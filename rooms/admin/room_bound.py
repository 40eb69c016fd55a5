"""Rows that belong to a room: moderators find those of the rooms they moderate, operators all."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from rooms import rights
from rooms.models import Room
from videobroker.admin.callers import caller_of, user_of
from videobroker.admin.figures import counted
from videobroker.admin.tenancy import TenantAdmin
from videobroker.api.problems import Problem


def rooms_to_decide(request: HttpRequest) -> QuerySet[Room]:
    """The living rooms in which the signed-in person is a moderator and not banned; for operators all."""
    rooms = Room.objects.living().select_related("tenant", "account")
    if user_of(request).is_operator:
        return rooms
    caller = caller_of(request)
    if caller.tenant is None or caller.identity is None:
        return rooms.none()
    return rooms.moderated_by(caller)


def may_decide_in(request: HttpRequest, room: Room) -> bool:
    """Whether the signed-in person may decide about others in this room, by the same rights as over REST."""
    if room.deleted_at is not None:
        return False
    if user_of(request).is_operator:
        return True
    # A page asks this for each of its buttons and fields. It is looked up at every request, and once in each.
    known: dict[Any, bool] = request.__dict__.setdefault("rooms_decided_in", {})
    if room.pk not in known:
        known[room.pk] = rights.is_moderator(room, caller_of(request))
    return known[room.pk]


class RoomBoundAdmin(TenantAdmin):
    """Pages of what belongs to a room. Each such table is linked from its room's page, with how many there are."""

    refusals = (Problem,)
    linked_by: ClassVar[Sequence[str]] = ("room",)
    list_select_related = ("room",)
    # What the link that makes a new row of a room says; empty where nobody makes any by hand.
    add_label: ClassVar[str] = ""

    def rows_for_staff(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(room__in=rooms_to_decide(request).order_by().values("pk"))

    def choices_for(self, model: type[Model], request: HttpRequest) -> QuerySet[Any]:
        return rooms_to_decide(request) if model is Room else super().choices_for(model, request)

    def may_decide(self, request: HttpRequest, row: Any) -> bool:
        return may_decide_in(request, row.room)

    def rows_in(self, request: HttpRequest, room: Room) -> QuerySet[Any]:
        """The room's rows that the person finds first behind the link from the room's page."""
        rows: QuerySet[Any] = self.get_queryset(request).filter(room=room)
        return rows

    def of_room(self, request: HttpRequest, room: Room) -> dict[str, Any]:
        """The link from the room's page to its rows here."""
        path = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        may_add = self.add_label and self.has_add_permission(request) and may_decide_in(request, room)
        return {
            "label": self.opts.verbose_name_plural,
            "count": counted(self.rows_in(request, room)),
            "url": f"{reverse(f'{path}_changelist')}?room__exact={room.pk}",
            "add_label": self.add_label,
            "add_url": f"{reverse(f'{path}_add')}?room={room.pk}" if may_add else "",
        }
