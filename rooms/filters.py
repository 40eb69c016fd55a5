"""What lists can be filtered by."""

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from rooms.models import Ban, Delivery, Operation, Role
from videobroker.api.filters import TelnyxFilterSet, YesNoFilter


class RoomFilters(TelnyxFilterSet):
    days = {"date_created_at": "created_at", "date_updated_at": "updated_at"}
    unique_name = django_filters.CharFilter("unique_name")


class MemberFilters(TelnyxFilterSet):
    identity = django_filters.CharFilter("identity")
    role = django_filters.ChoiceFilter(field_name="role", choices=Role.choices)


class BanFilters(TelnyxFilterSet):
    identity = django_filters.CharFilter("identity")
    active = YesNoFilter(method="by_active")

    def by_active(self, bans: QuerySet[Ban], name: str, value: bool) -> QuerySet[Ban]:
        now = timezone.now()
        in_force = Q(until=None) | Q(until__gt=now)
        return bans.filter(in_force, lifted_at=None) if value else bans.exclude(in_force & Q(lifted_at=None))


class TenantBanFilters(BanFilters):
    room_id = django_filters.UUIDFilter("room_id")


class RoomSessionFilters(TelnyxFilterSet):
    days = {"date_created_at": "seen_at", "date_updated_at": "updated_at", "date_ended_at": "ended_at"}
    active = YesNoFilter("ended_at", lookup_expr="isnull")


class SessionFilters(RoomSessionFilters):
    room_id = django_filters.UUIDFilter("room_id")


class SessionParticipantFilters(TelnyxFilterSet):
    days = {"date_joined_at": "joined_at", "date_updated_at": "updated_at", "date_left_at": "left_at"}
    context = django_filters.CharFilter("context")
    identity = django_filters.CharFilter("identity")


class ParticipantFilters(SessionParticipantFilters):
    session_id = django_filters.UUIDFilter("session_id")
    room_id = django_filters.UUIDFilter("room_id")


class OperationFilters(TelnyxFilterSet):
    days = {"date_created_at": "created_at"}
    room_id = django_filters.UUIDFilter("room_id")
    kind = django_filters.ChoiceFilter(field_name="kind", choices=Operation.Kind.choices)
    state = django_filters.ChoiceFilter(field_name="state", choices=Operation.State.choices)


class DeliveryFilters(TelnyxFilterSet):
    days = {"date_created_at": "created_at"}
    room_id = django_filters.UUIDFilter("room_id")
    event_type = django_filters.ChoiceFilter(field_name="event_type", choices=Delivery.EventType.choices)
    state = django_filters.ChoiceFilter(field_name="state", choices=Delivery.State.choices)
