"""The pages of purges: how far each is, and why one does not go on."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rooms import purging
from rooms.models import PurgeRun
from videobroker.admin.acts import Act
from videobroker.admin.figures import ByTenant, Figure
from videobroker.admin.showing import EMPTY, badge, moment
from videobroker.admin.site import console
from videobroker.admin.tenancy import TenantAdmin
from videobroker.tenants.callers import Caller

State = PurgeRun.State

STANDING: Final = {
    State.RUNNING.value: badge("running", "busy"),
    State.STOPPED.value: badge("stopped: waits to be allowed", "bad"),
    State.REFUSED.value: badge("refused: clocks differ", "bad"),
    State.FINISHED.value: badge("finished", "good"),
}
# What somebody has to look at, and what it is called on the front page.
ALARMS: Final = {
    State.STOPPED.value: "purges stopped, to be allowed",
    State.REFUSED.value: "purges refused, as clocks differ",
}


def _left(run: PurgeRun) -> int:
    return max(run.due - run.begun, 0)


def _allow(caller: Caller, run: PurgeRun, now: datetime) -> str:
    if purging.allow(run, by=caller, now=now):
        return f"It goes on, for the {_left(run):,} that were counted. If there are more by then, it stops again."
    return "It was not stopped any more."


def _asks_to_allow(run: PurgeRun) -> str:
    return (
        f"{_left(run):,} of the {run.stored:,} recordings and compositions that “{run.tenant}” has stored are deleted: "
        "their retention is over. This cannot be taken back. Look first whether a retention was set too short: "
        "the tenant's and its rooms' pages say what it is. What is held stays."
    )


@admin.register(PurgeRun, site=console)
class PurgeRunAdmin(TenantAdmin):
    """Each time that what had expired was deleted. The tenant's staff see its own; operators let one go on that was
    stopped."""

    acts = (
        Act(
            "allow",
            "Allow",
            _asks_to_allow,
            _allow,
            offered=lambda run: run.state == State.STOPPED,
            is_grave=True,
            for_operators=True,
        ),
    )
    list_display = [moment("started_at"), "standing", "progress", "why", moment("finished_at"), "allowed_by"]
    list_filter = ["state"]
    empty_advice = "No purges yet. One begins by itself when the retention of something is over."
    fields = [
        "standing", "why", "progress", "stored", "begun_so_far", moment("started_at"),
        moment("checked_at", "clocks last compared"), moment("allowed_at"), "allowed_by", moment("finished_at"), "id",
    ]  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("tenant")
        return rows

    def figures(self, request: HttpRequest) -> list[Figure]:
        runs = self.get_queryset(request).filter(state__in=ALARMS)
        counts = dict(runs.order_by().values_list("state").annotate(Count("pk")))
        return [
            Figure(ALARMS[state], count, f"{self._list()}?state__exact={state}", "bad", rank=-2)
            for state, count in counts.items()
        ]

    def by_tenant(self, tenant_ids: Collection[UUID]) -> list[ByTenant]:
        runs = PurgeRun.objects.filter(tenant__in=tenant_ids, state__in=ALARMS)
        counts = runs.order_by().values_list("tenant").annotate(Count("pk"))
        return [ByTenant("purges stopped or refused", dict(counts), rank=8)]

    @admin.display(description="state", ordering="state")
    def standing(self, run: PurgeRun) -> SafeString:
        return STANDING[run.state]

    @admin.display(description="begun of due")
    def progress(self, run: PurgeRun) -> SafeString | str:
        """How many deletions were begun of how many are due; a bar for the eye."""
        if not run.due:
            return "nothing due" if run.is_finished else EMPTY
        told = f"{run.begun:,} of {run.due:,}"
        width = f"{min(100 * run.begun / run.due, 100):.1f}"
        return format_html(
            '<div class="progress"><span>{}</span><div class="line" aria-hidden="true"><i style="left: 0; width: {}%">'
            "</i></div></div>",
            told,
            width,
        )

    @admin.display(description="deletions it began")
    def begun_so_far(self, run: PurgeRun) -> SafeString:
        url = f"{reverse('admin:rooms_deletion_changelist')}?run__id__exact={run.pk}"
        return format_html('<a href="{}">{}</a>', url, f"{run.begun:,}")
