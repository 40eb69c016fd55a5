"""The pages of webhooks to tenants' back ends."""

from datetime import datetime, timedelta
from typing import Final

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from rooms import replaying
from rooms.models import Delivery
from videobroker.admin.acts import Act
from videobroker.admin.figures import Figure
from videobroker.admin.showing import EMPTY, moment, state, structure, time_of
from videobroker.admin.site import console
from videobroker.admin.tenancy import OperatorAdmin
from videobroker.tenants.callers import Caller

State = Delivery.State

TONES: Final = {
    State.PENDING.value: "busy",
    State.LEASED.value: "busy",
    State.DELIVERED.value: "good",
    State.FAILED.value: "bad",
}


def _replay(caller: Caller, delivery: Delivery, now: datetime) -> str:
    if replaying.replay_ids(caller, [delivery.pk]):
        return "It is on its way again, under the same id and sequence."
    return "It is being sent this moment: see what comes of that first."


@admin.register(Delivery, site=console)
class DeliveryAdmin(OperatorAdmin):
    """Webhooks to tenants' back ends, and how far they have got. They are the business of a tenant's back end, which
    reads of them over REST, and of operators; a room's moderators have no part in them."""

    is_editable = False
    acts = (
        Act(
            "replay",
            "Send again",
            "“{row}” is sent once more to the room's back end, for up to a day.",
            _replay,
            offered=lambda delivery: delivery.state != State.LEASED,
        ),
    )
    list_display = [
        "event_type", "room", "sequence", state("state", TONES), "attempt_count", "last_status", "last_error",
        moment("created_at"), moment("finished_at"),
    ]  # fmt: skip
    list_filter = ["state", "event_type"]
    list_select_related = ("room",)
    search_fields = ["id", "room__unique_name", "last_error"]
    search_help_text = "Part of a room's name, of an error, or an id."
    empty_advice = (
        "No webhooks. They are written for rooms that have a webhook_event_url, when something happens there."
    )
    fields = [
        "id", "event_type", "room", "sequence", state("state", TONES), "last_status", "last_error", "attempts_made",
        structure("payload"), moment("occurred_at"), moment("created_at"), moment("due_at", "next try"),
        moment("deadline_at"), moment("finished_at"),
    ]  # fmt: skip
    readonly_fields = fields

    @admin.display(description="attempts")
    def attempts_made(self, delivery: Delivery) -> SafeString | str:
        """Each time that it was sent, the last first."""
        made = delivery.attempts.order_by("-number")[:50]
        lines = (
            (each.number, time_of(each.attempted_at), each.url, each.error or each.status or "no outcome")
            for each in made
        )
        return format_html_join("", "<div>{}. {} {}: {}</div>", lines) or EMPTY

    def figures(self, request: HttpRequest) -> list[Figure]:
        rows = self.get_queryset(request)
        day = timezone.now() - timedelta(days=1)
        failed: int = rows.filter(state=State.FAILED, finished_at__gte=day).count()
        return [
            Figure(
                "webhooks given up today",
                failed,
                f"{self._list()}?state__exact=failed",
                "bad" if failed else "good",
            )
        ]
