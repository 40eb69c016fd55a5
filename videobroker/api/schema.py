"""The OpenAPI document."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, inline_serializer
from rest_framework import serializers


def error_response(description: str) -> OpenApiResponse:
    """The one error shape, for a status that means `description`."""
    return OpenApiResponse(_ERRORS, description=description)


_ERRORS = inline_serializer(
    "Errors",
    {
        "errors": inline_serializer(
            "Error",
            {
                "code": serializers.CharField(help_text="Telnyx's code for this condition."),
                "title": serializers.CharField(),
                "detail": serializers.CharField(help_text="What was wrong, and what to do."),
                "source": serializers.DictField(child=serializers.CharField(), required=False),
                "meta": serializers.DictField(help_text="reason (for programs), request_id, retry_at."),
            },
            many=True,
        )
    },
)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped upstream
    """How the document says that a bearer token is wanted."""

    target_class = "videobroker.tenants.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (vbk_…) of your back end, or a JWT of your identity provider.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped upstream
    """How the document says that being signed in here does as well."""

    target_class = "videobroker.tenants.authentication.SessionCookieAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class OperationSchema(AutoSchema):
    """Adds what every operation may answer, and puts single objects into their `data` envelope."""

    COMMON = {
        "400": "The request cannot be read.",
        "401": "No credential, or one that does not hold.",
        "403": "Understood and refused; meta.reason says why.",
        "404": "Nothing here that is yours to see.",
        "429": "Too many requests; Retry-After says how long to wait.",
        "503": "Not now; nothing was lost. Retry-After says when to ask again.",
    }

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        common = dict(self.COMMON)
        if self.method in {"POST", "PATCH", "PUT"}:
            common["422"] = "A value does not do; source.pointer says which."
        for status, description in common.items():
            if status not in operation["responses"]:
                operation["responses"][status] = self._get_response_for_code(
                    error_response(description), status
                )
        return operation

    def _get_response_for_code(
        self, serializer: Any, status_code: Any, media_types: Any = None, direction: Any = "response"
    ) -> Any:
        untyped: Any = super()
        response = untyped._get_response_for_code(serializer, status_code, media_types, direction)
        content = response.get("content", {}).get("application/json")
        if content is not None and str(status_code).startswith("2") and not self._is_list_view():
            content["schema"] = {
                "type": "object",
                "properties": {"data": content["schema"]},
                "required": ["data"],
            }
        return response
