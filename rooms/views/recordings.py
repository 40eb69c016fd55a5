from typing import Any
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rooms import discarding, downloading, holding, reaching, retaining
from rooms.filters import RecordingFilters
from rooms.models import Recording
from rooms.serializers.compositions import RetainBody
from rooms.serializers.disposing import DiscardedRecord
from rooms.serializers.recordings import RecordingRecord
from videobroker.api.paging import Pages
from videobroker.api.problems import Fault, Problem, not_found
from videobroker.api.views import ApiView, one

# The filter that fits all.
ALL = "filter[all]"
DELETE_ALL = OpenApiParameter(
    ALL, bool, description="With true, and no other filter: all recordings of the tenant."
)


class RecordingView(ApiView):
    """Recordings are shown to moderators of the room and to back ends."""

    scopes = {"GET": "recordings:read"}
    for_people = {"GET": "moderators"}
    queryset = Recording.objects.none()
    serializer_class = RecordingRecord

    def recordings(self) -> QuerySet[Any]:
        """What the caller may see, with whose they are and whether they are held."""
        is_held = ExpressionWrapper(Q(held=True) | holding.covering(Recording), output_field=BooleanField())
        found = Recording.objects.visible_to(self.caller).select_related(
            "participant", "room", "room__tenant"
        )
        return found.annotate(is_held=is_held).order_by("-seen_at", "id")


class RecordingsView(RecordingView):
    """All recordings."""

    scopes = {"GET": "recordings:read", "DELETE": "recordings:write"}
    refuses = {"DELETE": ("no_filter", "invalid")}
    pagination_class = Pages
    filterset_class = RecordingFilters

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "DELETE":
            self.query_parameters = (ALL,)  # type: ignore[misc]  # of this request's own view
        super().initial(request, *args, **kwargs)

    @extend_schema(operation_id="list_room_recordings")
    def get(self, request: Request) -> Response:
        """List recordings that are kept."""
        return self.listing(self.recordings())

    @extend_schema(
        operation_id="delete_room_recordings", parameters=[DELETE_ALL], responses={201: DiscardedRecord}
    )
    def delete(self, request: Request) -> Response:
        """Delete all recordings that fit the filters. They are gone from here at once, and at Telnyx one by one soon
        after. What a hold covers stays and is named. Without any filter nothing is deleted, unless it says
        `filter[all]=true`."""
        filters = {name: str(value) for name, value in request.query_params.items()}
        _check_that_it_is_meant(filters)
        fitting = self.filter_queryset(Recording.objects.visible_to(self.caller))
        found = discarding.discard_all(self.caller, fitting, filters=filters, now=timezone.now())
        return one(DiscardedRecord(found).data, 201)


def _check_that_it_is_meant(filters: dict[str, str]) -> None:
    """Raise 422 unless there is a filter, or `filter[all]=true` and no other: a parameter that got lost on the way must
    not delete everything."""
    said = filters.get(ALL)
    if said is not None and said.lower() not in {"true", "false"}:
        raise Problem(400, [Fault("10031", f"{ALL} is true or false", "invalid_filter", parameter=ALL)])
    if said is not None and len(filters) > 1:
        told = f"give either {ALL}=true or other filters, not both"
        raise Problem(422, [Fault("10027", told, "invalid", parameter=ALL)])
    if not filters or (said is not None and said.lower() != "true"):
        told = f"say what to delete by a filter; {ALL}=true deletes all recordings of this tenant"
        raise Problem(422, [Fault("10027", told, "no_filter", parameter=ALL)])


class OneRecordingView(RecordingView):
    """One recording."""

    scopes = {"GET": "recordings:read", "PATCH": "recordings:write", "DELETE": "recordings:write"}
    for_people = {"GET": "moderators", "DELETE": "moderators"}
    refuses = {"PATCH": ("deletion_begun",), "DELETE": ("held",)}

    @extend_schema(operation_id="view_room_recording")
    def get(self, request: Request, recording_id: UUID) -> Response:
        """View a recording."""
        return one(self.get_serializer(self.recording(recording_id)).data)

    @extend_schema(operation_id="retain_room_recording", request=RetainBody, responses={200: RecordingRecord})
    def patch(self, request: Request, recording_id: UUID) -> Response:
        """Keep a recording until a time of its own, or with null again as long as its room says. A retention that
        becomes shorter holds after a day."""
        found = self.recording(recording_id)
        body = RetainBody(data=request.data)
        body.is_valid(raise_exception=True)
        retaining.retain(self.caller, found, body.validated_data["retain_until"], now=timezone.now())
        return one(self.get_serializer(found).data)

    @extend_schema(operation_id="delete_room_recording", responses={204: None})
    def delete(self, request: Request, recording_id: UUID) -> Response:
        """Delete a recording. It is gone from here at once, and at Telnyx soon after."""
        found = reaching.reach(self.caller, Recording, recording_id, "deleted")
        discarding.discard(self.caller, found)
        return Response(status=204)

    def recording(self, recording_id: UUID) -> Recording:
        """The recording, if it is the caller's to see. Raises `not_found`."""
        found: Recording | None = self.recordings().filter(pk=recording_id).first()
        if found is None:
            raise not_found()
        return found


class RecordingDownloadView(ApiView):
    """The way to a recording's file."""

    scopes = {"GET": "recordings:read"}
    for_people = {"GET": "moderators"}
    refuses = {"GET": downloading.REFUSES}
    http_method_names = downloading.METHODS
    queryset = Recording.objects.none()

    @extend_schema(
        operation_id="download_room_recording",
        responses={
            302: OpenApiResponse(description="Location is a fresh link to the file, good for an hour.")
        },
    )
    def get(self, request: Request, recording_id: UUID) -> Response:
        """Download a recording: redirects to a fresh link of Telnyx's, which is kept nowhere here."""
        return downloading.answer(self.caller, Recording, recording_id)
