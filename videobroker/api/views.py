"""The base of all endpoints."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, NoReturn

from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from videobroker.api.cursors import CursorPages
from videobroker.api.filters import StrictFilterBackend, check_parameters
from videobroker.api.paging import Pages
from videobroker.api.parsing import StrictJSONParser
from videobroker.api.permissions import Policy, SuspendedMayOnlyRead
from videobroker.api.problems import bad_request
from videobroker.api.throttling import IdentityThrottle, TenantThrottle, rate_limit_headers
from videobroker.tenants.authentication import BearerAuthentication, SessionCookieAuthentication
from videobroker.tenants.callers import Caller, caller_of
from videobroker.tenants.models import Tenant

# An empty JSON object, and some space.
MOST_OF_NOTHING: Final = 16


class ApiView(GenericAPIView[Any]):
    """An endpoint of the dialect: authenticated, confined to a tenant, throttled, strict about parameters.

    A subclass says in `scopes` what a back end needs for each method and in `for_people` which methods people may
    call, and which people; a method in neither is refused to all. In `refuses` it says for each method why its own
    rules may refuse. The OpenAPI document is made from these (docs/adding-an-action.md).
    """

    # Without OPTIONS: browsers' preflights are answered before they get here, and there is nothing else to tell.
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    authentication_classes = [BearerAuthentication, SessionCookieAuthentication]
    parser_classes = [StrictJSONParser]
    permission_classes = [Policy, SuspendedMayOnlyRead]
    throttle_classes = [IdentityThrottle, TenantThrottle]
    filter_backends = [StrictFilterBackend]
    pagination_class: type[Pages | CursorPages] | None = None

    scopes: ClassVar[dict[str, str]] = {}
    for_people: ClassVar[Mapping[str, str] | frozenset[str]] = {}
    refuses: ClassVar[Mapping[str, Sequence[str]]] = {}
    query_parameters: ClassVar[Sequence[str]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method not in self.allowed_methods:
            self.http_method_not_allowed(
                request
            )  # before a view looks for what the path names, and finds nothing
        check_parameters(request, self)
        if request.method == "DELETE":
            _check_no_body(request)

    def http_method_not_allowed(self, request: HttpRequest | Request, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise 405, which names the methods that there are."""
        told = f"{request.method} is not for this path, which takes {', '.join(self.allowed_methods)}"
        raise MethodNotAllowed(str(request.method), told)

    def check_throttles(self, request: Request) -> None:
        """Count what is narrowest first, and no further once it is too much: what one person is refused must not use up
        what the others of the tenant have."""
        for throttle in self.get_throttles():
            if not throttle.allow_request(request, self):
                self.throttled(request, throttle.wait() or 1.0)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in rate_limit_headers(request).items():
            response[name] = value
        return response

    @property
    def caller(self) -> Caller:
        """Who asks."""
        return caller_of(self.request)

    @property
    def tenant(self) -> Tenant:
        """Whose rows this request may see."""
        return self.caller.the_tenant

    def listing(self, rows: QuerySet[Any]) -> Response:
        """The page of `rows` that was asked for, filtered, in the view's serializer."""
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def flag(self, name: str) -> bool:
        """A yes/no query parameter; Telnyx's own documents write `true` and `True`. Raises `Problem`."""
        text = self.request.query_params.get(name, "false").lower()
        if text not in {"true", "false"}:
            raise bad_request(f"{name} is true or false", parameter=name)
        return text == "true"

    def read_body(self, **kwargs: Any) -> dict[str, Any]:
        """The validated body. Raises DRF's `ValidationError`, which answers 422."""
        serializer = self.get_serializer(data=self.request.data, **kwargs)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values


def _check_no_body(request: Request) -> None:
    """Raise `Problem` for a DELETE with a body that says something: whoever narrows by it what is to be deleted would
    delete more than they said. Some clients send an empty object of their own accord."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > MOST_OF_NOTHING or (length and b"".join(request.body.split()) not in {b"", b"{}"}):
        told = (
            "a DELETE takes no body: what it is about is in its path and its parameters; leave the body out"
        )
        raise bad_request(told, reason="body_not_taken")


def one(data: Any, status: int = 200) -> Response:
    """The envelope of a single object."""
    return Response({"data": data}, status=status)
