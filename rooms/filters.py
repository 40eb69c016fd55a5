"""What lists can be filtered by."""

from typing import Any
from uuid import UUID

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from rooms import holding
from rooms.models import Ban, Composition, Deletion, Delivery, Erasure, Hold, Operation, Recording, Role
from videobroker.api.filters import IdentityFilter, TelnyxFilterSet, YesNoFilter
from videobroker.tenants import pseudonyms
from videobroker.tenants.callers import caller_of


class AtLeastFilter(django_filters.Filter):
    """A whole number that the column has to reach."""

    field_class = forms.IntegerField

    def __init__(self, column: str) -> None:
        super().__init__(column, lookup_expr="gte", min_value=0, max_value=2**31 - 1)


def _tenant_id(request: Any) -> UUID:
    """Whose rows are filtered."""
    return caller_of(request).the_tenant.pk


class RoomFilters(TelnyxFilterSet):
    days = {"date_created_at": "created_at", "date_updated_at": "updated_at"}
    unique_name = django_filters.CharFilter("unique_name")


class MemberFilters(TelnyxFilterSet):
    identity = IdentityFilter("identity")
    role = django_filters.ChoiceFilter(field_name="role", choices=Role.choices)


class BanFilters(TelnyxFilterSet):
    identity = IdentityFilter(method="by_identity")
    active = YesNoFilter(method="by_active")

    def by_identity(self, bans: Any, name: str, value: str) -> QuerySet[Ban]:
        """Those that keep this person out, also if the person was erased since."""
        found: QuerySet[Ban] = bans.against(_tenant_id(self.request), value)
        return found

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
    identity = IdentityFilter("identity")


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


class HoldFilters(TelnyxFilterSet):
    days = {"date_placed_at": "placed_at", "date_lifted_at": "lifted_at"}
    room_id = django_filters.UUIDFilter("room_id")
    identity = IdentityFilter("identity")
    recording_id = django_filters.UUIDFilter("recording_id")
    composition_id = django_filters.UUIDFilter("composition_id")
    active = YesNoFilter(method="by_active")

    def by_active(self, holds: QuerySet[Hold], name: str, value: bool) -> QuerySet[Hold]:
        return holds.filter(lifted_at__isnull=value)


class DeletionFilters(TelnyxFilterSet):
    days = {"date_begun_at": "begun_at", "date_done_at": "done_at"}
    room_id = django_filters.UUIDFilter("room_id")
    session_id = django_filters.UUIDFilter("session_id")
    kind = django_filters.ChoiceFilter(field_name="kind", choices=Deletion.Kind.choices)
    cause = django_filters.ChoiceFilter(field_name="cause", choices=Deletion.Cause.choices)
    state = django_filters.ChoiceFilter(field_name="state", choices=Deletion.State.choices)
    footage_id = django_filters.UUIDFilter("footage_id")


class ErasureFilters(TelnyxFilterSet):
    days = {"date_created_at": "created_at", "date_finished_at": "finished_at"}
    identity = IdentityFilter(method="by_identity")
    state = django_filters.ChoiceFilter(field_name="state", choices=Erasure.State.choices)

    def by_identity(self, erasures: QuerySet[Erasure], name: str, value: str) -> QuerySet[Erasure]:
        """Also those that are finished, in which only the pseudonym is left."""
        return erasures.filter(pseudonym=pseudonyms.pseudonym_of(_tenant_id(self.request), value))


class RecordingFilters(TelnyxFilterSet):
    days = {"date_started_at": "started_at", "date_ended_at": "ended_at"}
    room_id = django_filters.UUIDFilter("room_id")
    session_id = django_filters.UUIDFilter("session_id")
    participant_id = django_filters.UUIDFilter("participant_id")
    identity = IdentityFilter("participant__identity")
    status = django_filters.ChoiceFilter(
        field_name="status", choices=[(word, word) for word in ("completed", "processing")]
    )
    type = django_filters.ChoiceFilter(field_name="type", choices=Recording.Type.choices)
    duration_secs = AtLeastFilter("duration_secs")
    held = YesNoFilter(method="by_held")

    def by_held(self, recordings: QuerySet[Recording], name: str, value: bool) -> QuerySet[Recording]:
        is_held: Any = Q(held=True) | holding.covering(Recording)
        return recordings.filter(is_held if value else ~is_held)


class CompositionFilters(TelnyxFilterSet):
    days = {"date_created_at": "seen_at"}
    session_id = django_filters.UUIDFilter("session_id")
    room_id = django_filters.UUIDFilter("room_id")
    status = django_filters.ChoiceFilter(field_name="status", choices=Composition.Status.choices)
