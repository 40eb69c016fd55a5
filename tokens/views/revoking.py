from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import rights
from rooms.models import Room
from tokens import refresh_tokens
from tokens.models import Grant
from tokens.revoking import revoke
from tokens.serializers import RevokeBody, RevokedRecord
from videobroker.api.idempotency import idempotent_in_one_transaction
from videobroker.api.problems import forbidden
from videobroker.api.views import ApiView, one
from videobroker.tenants import auditing


class RevokeView(ApiView):
    """Revoking, after RFC 7009: what is unknown or revoked already is as good as revoked."""

    scopes = {"POST": "tokens:mint"}
    for_people = {"POST": "their own; moderators"}
    refuses = {"POST": ("not_a_moderator", "required")}
    serializer_class = RevokeBody
    queryset = Grant.objects.none()

    @extend_schema(operation_id="revoke_room_client_token", responses={200: RevokedRecord})
    def post(self, request: Request, room_id: UUID) -> Response:
        """Revoke grants. People may revoke their own, moderators and back ends anybody's in the room."""
        body = self.read_body()
        room = rights.find_room(self.caller, room_id)
        whose = body.get("identity")
        with rights.refusals_audited(
            self.caller, "token.revoked", room, subject_kind="identity", subject=whose
        ):
            if whose not in {None, self.caller.identity} and not rights.is_moderator(room, self.caller):
                detail = "only moderators of this room may revoke somebody else's grants"
                raise forbidden("not_a_moderator", detail)
        return self._revoke(request, room, body)

    @idempotent_in_one_transaction
    def _revoke(self, request: Request, room: Room, body: dict[str, Any]) -> Response:
        now = timezone.now()
        with transaction.atomic():
            revoked = revoke(self._grants(room, body), because="revoked", now=now)
            if revoked:
                auditing.record(
                    self.caller,
                    "token.revoked",
                    room_id=room.pk,
                    subject_kind="identity" if "identity" in body else "",
                    subject=body.get("identity", ""),
                    details={"grants": revoked, "by": sorted(body)},
                )
        return one({"result": "ok", "revoked": revoked})

    def _grants(self, room: Room, body: dict[str, Any]) -> QuerySet[Grant]:
        grants: QuerySet[Grant] = Grant.objects.filter(room=room)
        if not rights.is_moderator(room, self.caller):
            grants = grants.filter(identity=self.caller.identity)
        if "refresh_token" in body:
            grants = _of_token(grants, body["refresh_token"])
        if "grant_id" in body:
            grants = grants.filter(pk=body["grant_id"])
        if "identity" in body:
            grants = grants.filter(identity=body["identity"])
        if "issued_before" in body:
            grants = grants.filter(created_at__lt=body["issued_before"])
        return grants


def _of_token(grants: QuerySet[Grant], text: str) -> QuerySet[Grant]:
    """The token's grant. Any generation will do: who holds an old one may still say that it was stolen."""
    try:
        return grants.filter(pk=refresh_tokens.read(text).grant_id)
    except refresh_tokens.NotARefreshToken:
        return grants.none()
