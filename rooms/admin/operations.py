"""The pages of operations."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from rooms.admin.again import give_again, may_be_given_again
from rooms.admin.orders import TONES, who_ordered
from rooms.admin.room_bound import RoomBoundAdmin
from rooms.models import Operation, Participant, Session
from videobroker.admin.acts import Act
from videobroker.admin.callers import user_of
from videobroker.admin.figures import ByTenant, Figure, counted
from videobroker.admin.showing import EMPTY, moment, state, structure
from videobroker.admin.site import console
from videobroker.admin.tenancy import tenants_seen
from videobroker.tenants.callers import Caller

Kind, State = Operation.Kind, Operation.State
# An order names at most as many as a room has seats; a page links no more of them.
MOST_NAMED = 60
SHOWN_OF_ERROR = 80


def _try_again(caller: Caller, operation: Operation, now: datetime) -> str:
    give_again(caller, operation, now)
    return "It was ordered again, as a new operation; this one stays as it is."


@admin.register(Operation, site=console)
class OperationAdmin(RoomBoundAdmin):
    """Orders to Telnyx, and how far they have got. Rows are written by who carries them out; people only look."""

    acts = (
        Act(
            "again",
            "Try again",
            "The same is ordered once more for “{row.room}”, as a new operation behind those that wait.",
            _try_again,
            offered=lambda operation: may_be_given_again(operation, timezone.now()),
        ),
    )
    list_display = [
        "kind", "room", state("state", TONES), moment("created_at", "ordered"), "by", "error", "attempts",
        moment("finished_at"),
    ]  # fmt: skip
    list_filter = ["state", "kind"]
    search_fields = ["id", "room__unique_name", "last_error", "ordered_by"]
    search_help_text = "Part of a room's name, of an error, of who ordered it, or an id."
    empty_advice = (
        "No operations. Each change that Telnyx has to hear of becomes one: a room made, changed, deleted."
    )
    fields = [
        "id", "kind", "room", state("state", TONES), "attempts", "last_error", "ordered_by", "of_session", "about",
        structure("arguments"), structure("result"), moment("created_at"),
        moment("due_at", "next try"), moment("deadline_at"), moment("finished_at"), "crashes",
    ]  # fmt: skip
    readonly_fields = fields

    def may_decide(self, request: HttpRequest, row: Operation) -> bool:
        """An operator may also have the Telnyx room of a deleted room deleted again."""
        if row.room.deleted_at is not None:
            return row.kind == Kind.DELETE_ROOM and user_of(request).is_operator
        return super().may_decide(request, row)

    def history_of(self, row: Operation) -> Q:
        return Q(room_id=row.room_id, subject_kind="operation", subject=str(row.pk))

    def back_from(self, request: HttpRequest, row: Operation) -> str:
        """To the live page, for an order about people: that shows how it goes."""
        if row.kind in Operation.URGENT:
            return reverse("admin:rooms_room_live", args=[row.room_id])
        return super().back_from(request, row)

    def figures(self, request: HttpRequest) -> list[Figure]:
        rows = self.get_queryset(request).filter(tenant__in=tenants_seen(request))
        failed = counted(rows.filter(state=State.FAILED, created_at__gte=_yesterday()))
        waiting = counted(rows.filter(state__in=Operation.UNFINISHED))
        failed_url = f"{self._list()}?state__exact=failed"
        return [
            Figure("operations failed today", failed, failed_url, "bad" if failed else "good"),
            Figure("operations under way", waiting, self._list()),
        ]

    def by_tenant(self, tenant_ids: Collection[UUID]) -> list[ByTenant]:
        rows = Operation.objects.filter(
            tenant__in=tenant_ids, state=State.FAILED, created_at__gte=_yesterday()
        )
        failed = rows.order_by().values_list("tenant").annotate(Count("pk"))
        return [ByTenant("operations failed today", dict(failed), rank=9)]

    @admin.display(description="by", ordering="ordered_by")
    def by(self, operation: Operation) -> str:
        return who_ordered(operation)

    @admin.display(description="error", ordering="last_error")
    def error(self, operation: Operation) -> str:
        """The beginning of it; all of it is on the order's page."""
        return Truncator(operation.last_error).chars(SHOWN_OF_ERROR) or EMPTY

    @admin.display(description="session")
    def of_session(self, operation: Operation) -> SafeString | str:
        session_id = operation.arguments.get("session_id")
        session = Session.objects.select_related("room").filter(pk=session_id).first() if session_id else None
        if session is None:
            return EMPTY
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:rooms_session_change", args=[session.pk]), session
        )

    @admin.display(description="about")
    def about(self, operation: Operation) -> SafeString | str:
        """Whom it was about, and whether they are in now."""
        named = operation.arguments.get("participants", [])[:MOST_NAMED]
        people = Participant.objects.filter(room=operation.room_id, pk__in=named).select_related("session")
        lines = (
            (
                reverse("admin:rooms_participant_change", args=[person.pk]),
                person,
                "gone" if person.gone_at else "in now",
            )
            for person in people
        )
        links = format_html_join(", ", '<a href="{}">{}</a> ({})', lines)
        if operation.arguments.get("everybody"):
            return format_html("everybody who was in: {}", links)
        return links or EMPTY


def _yesterday() -> datetime:
    return timezone.now() - timedelta(days=1)
