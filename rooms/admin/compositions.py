"""The pages of compositions, and the button that has a session composed."""

from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from rooms import composing
from rooms.admin.again import give_again
from rooms.admin.footage import ACTS, FootageAdmin, State
from rooms.admin.footage_filters import Ending, FootageState, Holding
from rooms.admin.retention import ending, with_hold
from rooms.models import Composition, Operation, Session
from videobroker.admin.acts import Act
from videobroker.admin.figures import Figure, counted
from videobroker.admin.showing import badge, moment
from videobroker.admin.site import console
from videobroker.tenants.callers import Caller


def _compose(caller: Caller, session: Session, now: datetime) -> str:
    composing.order(caller, session)
    return "Ordered: it is among the session's compositions, and complete in some minutes."


def _can_be_composed(session: Session) -> bool:
    """Whether it is over and something that was recorded in it is kept."""
    return not session.is_live and session.recordings.kept().exists()


COMPOSE: Final = Act(
    "compose",
    "Compose",
    "What was recorded in “{row}” becomes one film, with everybody side by side. It is kept as long as the room says.",
    _compose,
    offered=_can_be_composed,
)


def _orders_of(composition: Composition) -> QuerySet[Operation]:
    orders = Operation.objects.filter(room=composition.room_id, kind=Operation.Kind.COMPOSE)
    return orders.filter(arguments__composition_id=str(composition.pk)).order_by("-sequence")


def _order_again(caller: Caller, composition: Composition, now: datetime) -> str:
    give_again(caller, _orders_of(composition).select_related("room__tenant", "room__account")[0], now)
    return "It was ordered again. What the earlier order may have begun at Telnyx is looked for first."


AGAIN: Final = Act(
    "again",
    "Try again",
    "The {row} is ordered at Telnyx once more.",
    _order_again,
    offered=composing.may_be_ordered_again,
)


class Progress(SimpleListFilter):
    """How far Telnyx is."""

    title = "progress"
    parameter_name = "progress"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("making", "In the making"), ("complete", "Complete"), ("failed", "Failed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "making":
                return queryset.filter(completed_at=None, failed_because="")
            case "complete":
                return queryset.filter(completed_at__isnull=False)
            case "failed":
                return queryset.filter(completed_at=None).exclude(failed_because="")
        return queryset


@admin.register(Composition, site=console)
class CompositionAdmin(FootageAdmin):
    """Films made of what was recorded in a session."""

    acts = (*ACTS, AGAIN)
    list_display = [
        "of", "room", "standing", "kept", "film", moment("seen_at", "ordered"), moment("completed_at"), "in_session",
    ]  # fmt: skip
    list_filter = [FootageState, Progress, Holding, Ending, "is_automatic"]
    search_fields = ["room__unique_name", "room__id", "id", "ordered_by"]
    search_help_text = "Part of a room's name, of who ordered it, or an id."
    empty_advice = (
        "No compositions. Open a session that is over and press “Compose”, or let its room do that by itself."
    )
    fields = [
        "of_session", "room", "standing", "failed_because", "kept", "format", "resolution", "length", "size",
        "is_automatic", "ordered_by", moment("seen_at", "ordered"), moment("completed_at"), "id", "telnyx_id",
    ]  # fmt: skip
    readonly_fields = fields

    def links(self, footage: Composition) -> list[tuple[str, str]]:
        recordings = reverse("admin:rooms_recording_changelist")
        return [
            *super().links(footage),
            ("Recordings of the session", f"{recordings}?session__id__exact={footage.session_id}"),
            ("Its order", self._order_url(footage)),
        ]

    def _order_url(self, composition: Composition) -> str:
        order = _orders_of(composition).values_list("pk", flat=True).first()
        return reverse("admin:rooms_operation_change", args=[order]) if order else ""

    def figures(self, request: HttpRequest) -> list[Figure]:
        rows = self.get_queryset(request).filter(state=State.KEPT)
        making = rows.filter(Q(completed_at=None), failed_because="")
        return [
            Figure("compositions stored", counted(rows), self._list(), rank=6),
            Figure("compositions in the making", counted(making), f"{self._list()}?progress=making", rank=6),
        ]

    @admin.display(description="session", ordering="session__seen_at")
    def of(self, composition: Composition) -> str:
        return str(composition.session)

    @admin.display(description="state", ordering="status")
    def standing(self, composition: Composition) -> SafeString:
        return with_hold(composition, ending(composition) or _progress(composition))


def _progress(composition: Composition) -> SafeString:
    if composition.completed_at is not None:
        return badge("complete", "good")
    return badge("failed", "bad") if composition.failed_because else badge("in the making", "busy")
