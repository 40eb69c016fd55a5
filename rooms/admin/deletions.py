"""The pages of deletions: orders while they are under way, receipts for ever after."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from rooms import deleting
from rooms.admin.room_bound import rooms_to_decide
from rooms.models import Deletion, Room
from rooms.models.deletion import IS_STUBBORN, STUBBORN_AFTER
from videobroker.admin.acts import Act
from videobroker.admin.figures import MOST_COUNTED, ByTenant, Figure
from videobroker.admin.showing import EMPTY, badge, moment, structure
from videobroker.admin.site import console
from videobroker.admin.tenancy import TenantAdmin
from videobroker.tenants.callers import Caller

State = Deletion.State
SHOWN_OF_ERROR: Final = 80

STANDING: Final = {
    State.PENDING.value: badge("waiting", "busy"),
    State.LEASED.value: badge("under way", "busy"),
    State.BLOCKED.value: badge("blocked", "bad"),
    State.DONE.value: badge("done", "good"),
}
STUBBORN: Final = badge("stubborn", "bad")
# Why, in a word or two; the receipt says it in full.
CAUSES: Final = {
    Deletion.Cause.RETENTION.value: "its time was over",
    Deletion.Cause.ORDERED.value: "ordered",
    Deletion.Cause.ERASURE.value: "its person was erased",
    Deletion.Cause.VANISHED.value: "Telnyx had it no more",
}


class Trouble(admin.SimpleListFilter):
    """What somebody has to look at, though it is tried on by itself; blocked ones are a state."""

    title = "trouble"
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("stubborn", f"Stubborn: Telnyx failed it {STUBBORN_AFTER} times")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "stubborn":
            return queryset
        return queryset.filter(pk__in=Deletion.objects.stubborn().order_by().values("pk"))


def _unblock(caller: Caller, deletion: Deletion, now: datetime) -> str:
    if deleting.unblock(caller, deletion):
        return "It is tried again now, and what was wrong is looked at anew."
    return "It is not blocked any more."


@admin.register(Deletion, site=console)
class DeletionAdmin(TenantAdmin):
    """What was deleted, why, by whose word, and what Telnyx answered. Moderators find what was recorded in their
    rooms. Nothing in a receipt says who was to be seen."""

    acts = (
        Act(
            "unblock",
            "Try again",
            "The {row} is tried again. It was set aside as what Telnyx has under that id is not what it should be; "
            "that is looked at anew before anything is deleted.",
            _unblock,
            offered=lambda deletion: deletion.state == State.BLOCKED,
            is_grave=True,
            for_operators=True,
        ),
    )
    linked_by: ClassVar[list[str]] = ["run", "room_id"]
    list_display = ["what", "in_room", "standing", "because", moment("begun_at"), "outcome"]
    list_filter = ["state", Trouble, "cause", "kind"]
    search_fields = ["footage_id", "id", "room_name", "last_error"]
    search_help_text = "A recording's or composition's id, part of a room's name or of an error."
    empty_advice = (
        "Nothing was deleted yet. Each recording and composition that goes leaves its receipt here, for ever."
    )
    fields = [
        "of_what", "in_room", "standing", "cause", structure("policy"), "ordered_by", "answer", "last_error",
        "attempts", moment("begun_at"), moment("due_at", "next try"), moment("done_at"), "of_run", "id",
        "footage_id", "telnyx_id",
    ]  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deletion]:
        name = Room.objects.filter(pk=OuterRef("room_id")).order_by().values("unique_name")
        rows: QuerySet[Deletion] = super().get_queryset(request).annotate(room_name=Subquery(name))
        return rows.select_related("tenant")

    def rows_for_staff(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(room_id__in=rooms_to_decide(request).order_by().values("pk"))

    def history_of(self, row: Deletion) -> Q:
        return Q(
            tenant=row.tenant_id, room_id=row.room_id, subject_kind=row.kind, subject=str(row.footage_id)
        )

    def figures(self, request: HttpRequest) -> list[Figure]:
        blocked, stubborn = self._troubled(request)
        url = f"{self._list()}?state__exact={State.BLOCKED}"
        alarm = ("bad", -1) if blocked else ("good", 8)
        figures = [Figure("deletions blocked", blocked, url, *alarm)]
        if stubborn:
            figures.append(
                Figure("deletions stubborn", stubborn, f"{self._list()}?trouble=stubborn", "bad", -1)
            )
        return figures

    def _troubled(self, request: HttpRequest) -> tuple[int, int]:
        """How many are blocked, and how many are stubborn; counted together up to `MOST_COUNTED`."""
        is_stubborn = IS_STUBBORN & Q(state__in=Deletion.UNFINISHED)
        troubled = self.get_queryset(request).filter(Q(state=State.BLOCKED) | is_stubborn)
        states = Counter(troubled.order_by().values_list("state", flat=True)[:MOST_COUNTED])
        blocked = states.pop(State.BLOCKED, 0)
        return blocked, states.total()

    def by_tenant(self, tenant_ids: Collection[UUID]) -> list[ByTenant]:
        rows = Deletion.objects.filter(tenant__in=tenant_ids, state=State.BLOCKED)
        blocked = rows.order_by().values_list("tenant").annotate(Count("pk"))
        return [ByTenant("deletions blocked", dict(blocked), rank=8)]

    @admin.display(description="what", ordering="kind")
    def what(self, deletion: Deletion) -> str:
        return f"{deletion.kind} {str(deletion.footage_id)[:8]}"

    @admin.display(description="what")
    def of_what(self, deletion: Deletion) -> SafeString:
        url = reverse(f"admin:rooms_{deletion.kind}_change", args=[deletion.footage_id])
        return format_html('{} <a href="{}">{}</a>', deletion.kind, url, str(deletion.footage_id)[:8])

    @admin.display(description="room")
    def in_room(self, deletion: Deletion) -> str:
        name: str | None = deletion.room_name  # type: ignore[attr-defined]  # its list and its page annotate it
        return name or str(deletion.room_id)

    @admin.display(description="state", ordering="state")
    def standing(self, deletion: Deletion) -> SafeString:
        is_stubborn = deletion.attempts >= STUBBORN_AFTER and deletion.state in Deletion.UNFINISHED
        return STUBBORN if is_stubborn else STANDING[deletion.state]

    @admin.display(description="outcome")
    def outcome(self, deletion: Deletion) -> str:
        """What Telnyx answered in the end; what was wrong, until then."""
        return deletion.answer or Truncator(deletion.last_error).chars(SHOWN_OF_ERROR) or EMPTY

    @admin.display(description="because", ordering="cause")
    def because(self, deletion: Deletion) -> str:
        return CAUSES[deletion.cause]

    @admin.display(description="purge")
    def of_run(self, deletion: Deletion) -> SafeString | str:
        if deletion.run_id is None:
            return EMPTY
        url = reverse("admin:rooms_purgerun_change", args=[deletion.run_id])
        return format_html('<a href="{}">the purge that began it</a>', url)
