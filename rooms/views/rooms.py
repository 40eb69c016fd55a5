from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import keeping, rights
from rooms.filters import RoomFilters
from rooms.models import Room, Session
from rooms.serializers import OrderedRecord, RoomBody, RoomRecord
from videobroker.api.idempotency import idempotent_in_one_transaction
from videobroker.api.paging import Pages
from videobroker.api.problems import forbidden
from videobroker.api.serializers import Body
from videobroker.api.views import ApiView, one

INCLUDE_SESSIONS = OpenApiParameter(
    "include_sessions", bool, description="Whether to show the rooms' sessions."
)


class RoomView(ApiView):
    """What the room endpoints share."""

    queryset = Room.objects.none()
    serializer_class = RoomRecord
    query_parameters = ("include_sessions",)

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        included = self.request.method == "GET" and self.flag("include_sessions")
        return {
            **context,
            "now": timezone.now(),
            "include_sessions": included,
            "is_back_end": self.caller.is_back_end,
        }

    def _sessions(self) -> "Prefetch[str, QuerySet[Session], str]":
        """Has rooms loaded with those of their sessions that the caller may see: all if asked for, else live ones."""
        sessions = Session.objects.visible_to(self.caller).order_by("-seen_at", "id")
        if not (self.request.method == "GET" and self.flag("include_sessions")):
            sessions = sessions.live()
        return Prefetch("sessions", sessions, to_attr="shown_sessions")

    def shown(self, room: Room) -> Any:
        prefetch_related_objects([room], self._sessions())
        return RoomRecord(room, context=self.get_serializer_context()).data

    def body(self, room: Room | None = None) -> dict[str, Any]:
        body = RoomBody(room, data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = body.validated_data
        return values


class RoomsView(RoomView):
    """All rooms the caller may see."""

    scopes = {"GET": "rooms:read", "POST": "rooms:write"}
    for_people = {"GET": "those they may enter"}
    refuses = {"POST": ("too_many_rooms", "duplicate")}
    pagination_class = Pages
    filterset_class = RoomFilters

    def get_queryset(self) -> QuerySet[Room]:
        return (
            Room.objects.visible_to(self.caller)
            .prefetch_related(self._sessions())
            .order_by("-created_at", "id")
        )

    @extend_schema(operation_id="list_rooms", parameters=[INCLUDE_SESSIONS])
    def get(self, request: Request) -> Response:
        """List rooms."""
        return self.listing(self.get_queryset())

    @extend_schema(operation_id="create_room", request=RoomBody, responses={201: RoomRecord})
    @idempotent_in_one_transaction
    def post(self, request: Request) -> Response:
        """Create a room. It is made at Telnyx in the background, and works even while Telnyx does not."""
        room = keeping.create_room(self.caller, self.body(), now=timezone.now())
        return one(self.shown(room), 201)


class OneRoomView(RoomView):
    """One room."""

    scopes = {"GET": "rooms:read", "PATCH": "rooms:write", "DELETE": "rooms:write"}
    for_people = {"GET": "members", "PATCH": "moderators"}
    refuses = {
        "GET": ("not_a_member",),
        "PATCH": (*rights.MODERATORS_ONLY, "back_end_only", "duplicate"),
        "DELETE": ("held",),
    }

    @extend_schema(operation_id="view_room", parameters=[INCLUDE_SESSIONS])
    def get(self, request: Request, room_id: UUID) -> Response:
        """View a room."""
        room = rights.find_room(self.caller, room_id)
        rights.require_sight(room, self.caller)
        return one(self.shown(room))

    @extend_schema(operation_id="update_room", request=RoomBody, responses={200: RoomRecord})
    def patch(self, request: Request, room_id: UUID) -> Response:
        """Update a room. Moderators may; Telnyx follows in the background."""
        room = rights.find_room(self.caller, room_id)
        with rights.refusals_audited(self.caller, "room.updated", room):
            rights.require_moderator(room, self.caller)
            values = self.body(room)
            _refuse_what_only_back_ends_may(self.caller.is_back_end, values)
        return one(self.shown(keeping.update_room(self.caller, room, values, now=timezone.now())))

    @extend_schema(operation_id="delete_room", responses={204: None})
    def delete(self, request: Request, room_id: UUID) -> Response:
        """Delete a room. Who is in is put out, and nobody can enter any more. What was recorded in it stays until its
        retention is over, or it is deleted."""
        room = rights.find_room(self.caller, room_id)
        with rights.refusals_audited(self.caller, "room.deleted", room):
            keeping.delete_room(self.caller, room, now=timezone.now())
        return Response(status=204)


class SealView(ApiView):
    """Sealing."""

    scopes = {"POST": "moderate"}
    for_people = {"POST": "moderators"}
    refuses = {"POST": rights.MODERATORS_ONLY}
    queryset = Room.objects.none()
    serializer_class = Body

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.room: Room = rights.find_room(self.caller, kwargs["room_id"])
        with rights.refusals_audited(self.caller, "room.sealed", self.room):
            rights.require_moderator(self.room, self.caller)

    @extend_schema(operation_id="seal_room", request=None, responses={202: OrderedRecord})
    @idempotent_in_one_transaction
    def post(self, request: Request, room_id: UUID) -> Response:
        """Void every token that is out: the room moves to a new Telnyx room. Whoever is still admitted comes back by
        the next refresh."""
        self.read_body()
        operation = keeping.seal_room(self.caller, self.room)
        return one({"result": "ok", "operation_id": str(operation.pk)}, 202)


# A moderator runs the room; where its events go and what becomes of its recordings is its owner's business.
BACK_END_FIELDS = frozenset(
    {
        "webhook_event_url",
        "webhook_event_failover_url",
        "webhook_timeout_secs",
        "recording_retention_days",
        "auto_compose",
        "access",
    }
)


def _refuse_what_only_back_ends_may(is_back_end: bool, values: dict[str, Any]) -> None:
    if not is_back_end and (wanted := sorted(BACK_END_FIELDS & set(values))):
        raise forbidden("back_end_only", f"{', '.join(wanted)}: only an API key may change this")
