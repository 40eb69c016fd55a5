from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import admission, rights
from tokens import seats
from tokens.models import Grant
from tokens.serializers import AccessRecord
from tokens.views.minting import whom
from videobroker.api.problems import bad_request
from videobroker.api.times import iso
from videobroker.api.views import ApiView, one
from videobroker.tenants.identities import validate_identity


class AccessView(ApiView):
    """Why can she get in, or why not."""

    scopes = {"GET": "rooms:read"}
    for_people = {"GET": "themselves; moderators"}
    refuses = {"GET": ("not_yourself",)}
    query_parameters = ("identity",)
    serializer_class = AccessRecord
    queryset = Grant.objects.none()

    @extend_schema(
        operation_id="explain_room_access",
        parameters=[OpenApiParameter("identity", str, description="Who; without it, yourself.")],
        responses={200: AccessRecord},
    )
    def get(self, request: Request, room_id: UUID) -> Response:
        """Explain whether a person would get a token now. Moderators and back ends may ask about anybody."""
        room = rights.find_room(self.caller, room_id)
        asked = request.query_params.get("identity")
        _check_identity(asked)
        identity = asked if rights.is_moderator(room, self.caller) else whom(self.caller, asked)
        identity = identity or self.caller.identity
        now = timezone.now()
        decision = admission.decide(
            room, identity, tenant=self.tenant, now=now, seats=seats.counted(room, now)
        )
        return one(
            {
                "record_type": "room_access",
                "room_id": str(room.pk),
                "identity": identity,
                "admitted": decision.admitted,
                "reason": decision.reason,
                "detail": decision.detail,
                "role": decision.role,
                "retry_at": iso(decision.retry_at) if decision.retry_at else None,
            }
        )


def _check_identity(asked: str | None) -> None:
    try:
        if asked is not None:
            validate_identity(asked)
    except ValidationError as error:
        raise bad_request("; ".join(error.messages), reason="invalid", parameter="identity") from error
