from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import rights
from rooms.filters import OperationFilters
from rooms.models import Operation
from rooms.serializers import FollowedOperationRecord, OperationRecord
from videobroker.api.paging import Pages
from videobroker.api.problems import not_found
from videobroker.api.views import ApiView, one


class OperationsView(ApiView):
    """Orders to Telnyx, for back ends."""

    scopes = {"GET": "rooms:read"}
    queryset = Operation.objects.none()
    serializer_class = OperationRecord
    pagination_class = Pages
    filterset_class = OperationFilters

    def get_queryset(self) -> QuerySet[Operation]:
        return Operation.objects.of(self.tenant)

    @extend_schema(operation_id="list_operations")
    def get(self, request: Request) -> Response:
        """List operations."""
        return self.listing(self.get_queryset())


class OneOperationView(ApiView):
    """One order; a room's moderators may follow those about their room."""

    scopes = {"GET": "rooms:read"}
    for_people = {"GET": "moderators"}
    queryset = Operation.objects.none()
    serializer_class = FollowedOperationRecord

    @extend_schema(operation_id="view_operation")
    def get(self, request: Request, operation_id: UUID) -> Response:
        """See how far an operation has got."""
        found = Operation.objects.of(self.tenant).select_related("room").filter(pk=operation_id).first()
        if found is None or not rights.is_moderator(found.room, self.caller):
            raise not_found()
        return one(FollowedOperationRecord(found).data)
