from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import erasing
from rooms.filters import ErasureFilters
from rooms.models import Erasure
from rooms.serializers.erasures import ErasureBody, ErasureRecord
from videobroker.api.cursors import CursorPages
from videobroker.api.idempotency import idempotent_in_one_transaction
from videobroker.api.problems import not_found
from videobroker.api.views import ApiView, one


class ErasuresView(ApiView):
    """Erasures of people, for back ends."""

    scopes = {"GET": "privacy", "POST": "privacy"}
    queryset = Erasure.objects.none()
    serializer_class = ErasureRecord
    pagination_class = CursorPages
    filterset_class = ErasureFilters
    cursor_column: ClassVar[str] = "created_at"

    def get_queryset(self) -> QuerySet[Erasure]:
        return Erasure.objects.of(self.tenant)

    @extend_schema(operation_id="list_erasures", responses={200: ErasureRecord(many=True)})
    def get(self, request: Request) -> Response:
        """List erasures, the newest first."""
        return self.listing(self.get_queryset())

    @extend_schema(operation_id="erase_person", request=ErasureBody, responses={202: ErasureRecord})
    @idempotent_in_one_transaction
    def post(self, request: Request) -> Response:
        """Erase a person: they are put out and revoked at once, their recordings and the compositions that show them
        are deleted in the background, and then a pseudonym stands for them in the history. What a hold keeps is waited
        for. Ordered again before it is finished, it is the same erasure, and takes what they have come to have since
        as well. Follow it at /v2/erasures/{erasure_id}."""
        body = ErasureBody(data=request.data)
        body.is_valid(raise_exception=True)
        identity: str = body.validated_data["identity"]
        erasure = erasing.order(self.caller, self.tenant, identity, now=timezone.now())
        return one(ErasureRecord(erasure).data, 202)


class OneErasureView(ApiView):
    """One erasure."""

    scopes = {"GET": "privacy"}
    queryset = Erasure.objects.none()
    serializer_class = ErasureRecord

    @extend_schema(operation_id="view_erasure")
    def get(self, request: Request, erasure_id: UUID) -> Response:
        """See how far an erasure has got, and once it is finished what was removed."""
        found = Erasure.objects.of(self.tenant).filter(pk=erasure_id).first()
        if found is None:
            raise not_found()
        return one(ErasureRecord(found).data)
