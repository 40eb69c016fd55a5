from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import rights
from rooms.filters import RoomSessionFilters, SessionFilters
from rooms.models import Participant, Session
from rooms.serializers import SessionRecord
from videobroker.api.paging import Pages
from videobroker.api.problems import not_found
from videobroker.api.views import ApiView, one

INCLUDE_PARTICIPANTS = OpenApiParameter(
    "include_participants", bool, description="Whether to show who is and was in."
)


class SessionView(ApiView):
    """Sessions are shown to moderators of the room and to back ends."""

    scopes = {"GET": "rooms:read"}
    for_people = {"GET": "moderators"}
    queryset = Session.objects.none()
    serializer_class = SessionRecord
    query_parameters = ("include_participants",)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "include_participants": self.flag("include_participants")}

    def sessions(self) -> QuerySet[Session]:
        """What the caller may see, with the participants if they are asked for."""
        people = Participant.objects.select_related("session").order_by("joined_at", "id")
        found = Session.objects.visible_to(self.caller).order_by("-seen_at", "id")
        return (
            found.prefetch_related(Prefetch("participants", people))
            if self.flag("include_participants")
            else found
        )


class SessionsView(SessionView):
    """All sessions."""

    pagination_class = Pages
    filterset_class = SessionFilters

    @extend_schema(operation_id="list_room_sessions", parameters=[INCLUDE_PARTICIPANTS])
    def get(self, request: Request) -> Response:
        """List sessions."""
        return self.listing(self.sessions())


class SessionsOfRoomView(SessionView):
    """The sessions of one room."""

    refuses = {"GET": rights.MODERATORS_ONLY}
    pagination_class = Pages
    filterset_class = RoomSessionFilters

    @extend_schema(operation_id="retrieve_list_room_sessions", parameters=[INCLUDE_PARTICIPANTS])
    def get(self, request: Request, room_id: UUID) -> Response:
        """List a room's sessions."""
        room = rights.find_room(self.caller, room_id)
        rights.require_moderator(room, self.caller)
        return self.listing(self.sessions().filter(room=room))


class OneSessionView(SessionView):
    """One session."""

    @extend_schema(operation_id="view_room_session", parameters=[INCLUDE_PARTICIPANTS])
    def get(self, request: Request, session_id: UUID) -> Response:
        """View a session."""
        found = self.sessions().filter(pk=session_id).first()
        if found is None:
            raise not_found()
        return one(self.get_serializer(found).data)
