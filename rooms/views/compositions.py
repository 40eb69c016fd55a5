from typing import Any
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import composing, discarding, downloading, holding, reaching, retaining, rights
from rooms.filters import CompositionFilters
from rooms.models import Composition, Session
from rooms.serializers.compositions import (
    CompositionBody,
    CompositionRecord,
    OrderedCompositionRecord,
    RetainBody,
)
from videobroker.api.idempotency import idempotent_in_one_transaction
from videobroker.api.paging import Pages
from videobroker.api.problems import forbidden, invalid, not_found
from videobroker.api.views import ApiView, one

# Where a tenant's back end listens is its own to say.
BACK_END_FIELDS = frozenset({"webhook_event_url", "webhook_event_failover_url", "webhook_timeout_secs"})


class CompositionView(ApiView):
    """Compositions are shown to moderators of the room and to back ends."""

    queryset = Composition.objects.none()
    serializer_class = CompositionRecord

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "is_back_end": self.caller.is_back_end}

    def compositions(self) -> QuerySet[Any]:
        """What the caller may see, and whether it is held."""
        is_held = ExpressionWrapper(Q(held=True) | holding.covering(Composition), output_field=BooleanField())
        found = Composition.objects.visible_to(self.caller).annotate(is_held=is_held)
        return found.select_related("room", "room__tenant").order_by("-seen_at", "id")

    def composition(self, composition_id: UUID) -> Composition:
        """The composition, if it is the caller's to see. Raises `not_found`."""
        found: Composition | None = self.compositions().filter(pk=composition_id).first()
        if found is None:
            raise not_found()
        return found


class CompositionsView(CompositionView):
    """All compositions, and the order for another."""

    scopes = {"GET": "recordings:read", "POST": "recordings:write"}
    for_people = {"GET": "moderators", "POST": "moderators of the session's room"}
    refuses = {"POST": (*rights.MODERATORS_ONLY, "back_end_only", "nothing_recorded")}
    pagination_class = Pages
    filterset_class = CompositionFilters

    @extend_schema(operation_id="list_room_compositions")
    def get(self, request: Request) -> Response:
        """List compositions that are kept."""
        return self.listing(self.compositions())

    @extend_schema(
        operation_id="create_room_composition",
        request=CompositionBody,
        responses={202: OrderedCompositionRecord},
    )
    def post(self, request: Request) -> Response:
        """Have a film made of what was recorded in a session. It is ordered at Telnyx in the background; follow that at
        /v2/operations/{operation_id}, and the film at its own path."""
        body = CompositionBody(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(body.validated_data)
        session = self._session(values.pop("session_id"), values)
        return self._order(request, session, values)

    @idempotent_in_one_transaction
    def _order(self, request: Request, session: Session, values: dict[str, Any]) -> Response:
        ordered = composing.order(self.caller, session, values)
        ordered.composition.operation_id = ordered.operation.pk  # type: ignore[attr-defined]  # only this answer shows it, from no column
        shown = OrderedCompositionRecord(ordered.composition, context=self.get_serializer_context())
        return one(shown.data, 202)

    def _session(self, session_id: UUID, values: dict[str, Any]) -> Session:
        """The session, if the caller may decide in its room. Members who may not are told so (and it is audited). What
        was recorded in a room that is deleted is its owner's alone."""
        sessions = Session.objects.of(self.tenant).select_related("room", "room__account", "room__tenant")
        if not self.caller.is_back_end:
            sessions = sessions.filter(room__deleted_at=None)
        found = sessions.filter(pk=session_id).first()
        if found is None:
            raise invalid("there is no such session, or it is not yours", "/session_id")
        with rights.refusals_audited(
            self.caller, "composition.ordered", found.room, subject_kind="session", subject=found.pk
        ):
            rights.require_moderator(found.room, self.caller)
            if not self.caller.is_back_end and (wanted := sorted(BACK_END_FIELDS & set(values))):
                raise forbidden("back_end_only", f"{', '.join(wanted)}: only an API key may say this")
        return found


class OneCompositionView(CompositionView):
    """One composition."""

    scopes = {"GET": "recordings:read", "PATCH": "recordings:write", "DELETE": "recordings:write"}
    for_people = {"GET": "moderators", "DELETE": "moderators"}
    refuses = {"PATCH": ("deletion_begun",), "DELETE": ("held",)}

    @extend_schema(operation_id="view_room_composition")
    def get(self, request: Request, composition_id: UUID) -> Response:
        """View a composition."""
        return one(self.get_serializer(self.composition(composition_id)).data)

    @extend_schema(
        operation_id="retain_room_composition", request=RetainBody, responses={200: CompositionRecord}
    )
    def patch(self, request: Request, composition_id: UUID) -> Response:
        """Keep a composition until a time of its own."""
        found = self.composition(composition_id)
        body = RetainBody(data=request.data)
        body.is_valid(raise_exception=True)
        retaining.retain(self.caller, found, body.validated_data["retain_until"], now=timezone.now())
        return one(self.get_serializer(self.composition(composition_id)).data)

    @extend_schema(operation_id="delete_room_composition", responses={204: None})
    def delete(self, request: Request, composition_id: UUID) -> Response:
        """Delete a composition. It is gone from here at once, and at Telnyx soon after; what it was made of stays."""
        found = reaching.reach(self.caller, Composition, composition_id, "deleted")
        discarding.discard(self.caller, found)
        return Response(status=204)


class CompositionDownloadView(ApiView):
    """The way to a composition's file."""

    scopes = {"GET": "recordings:read"}
    for_people = {"GET": "moderators"}
    refuses = {"GET": downloading.REFUSES}
    http_method_names = downloading.METHODS
    queryset = Composition.objects.none()

    @extend_schema(
        operation_id="download_room_composition",
        responses={
            302: OpenApiResponse(description="Location is a fresh link to the file, good for an hour.")
        },
    )
    def get(self, request: Request, composition_id: UUID) -> Response:
        """Download a composition: redirects to a fresh link of Telnyx's, which is kept nowhere here."""
        return downloading.answer(self.caller, Composition, composition_id)
