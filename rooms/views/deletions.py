from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms.filters import DeletionFilters
from rooms.models import Deletion
from rooms.serializers.deletions import DeletionRecord
from videobroker.api.cursors import CursorPages
from videobroker.api.problems import not_found
from videobroker.api.views import ApiView, one


class DeletionsView(ApiView):
    """Deletions of recordings and compositions, for back ends."""

    scopes = {"GET": "recordings:read"}
    queryset = Deletion.objects.none()
    serializer_class = DeletionRecord
    pagination_class = CursorPages
    filterset_class = DeletionFilters
    cursor_column: ClassVar[str] = "begun_at"

    def get_queryset(self) -> QuerySet[Deletion]:
        return Deletion.objects.of(self.tenant)

    @extend_schema(operation_id="list_deletions", responses={200: DeletionRecord(many=True)})
    def get(self, request: Request) -> Response:
        """List deletions of recordings and compositions, under way and done, the newest first."""
        return self.listing(self.get_queryset())


class OneDeletionView(ApiView):
    """One deletion."""

    scopes = {"GET": "recordings:read"}
    queryset = Deletion.objects.none()
    serializer_class = DeletionRecord

    @extend_schema(operation_id="view_deletion")
    def get(self, request: Request, deletion_id: UUID) -> Response:
        """View a deletion: how far it has got, or its receipt."""
        found = Deletion.objects.of(self.tenant).filter(pk=deletion_id).first()
        if found is None:
            raise not_found()
        return one(DeletionRecord(found).data)
