from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rooms import admission, rights
from rooms.models import Room
from tokens import measuring, minting, refreshing, upstream
from tokens.models import Grant
from tokens.serializers import MintBody, MintedRecord, RefreshBody
from videobroker.api.idempotency import idempotent
from videobroker.api.permissions import Policy
from videobroker.api.problems import forbidden
from videobroker.api.throttling import (
    AddressThrottle,
    IdentityMintThrottle,
    IdentityThrottle,
    MintThrottle,
    TenantThrottle,
)
from videobroker.api.views import ApiView, one
from videobroker.tenants.callers import Caller, caller_of
from videobroker.tenants.identities import clean_display_name


class MintView(ApiView):
    """Minting. A suspended tenant gets past the door here, to be told its reason by the one who decides."""

    scopes = {"POST": "tokens:mint"}
    for_people = {"POST": "whoever is admitted"}
    refuses = {"POST": (*admission.REASONS, "not_yourself", "grant_revoked", *upstream.DETAILS)}
    permission_classes = [Policy]
    throttle_classes = [IdentityThrottle, IdentityMintThrottle, MintThrottle, TenantThrottle]
    serializer_class = MintBody
    queryset = Grant.objects.none()

    @extend_schema(operation_id="create_room_client_token", responses={201: MintedRecord})
    @idempotent
    def post(self, request: Request, room_id: UUID) -> Response:
        """Mint a client token to join the room with."""
        body = self.read_body()
        room, named = rights.find_room(self.caller, room_id), body.get("identity")
        with rights.refusals_audited(self.caller, "token.mint", room, subject_kind="identity", subject=named):
            identity = whom(self.caller, named)
        asked = minting.Asked(
            identity=identity,
            display_name=body.get("display_name"),
            token_ttl_secs=body.get("token_ttl_secs"),
            refresh_token_ttl_secs=body.get("refresh_token_ttl_secs"),
            device=clean_display_name(request.headers.get("User-Agent", ""))[:200],
        )
        with measuring.counted("mint"):
            minted = minting.mint(self.caller, room, asked, now=timezone.now())
        return one(MintedRecord(minted).data, 201)


def whom(caller: Caller, identity: str | None) -> str | None:
    """Whom a request is about: a back end says so, a person is always themselves. Raises `Problem`."""
    if caller.is_back_end:
        return identity
    if identity not in {None, caller.identity}:
        raise forbidden("not_yourself", "you can ask for yourself only: leave `identity` out")
    return caller.identity


class SignedInOrTenantAllows(BasePermission):
    """Refreshing takes a login, unless there is none: then the tenant's rule decides (`refreshing`)."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        signed_in: object = request.user
        return signed_in is None or Policy().has_permission(request, view)


class RefreshView(ApiView):
    """Refreshing. Telnyx's own takes no API key, and so may ours where the tenant says so."""

    scopes = {"POST": "tokens:mint"}
    for_people = {"POST": "the grant's own"}
    refuses = {"POST": (*admission.REASONS, *refreshing.REASONS, *upstream.DETAILS)}
    permission_classes = [SignedInOrTenantAllows]
    throttle_classes = [IdentityThrottle, IdentityMintThrottle, AddressThrottle, MintThrottle, TenantThrottle]
    serializer_class = RefreshBody
    queryset = Grant.objects.none()

    @extend_schema(operation_id="refresh_room_client_token", responses={201: MintedRecord})
    @idempotent
    def post(self, request: Request, room_id: UUID) -> Response:
        """Refresh a client token. Who may not be in any more gets none."""
        body = self.read_body()
        signed_in: object = request.user
        caller = None if signed_in is None else caller_of(request)
        room = rights.find_room(caller, room_id) if caller else self._room_of_anybody(room_id)
        with measuring.counted("refresh"):
            minted = refreshing.refresh(
                caller,
                room,
                body["refresh_token"],
                token_ttl_secs=body.get("token_ttl_secs"),
                now=timezone.now(),
            )
        return one(MintedRecord(minted).data, 201)

    def _room_of_anybody(self, room_id: UUID) -> Room:
        """The room, for a caller who did not sign in, if its tenant lets a refresh token alone suffice; else 401."""
        room = Room.objects.living().select_related("tenant", "account").filter(pk=room_id).first()
        if room is None or room.tenant.refresh_needs_login:
            self.permission_denied(self.request)
        return room
