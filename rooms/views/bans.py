from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import banning, keeping, rights
from rooms.filters import BanFilters, TenantBanFilters
from rooms.models import Ban, Room
from rooms.serializers import BanBody, BanRecord, TenantBanBody
from videobroker.api.idempotency import idempotent_in_one_transaction
from videobroker.api.paging import Pages
from videobroker.api.problems import not_found
from videobroker.api.views import ApiView, one


class BanView(ApiView):
    """What the ban endpoints share."""

    queryset = Ban.objects.none()
    serializer_class = BanRecord

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "now": timezone.now()}

    def shown(self, ban: Ban) -> Any:
        fresh = Ban.objects.with_effect().get(pk=ban.pk)
        return BanRecord(fresh, context=self.get_serializer_context()).data

    def body(self, kind: type[BanBody]) -> dict[str, Any]:
        body = kind(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = body.validated_data
        return values


class RoomBansView(BanView):
    """Bans from one room, for its moderators and for back ends."""

    scopes = {"GET": "rooms:read", "POST": "rooms:write"}
    for_people = {"GET": "moderators", "POST": "moderators"}
    refuses = dict.fromkeys(("GET", "POST"), rights.MODERATORS_ONLY)
    pagination_class = Pages
    filterset_class = BanFilters

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.room: Room = rights.find_room(self.caller, kwargs["room_id"])
        if request.method == "POST":
            with rights.refusals_audited(self.caller, "ban.created", self.room):
                rights.require_moderator(self.room, self.caller)
        else:
            rights.require_moderator(self.room, self.caller)

    @extend_schema(operation_id="list_room_bans")
    def get(self, request: Request, room_id: UUID) -> Response:
        """List a room's bans, lifted and ended ones too."""
        return self.listing(Ban.objects.filter(room=self.room).with_effect())

    @extend_schema(operation_id="ban_from_room", request=BanBody, responses={201: BanRecord})
    @idempotent_in_one_transaction
    def post(self, request: Request, room_id: UUID) -> Response:
        """Ban a person from a room: no token is minted or refreshed for them from now on, and if they are in, they are
        put out, as often as they come back."""
        return one(
            self.shown(banning.ban(self.caller, self.room, self.body(BanBody), now=timezone.now())), 201
        )


class BansView(BanView):
    """All bans of a tenant, for back ends."""

    scopes = {"GET": "rooms:read", "POST": "rooms:write"}
    refuses = {"POST": ("not_found",)}
    pagination_class = Pages
    filterset_class = TenantBanFilters

    def get_queryset(self) -> QuerySet[Ban]:
        return Ban.objects.of(self.tenant).with_effect()

    @extend_schema(operation_id="list_bans")
    def get(self, request: Request) -> Response:
        """List bans."""
        return self.listing(self.get_queryset())

    @extend_schema(operation_id="create_ban", request=TenantBanBody, responses={201: BanRecord})
    @idempotent_in_one_transaction
    def post(self, request: Request) -> Response:
        """Ban a person from one room, or without `room_id` from all rooms."""
        values = self.body(TenantBanBody)
        room_id = values.pop("room_id", None)
        room = rights.find_room(self.caller, room_id) if room_id else None
        return one(self.shown(banning.ban(self.caller, room, values, now=timezone.now())), 201)


class OneBanView(BanView):
    """One ban. Moderators reach the bans of their rooms, back ends all."""

    scopes = {"GET": "rooms:read", "DELETE": "rooms:write"}
    for_people = {"GET": "moderators", "DELETE": "moderators"}

    def ban(self, ban_id: UUID) -> Ban:
        """The ban, if it is the caller's to see; else `not_found`."""
        found = Ban.objects.of(self.tenant).select_related("room").filter(pk=ban_id).first()
        if found is None or not (
            self.caller.is_back_end or (found.room and rights.is_moderator(found.room, self.caller))
        ):
            raise not_found()
        return found

    @extend_schema(operation_id="view_ban")
    def get(self, request: Request, ban_id: UUID) -> Response:
        """View a ban."""
        return one(self.shown(self.ban(ban_id)))

    @extend_schema(operation_id="lift_ban", responses={204: None})
    def delete(self, request: Request, ban_id: UUID) -> Response:
        """Lift a ban."""
        keeping.lift_ban(self.caller, self.ban(ban_id), now=timezone.now())
        return Response(status=204)
