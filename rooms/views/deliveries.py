from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import posting, replaying, rights
from rooms.delivery_serializers import (
    DeliveryRecord,
    FollowedDeliveryRecord,
    ReplayBody,
    ReplayedRecord,
    WebhookTestRecord,
)
from rooms.filters import DeliveryFilters
from rooms.models import Delivery, Room
from videobroker.api.idempotency import idempotent_in_one_transaction
from videobroker.api.paging import Pages
from videobroker.api.problems import not_found
from videobroker.api.serializers import Body
from videobroker.api.throttling import IdentityThrottle, TenantThrottle, Throttle
from videobroker.api.views import ApiView, one
from videobroker.tenants.callers import Caller


class DeliveriesView(ApiView):
    """Webhooks to the tenant's back end, for back ends: a room's moderators have no part in them."""

    scopes = {"GET": "rooms:read"}
    queryset = Delivery.objects.none()
    serializer_class = DeliveryRecord
    pagination_class = Pages
    filterset_class = DeliveryFilters

    def get_queryset(self) -> QuerySet[Delivery]:
        return Delivery.objects.of(self.tenant)

    @extend_schema(operation_id="list_webhook_deliveries")
    def get(self, request: Request) -> Response:
        """List webhooks to your back end, the last 30 days'."""
        return self.listing(self.get_queryset())


class OneDeliveryView(ApiView):
    """One webhook."""

    scopes = {"GET": "rooms:read"}
    queryset = Delivery.objects.none()
    serializer_class = FollowedDeliveryRecord

    @extend_schema(operation_id="view_webhook_delivery")
    def get(self, request: Request, delivery_id: UUID) -> Response:
        """See what a webhook says, and each time that it was sent."""
        found = Delivery.objects.of(self.tenant).prefetch_related("attempts").filter(pk=delivery_id).first()
        if found is None:
            raise not_found()
        return one(FollowedDeliveryRecord(found).data)


class ReplayView(ApiView):
    """Sending again."""

    scopes = {"POST": "rooms:write"}
    refuses = {"POST": ("not_found",)}
    queryset = Delivery.objects.none()
    serializer_class = ReplayBody

    @extend_schema(operation_id="replay_webhook_deliveries", responses={202: ReplayedRecord})
    @idempotent_in_one_transaction
    def post(self, request: Request) -> Response:
        """Have webhooks sent again, with the ids and sequences they had."""
        body = self.read_body()
        if "ids" in body:
            return one({"replayed": replaying.replay_ids(self.caller, body["ids"])}, 202)
        room_id: UUID | None = body.get("room_id")
        if room_id is not None and not Room.objects.of(self.tenant).filter(pk=room_id).exists():
            raise not_found()
        span = replaying.Span(body["from"], body["to"], room_id)
        return one({"replayed": replaying.replay_span(self.caller, span)}, 202)


class WebhookTestThrottle(Throttle):
    """Tests of webhooks: each may hold a thread of ours until the receiver answers."""

    name = "webhook_tests"

    def per_minute(self, caller: Caller) -> int:
        return 20

    def key(self, caller: Caller) -> str | None:
        return str(caller.the_tenant.pk)


class WebhookTestView(ApiView):
    """Trying whether webhooks arrive."""

    scopes = {"POST": "rooms:write"}
    refuses = {"POST": ("no_webhook_event_url",)}
    throttle_classes = [IdentityThrottle, WebhookTestThrottle, TenantThrottle]
    queryset = Room.objects.none()
    serializer_class = Body

    @extend_schema(operation_id="test_webhook", request=None, responses={200: WebhookTestRecord})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Send a test to the room's webhook_event_url now: an event of the type video.room.test. The answer says what
        came of it."""
        room = rights.find_room(self.caller, room_id)
        self.read_body()
        tested = replaying.test(self.caller, room)
        receipt = tested.receipt
        answer = {
            "delivered": receipt.is_delivered,
            "status": receipt.status,
            "error": receipt.error,
            "url": tested.url,
            "duration_secs": receipt.duration_secs,
        }
        return one(answer)


@require_safe
def webhook_keys(request: HttpRequest) -> JsonResponse:
    """The public keys that our webhooks are verified with, as Telnyx writes its own, for anybody; the current one
    first."""
    keys = [
        {"id": key_id, "record_type": "webhook_key", "public_key": text}
        for key_id, text in posting.public_keys(now=timezone.now())
    ]
    return JsonResponse({"data": keys}, headers={"Cache-Control": "public, max-age=300"})
