from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import keeping, rights
from rooms.filters import MemberFilters
from rooms.models import Member, Room
from rooms.serializers import MemberBody, MemberChange, MemberRecord
from videobroker.api.idempotency import idempotent_in_one_transaction
from videobroker.api.paging import Pages
from videobroker.api.problems import not_found
from videobroker.api.views import ApiView, one

ACTIONS: Final = {"POST": "member.added", "PATCH": "member.changed", "DELETE": "member.removed"}


class MemberView(ApiView):
    """Members are seen and kept by the room's moderators and by back ends."""

    queryset = Member.objects.none()
    serializer_class = MemberRecord

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.room: Room = rights.find_room(self.caller, kwargs["room_id"])
        if request.method not in ACTIONS:
            rights.require_moderator(self.room, self.caller)
            return
        with rights.refusals_audited(self.caller, ACTIONS[request.method], self.room):
            rights.require_moderator(self.room, self.caller)

    def members(self) -> QuerySet[Member]:
        return Member.objects.filter(room=self.room)

    def member(self, member_id: UUID) -> Member:
        found = self.members().filter(pk=member_id).first()
        if found is None:
            raise not_found()
        return found


class MembersView(MemberView):
    """All members of a room."""

    scopes = {"GET": "rooms:read", "POST": "rooms:write"}
    for_people = {"GET": "moderators", "POST": "moderators"}
    refuses = {"GET": rights.MODERATORS_ONLY, "POST": (*rights.MODERATORS_ONLY, "duplicate")}
    pagination_class = Pages
    filterset_class = MemberFilters

    @extend_schema(operation_id="list_room_members")
    def get(self, request: Request, room_id: UUID) -> Response:
        """List a room's members."""
        return self.listing(self.members())

    @extend_schema(operation_id="add_room_member", request=MemberBody, responses={201: MemberRecord})
    @idempotent_in_one_transaction
    def post(self, request: Request, room_id: UUID) -> Response:
        """Add a member."""
        body = MemberBody(data=request.data)
        body.is_valid(raise_exception=True)
        member = keeping.add_member(self.caller, self.room, body.validated_data)
        return one(MemberRecord(member).data, 201)


class OneMemberView(MemberView):
    """One member."""

    scopes = {"GET": "rooms:read", "PATCH": "rooms:write", "DELETE": "rooms:write"}
    for_people = {"GET": "moderators", "PATCH": "moderators", "DELETE": "moderators"}
    refuses = dict.fromkeys(("GET", "PATCH", "DELETE"), rights.MODERATORS_ONLY)

    @extend_schema(operation_id="view_room_member")
    def get(self, request: Request, room_id: UUID, member_id: UUID) -> Response:
        """View a member."""
        return one(MemberRecord(self.member(member_id)).data)

    @extend_schema(operation_id="change_room_member", request=MemberChange, responses={200: MemberRecord})
    def patch(self, request: Request, room_id: UUID, member_id: UUID) -> Response:
        """Change a member's role or name."""
        body = MemberChange(data=request.data)
        body.is_valid(raise_exception=True)
        member = keeping.change_member(self.caller, self.member(member_id), body.validated_data)
        return one(MemberRecord(member).data)

    @extend_schema(operation_id="remove_room_member", responses={204: None})
    def delete(self, request: Request, room_id: UUID, member_id: UUID) -> Response:
        """Remove a member: their next mint or refresh is refused. Nobody is put out; kick them as well for that."""
        keeping.remove_member(self.caller, self.member(member_id))
        return Response(status=204)
