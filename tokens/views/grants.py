from uuid import UUID

import django_filters
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms.models import Role
from tokens.models import Grant
from tokens.serializers import GrantRecord
from videobroker.api.filters import IdentityFilter, TelnyxFilterSet
from videobroker.api.paging import Pages
from videobroker.api.problems import not_found
from videobroker.api.views import ApiView, one
from videobroker.tenants.callers import Caller

STATES = [("minting", "minting"), ("open", "open"), ("expired", "expired"), ("revoked", "revoked")]


class GrantFilters(TelnyxFilterSet):
    days = {"date_created_at": "created_at"}
    room_id = django_filters.UUIDFilter("room_id")
    identity = IdentityFilter("identity")
    state = django_filters.ChoiceFilter(method="by_state", choices=STATES)

    def by_state(self, grants: QuerySet[Grant], name: str, value: str) -> QuerySet[Grant]:
        if value not in {"open", "expired"}:
            return grants.filter(state=value)
        grants = grants.filter(state=Grant.State.OPEN).alias(
            ends_at=Least(F("expires_at"), F("refresh_expires_at"))
        )
        now = timezone.now()
        return grants.filter(ends_at__gt=now) if value == "open" else grants.filter(ends_at__lte=now)


def visible_to(caller: Caller) -> QuerySet[Grant]:
    """A back end sees all grants, a person their own and those of the rooms they moderate."""
    grants = Grant.objects.of(caller.the_tenant)
    if caller.is_back_end:
        return grants
    moderated = Q(room__members__identity=caller.identity, room__members__role=Role.MODERATOR)
    return grants.filter(Q(identity=caller.identity) | moderated).distinct()


class GrantsView(ApiView):
    """Which devices are in."""

    scopes = {"GET": "rooms:read"}
    for_people = {"GET": "their own; moderators"}
    queryset = Grant.objects.none()
    serializer_class = GrantRecord
    pagination_class = Pages
    filterset_class = GrantFilters

    @extend_schema(operation_id="list_grants")
    def get(self, request: Request) -> Response:
        """List grants: your own, and those of the rooms you moderate."""
        return self.listing(visible_to(self.caller).order_by("-created_at", "id"))


class OneGrantView(ApiView):
    """One grant."""

    scopes = {"GET": "rooms:read"}
    for_people = {"GET": "their own; moderators"}
    queryset = Grant.objects.none()
    serializer_class = GrantRecord

    @extend_schema(operation_id="view_grant")
    def get(self, request: Request, grant_id: UUID) -> Response:
        """View a grant."""
        found = visible_to(self.caller).filter(pk=grant_id).first()
        if found is None:
            raise not_found()
        return one(GrantRecord(found).data)
