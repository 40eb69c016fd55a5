"""Reading the audit: back ends all of their tenant's, people that of the rooms they moderate."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

import django_filters
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms.models import Room
from rooms.serializers import Record
from videobroker.api import examples
from videobroker.api.cursors import CursorPages, each_oldest_first
from videobroker.api.filters import IdentityFilter, TelnyxFilterSet
from videobroker.api.views import ApiView
from videobroker.tenants.callers import Caller, CallerKind
from videobroker.tenants.models import AuditEntry

NDJSON = "application/x-ndjson"


class AuditFilters(TelnyxFilterSet):
    days = {"date_occurred_at": "occurred_at"}
    action = django_filters.CharFilter("action")
    actor = django_filters.CharFilter("actor")
    room_id = django_filters.UUIDFilter("room_id")
    identity = IdentityFilter(method="by_identity", label="Whom it was done to.")
    outcome = django_filters.ChoiceFilter(field_name="outcome", choices=AuditEntry.Outcome.choices)

    def by_identity(self, entries: Any, name: str, value: str) -> QuerySet[AuditEntry]:
        found: QuerySet[AuditEntry] = entries.about(value)
        return found


class AuditEntryRecord(Record):
    """Who did what to whom, when, from where; or was refused it, and why."""

    record_type_name = "audit_entry"
    example = {
        "id": examples.ENTRY_ID,
        "record_type": "audit_entry",
        "occurred_at": examples.LEFT_AT,
        "actor_kind": "identity",
        "actor": "ana",
        "action": "participants.kicked",
        "outcome": "done",
        "reason": "",
        "subject_kind": "session",
        "subject": examples.SESSION_ID,
        "room_id": examples.ROOM_ID,
        "address": "203.0.113.7",
        "request_id": examples.REQUEST_ID,
        "details": {"identities": ["bo"]},
    }

    class Meta:
        model = AuditEntry
        fields = [
            "id", "record_type", "occurred_at", "actor_kind", "actor", "action", "outcome", "reason", "subject_kind",
            "subject", "room_id", "address", "request_id", "details",
        ]  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: AuditEntry) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if instance.actor_kind == CallerKind.OPERATOR:
            shown["address"] = ""  # tenants learn what operators did to them, not where operators sit
        return shown


EXPORTED = OpenApiExample("an entry", json.dumps(AuditEntryRecord.example) + "\n")


def visible_to(caller: Caller) -> QuerySet[AuditEntry]:
    """A back end sees all entries of its tenant, a person those of the rooms they moderate now."""
    entries = AuditEntry.objects.of(caller.the_tenant)
    if caller.is_back_end:
        return entries
    return entries.filter(room_id__in=Room.objects.moderated_by(caller).order_by().values("pk"))


class AuditEntriesView(ApiView):
    """The audit, page by page."""

    scopes = {"GET": "audit:read"}
    for_people = {"GET": "moderators, of their rooms"}
    queryset = AuditEntry.objects.none()
    serializer_class = AuditEntryRecord
    pagination_class = CursorPages
    filterset_class = AuditFilters
    cursor_column: ClassVar[str] = "occurred_at"

    @extend_schema(operation_id="list_audit_entries", responses={200: AuditEntryRecord(many=True)})
    def get(self, request: Request) -> Response:
        """List audit entries, the newest first."""
        return self.listing(visible_to(self.caller))


class AuditExportView(ApiView):
    """The audit as a whole, for back ends that keep a copy."""

    scopes = {"GET": "audit:read"}
    queryset = AuditEntry.objects.none()
    serializer_class = AuditEntryRecord
    filterset_class = AuditFilters

    @extend_schema(
        operation_id="export_audit_entries",
        responses={
            (200, NDJSON): OpenApiResponse(OpenApiTypes.STR, "One entry as JSON on each line.", [EXPORTED])
        },
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Export audit entries as JSON lines, the oldest first, up to those written before the request."""
        entries = self.filter_queryset(visible_to(self.caller)).filter(occurred_at__lte=timezone.now())
        return StreamingHttpResponse(lines(entries), content_type=NDJSON)


def lines(entries: QuerySet[AuditEntry]) -> Iterator[bytes]:
    """Each entry as a line of JSON, as it stands in lists."""
    record = AuditEntryRecord()  # one for all: making its fields takes longer than filling them
    for entry in each_oldest_first(entries, "occurred_at"):
        shown = record.to_representation(entry)
        yield json.dumps(shown, cls=DjangoJSONEncoder, ensure_ascii=False).encode() + b"\n"
