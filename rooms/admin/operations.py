"""The pages of operations."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from rooms import provisioning
from rooms.admin.room_bound import RoomBoundAdmin
from rooms.models import Operation, Room
from videobroker.admin.acts import Act
from videobroker.admin.callers import user_of
from videobroker.admin.figures import Figure
from videobroker.admin.showing import moment, state, structure
from videobroker.admin.site import console
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller

Kind, State = Operation.Kind, Operation.State

TONES: Final = {
    State.PENDING.value: "busy",
    State.LEASED.value: "busy",
    State.VERIFYING.value: "warn",
    State.SUCCEEDED.value: "good",
    State.FAILED.value: "bad",
}
# The orders that may be given again as they are: they set right what is, whatever happened meanwhile.
AGAIN: Final[dict[str, Callable[[Room, Caller], Operation]]] = {
    Kind.CREATE_ROOM: provisioning.order_create,
    Kind.UPDATE_ROOM: provisioning.order_update,
    Kind.DELETE_ROOM: provisioning.order_delete,
}


def _try_again(caller: Caller, operation: Operation, now: datetime) -> str:
    order = AGAIN[operation.kind](operation.room, caller)
    auditing.record(
        caller, "operation.repeated", room_id=operation.room_id, subject_kind="operation", subject=operation.pk,
        details={"kind": operation.kind, "new": str(order.pk)},
    )  # fmt: skip
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
            offered=lambda operation: operation.state == State.FAILED and operation.kind in AGAIN,
        ),
    )
    list_display = [
        "kind", "room", state("state", TONES), "attempts", "last_error", "ordered_by", moment("created_at"),
        moment("finished_at"),
    ]  # fmt: skip
    list_filter = ["state", "kind"]
    search_fields = ["id", "room__unique_name", "last_error", "ordered_by"]
    search_help_text = "Part of a room's name, of an error, of who ordered it, or an id."
    empty_advice = (
        "No operations. Each change that Telnyx has to hear of becomes one: a room made, changed, deleted."
    )
    fields = [
        "id", "kind", "room", state("state", TONES), "attempts", "last_error", "ordered_by", structure("arguments"),
        structure("result"), moment("created_at"), moment("due_at", "next try"), moment("deadline_at"),
        moment("finished_at"), "crashes",
    ]  # fmt: skip
    readonly_fields = fields

    def may_decide(self, request: HttpRequest, row: Operation) -> bool:
        """An operator may also have the Telnyx room of a deleted room deleted again."""
        if row.room.deleted_at is not None:
            return row.kind == Kind.DELETE_ROOM and user_of(request).is_operator
        return super().may_decide(request, row)

    def history_of(self, row: Operation) -> Q:
        return Q(room_id=row.room_id, subject_kind="operation", subject=str(row.pk))

    def figures(self, request: HttpRequest) -> list[Figure]:
        rows = self.get_queryset(request)
        day = timezone.now() - timedelta(days=1)
        failed = rows.filter(state=State.FAILED, finished_at__gte=day).count()
        waiting = rows.filter(state__in=Operation.UNFINISHED).count()
        failed_url = f"{self._list()}?state__exact=failed"
        return [
            Figure("operations failed today", failed, failed_url, "bad" if failed else "good"),
            Figure("operations under way", waiting, self._list()),
        ]
