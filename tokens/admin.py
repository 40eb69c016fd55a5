"""The pages of grants: which devices are in, and putting an end to it."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from rooms.admin.room_bound import RoomBoundAdmin
from tokens.models import Grant
from tokens.revoking import revoke
from tokens.views.grants import STATES, GrantFilters
from videobroker.admin.acts import Act
from videobroker.admin.figures import ByTenant, Figure, counted
from videobroker.admin.showing import badge, moment
from videobroker.admin.site import console
from videobroker.admin.tenancy import tenants_seen
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller

TONES: Final = {"open": "good", "minting": "busy", "revoked": "bad"}


def state_of(grant: Grant, now: datetime) -> str:
    """One word for where the grant stands."""
    if grant.state == Grant.State.OPEN and grant.is_over(now):
        return "expired"
    return str(grant.state)


def _minted_since(since: datetime, tenant_ids: Collection[UUID]) -> QuerySet[Grant]:
    """Each mint is a grant; a refresh goes on with one."""
    return Grant.objects.filter(tenant__in=tenant_ids, created_at__gte=since).exclude(
        state=Grant.State.MINTING
    )


def _revoke(caller: Caller, grant: Grant, now: datetime) -> str:
    revoked = revoke([grant], because="revoked", now=now)
    if revoked:
        auditing.record(
            caller,
            "token.revoked",
            room_id=grant.room_id,
            subject_kind="identity" if grant.identity else "",
            subject=grant.identity or "",
            details={"grants": revoked, "by": ["grant_id"]},
        )
    return f"The grant of {grant.identity or grant.asked_by} is revoked: it gets no new token."


class GrantState(SimpleListFilter):
    """Grants by where they stand now; the same words as over REST."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, label.capitalize()) for word, label in STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Grant]) -> QuerySet[Grant]:
        if self.value() not in dict(STATES):
            return queryset
        return GrantFilters(queryset=queryset).by_state(queryset, "state", str(self.value()))


@admin.register(Grant, site=console)
class GrantAdmin(RoomBoundAdmin):
    """One row for each tab or device that was let in."""

    acts = (
        Act(
            "revoke",
            "Revoke",
            "{row.display_name} gets no new token with this tab or device. The token it has works until it ends; "
            "to keep the person out, ban them as well.",
            _revoke,
            offered=lambda grant: grant.state != Grant.State.REVOKED,
            is_grave=True,
        ),
    )
    list_display = [
        "who", "room", "standing", "role", "device", moment("created_at"), moment("last_refreshed_at"),
        moment("client_token_expires_at", "token until"),
    ]  # fmt: skip
    list_filter = [GrantState, "role"]
    search_fields = ["identity", "display_name", "device", "room__unique_name"]
    search_help_text = "Part of an identity, of a shown name, of a device, or of a room's name."
    empty_advice = (
        "Nobody has been let in yet. A grant is made when somebody is given a join token for a room."
    )
    fields = [
        "id", "who", "display_name", "room", "role", "standing", "device", "asked_by", moment("created_at"),
        moment("last_refreshed_at"), "generation", moment("client_token_expires_at", "client token until"),
        moment("refresh_expires_at", "refreshable until"), moment("expires_at", "over at the latest"),
        moment("revoked_at"), "revoked_because",
    ]  # fmt: skip
    readonly_fields = fields

    def history_of(self, row: Grant) -> Q:
        return Q(
            tenant=row.tenant_id, room_id=row.room_id, subject_kind="identity", subject=row.identity or ""
        )

    def figures(self, request: HttpRequest) -> list[Figure]:
        grants = self.get_queryset(request)
        now = timezone.now()
        # The time first: by its index grants that are long over are never looked at.
        running = grants.filter(expires_at__gt=now)
        seated = GrantFilters(queryset=running).by_state(running, "state", "open")
        minted = grants & _minted_since(now - timedelta(days=1), tenants_seen(request))
        return [
            Figure("grants open", counted(seated), f"{self._list()}?state=open"),
            Figure("tokens minted today", counted(minted), self._list(), rank=3),
        ]

    def by_tenant(self, tenant_ids: Collection[UUID]) -> list[ByTenant]:
        minted = _minted_since(timezone.now() - timedelta(days=1), tenant_ids)
        return [
            ByTenant(
                "tokens minted today", dict(minted.order_by().values_list("tenant").annotate(Count("pk")))
            )
        ]

    @admin.display(description="identity", ordering="identity")
    def who(self, grant: Grant) -> str:
        return grant.identity or f"({grant.asked_by})"

    @admin.display(description="state")
    def standing(self, grant: Grant) -> SafeString:
        word = state_of(grant, timezone.now())
        return badge(word, TONES.get(word, ""))
