from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms.filters import ParticipantFilters, SessionParticipantFilters
from rooms.models import Participant, Session
from rooms.serializers import ParticipantRecord
from videobroker.api.paging import Pages
from videobroker.api.problems import not_found
from videobroker.api.views import ApiView, one


class ParticipantView(ApiView):
    """Participants are shown to moderators of the room and to back ends."""

    scopes = {"GET": "rooms:read"}
    for_people = {"GET": "moderators"}
    queryset = Participant.objects.none()
    serializer_class = ParticipantRecord

    def people(self) -> QuerySet[Participant]:
        found = Participant.objects.visible_to(self.caller).select_related("session")
        return found.order_by("-seen_at", "id")


class ParticipantsView(ParticipantView):
    """All participants."""

    pagination_class = Pages
    filterset_class = ParticipantFilters

    @extend_schema(operation_id="list_room_participants")
    def get(self, request: Request) -> Response:
        """List participants, present and past."""
        return self.listing(self.people())


class ParticipantsOfSessionView(ParticipantView):
    """Who is, and was, in one session."""

    pagination_class = Pages
    filterset_class = SessionParticipantFilters

    @extend_schema(operation_id="retrieve_list_room_participants")
    def get(self, request: Request, session_id: UUID) -> Response:
        """List a session's participants."""
        session = Session.objects.visible_to(self.caller).filter(pk=session_id).first()
        if session is None:
            raise not_found()
        return self.listing(self.people().filter(session=session))


class OneParticipantView(ParticipantView):
    """One participant."""

    @extend_schema(operation_id="view_room_participant")
    def get(self, request: Request, participant_id: UUID) -> Response:
        """View a participant."""
        found = self.people().filter(pk=participant_id).first()
        if found is None:
            raise not_found()
        return one(ParticipantRecord(found).data)
