from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import holding, rights
from rooms.filters import HoldFilters
from rooms.models import Composition, Footage, Hold, Recording, Room
from rooms.serializers.holds import HoldBody, HoldRecord, PlacedHoldRecord
from videobroker.api.idempotency import idempotent_in_one_transaction
from videobroker.api.paging import Pages
from videobroker.api.problems import forbidden, not_found
from videobroker.api.views import ApiView, one
from videobroker.tenants import auditing


class HoldsView(ApiView):
    """Holds of a tenant. Moderators place and see those on their room and on what was recorded in it."""

    scopes = {"GET": "recordings:read", "POST": "recordings:write"}
    for_people = {"GET": "moderators, of their rooms", "POST": "moderators, on their room and what is in it"}
    refuses = {"POST": (*rights.MODERATORS_ONLY, "back_end_only", "not_found", "deletion_begun")}
    queryset = Hold.objects.none()
    serializer_class = HoldRecord
    pagination_class = Pages
    filterset_class = HoldFilters

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            body = HoldBody(data=request.data)
            body.is_valid(raise_exception=True)
            self.body: dict[str, Any] = body.validated_data
            self.subject = self._subject()

    @extend_schema(operation_id="list_holds")
    def get(self, request: Request) -> Response:
        """List legal holds, lifted ones too."""
        return self.listing(holding.visible_to(self.caller))

    @extend_schema(operation_id="place_hold", request=HoldBody, responses={201: PlacedHoldRecord})
    @idempotent_in_one_transaction
    def post(self, request: Request) -> Response:
        """Place a legal hold: what it covers is deleted by nobody and nothing until it is lifted, be it retention,
        somebody's order, the deletion of the room or the erasure of a person."""
        self._check_that_it_is_there()
        caller = self.caller
        holder = self.body.get("holder") or f"{caller.kind}:{caller.subject}"
        placed = holding.place(caller, self.tenant, self.subject, reason=self.body["reason"], holder=holder)
        hold = placed.hold
        hold.too_late_for = [footage.pk for footage in placed.too_late_for]  # type: ignore[attr-defined]  # only this answer shows it, from no column
        return one(PlacedHoldRecord(hold).data, 201)

    def _subject(self) -> dict[str, Any]:
        """What the body names, if the caller may hold it, be it there or gone. Raises `Problem`; a refusal is audited,
        so this is outside of the transaction that it would roll back."""
        if "room_id" in self.body:
            return {"room": self._room(self.body["room_id"])}
        if "recording_id" in self.body:
            return {"recording": self._footage(Recording.objects.of(self.tenant), self.body["recording_id"])}
        if "composition_id" in self.body:
            return {
                "composition": self._footage(Composition.objects.of(self.tenant), self.body["composition_id"])
            }
        if not self.caller.is_back_end:
            auditing.record(
                self.caller, "hold.placed", subject_kind="identity", subject=self.body["identity"],
                refused_because="back_end_only",
            )  # fmt: skip
            raise forbidden("back_end_only", "a hold on a person in all rooms takes an API key")
        return {"identity": self.body["identity"]}

    def _room(self, room_id: UUID) -> Room:
        """A room that was deleted can be held as well: what was recorded in it may still be there."""
        if self.caller.is_back_end:
            found = Room.objects.of(self.tenant).filter(pk=room_id).first()
            if found is None:
                raise not_found()
            return found
        room = rights.find_room(self.caller, room_id)
        with rights.refusals_audited(self.caller, "hold.placed", room):
            rights.require_moderator(room, self.caller)
        return room

    def _check_that_it_is_there(self) -> None:
        """Raise `not_found` for a film that is gone. To be asked only of a new hold: the answer to one that was placed
        while the film was there stays what it was, for whoever asks with the same Idempotency-Key."""
        if any(isinstance(on, Footage) and on.state == Footage.State.DELETED for on in self.subject.values()):
            raise not_found()

    def _footage(self, rows: Any, footage_id: UUID) -> Any:
        rows = rows.select_related("room", "room__tenant")
        if not self.caller.is_back_end:
            rows = rows.filter(room__deleted_at=None)
        found: Footage | None = rows.filter(pk=footage_id).first()
        if found is None or not (self.caller.is_back_end or rights.is_moderator(found.room, self.caller)):
            raise not_found()
        return found


class OneHoldView(ApiView):
    """One hold."""

    scopes = {"GET": "recordings:read", "DELETE": "recordings:write"}
    for_people = {"GET": "moderators, of their rooms"}
    queryset = Hold.objects.none()
    serializer_class = HoldRecord

    def hold(self, hold_id: UUID) -> Hold:
        """The hold, if it is the caller's to see; else `not_found`."""
        found = holding.visible_to(self.caller).select_related("tenant").filter(pk=hold_id).first()
        if found is None:
            raise not_found()
        return found

    @extend_schema(operation_id="view_hold")
    def get(self, request: Request, hold_id: UUID) -> Response:
        """View a legal hold."""
        return one(HoldRecord(self.hold(hold_id)).data)

    @extend_schema(operation_id="lift_hold", responses={204: None})
    def delete(self, request: Request, hold_id: UUID) -> Response:
        """Lift a legal hold. What no other hold covers may be deleted from then on. The hold stays as a record."""
        holding.lift(self.caller, self.hold(hold_id), now=timezone.now())
        return Response(status=204)
