from django.core.exceptions import ValidationError
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from rooms import exporting
from rooms.models import Member
from rooms.serializers.personal_data import PersonalDataRecord
from videobroker.api.problems import bad_request
from videobroker.api.views import ApiView
from videobroker.tenants.identities import validate_identity


class PersonalDataView(ApiView):
    """All that is kept about a person, for back ends."""

    scopes = {"GET": "privacy"}
    query_parameters = ("identity",)
    http_method_names = ["get"]  # a HEAD takes nothing away, and must not be audited as an export
    queryset = Member.objects.none()
    serializer_class = PersonalDataRecord

    @extend_schema(
        operation_id="export_personal_data",
        parameters=[OpenApiParameter("identity", str, required=True, description="Of whom.")],
        responses={200: PersonalDataRecord},
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """Export all that is kept about a person."""
        identity = request.query_params.get("identity", "")
        try:
            validate_identity(identity)
        except ValidationError as error:
            raise bad_request("; ".join(error.messages), reason="invalid", parameter="identity") from error
        pieces = exporting.export(self.caller, self.tenant, identity, now=timezone.now(), request=request)
        headers = {
            "Content-Disposition": 'attachment; filename="personal-data.json"',
            "Cache-Control": "no-store",
        }
        return StreamingHttpResponse(pieces, content_type="application/json", headers=headers)
