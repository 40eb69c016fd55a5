"""What must hold before a view is even asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rest_framework.permissions import BasePermission

from videobroker.api.problems import forbidden
from videobroker.tenants.callers import Caller, caller_of

if TYPE_CHECKING:  # DRF's settings import this module while DRF's views are being made
    from rest_framework.request import Request
    from rest_framework.views import APIView


class NobodyMay(BasePermission):
    """The default: a view without a policy lets nobody in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return False


class Policy(BasePermission):
    """Each view says in `scopes` which scope a back end needs for which method, and in `for_people` which methods a
    tenant's person may call at all (what they may do to *this* room is decided by the room's rights)."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        caller: object = request.user
        if not isinstance(caller, Caller):
            return False
        if request.method not in view.allowed_methods:
            return True  # the view answers 405
        method = "GET" if request.method == "HEAD" else str(request.method)
        if caller.is_back_end:
            _check_scope(caller, getattr(view, "scopes", {}).get(method))
        elif method not in getattr(view, "for_people", ()):
            raise forbidden("back_end_only", "this takes an API key: people may not do it")
        return True


class SuspendedMayOnlyRead(BasePermission):
    """A suspended tenant sees what it has, and changes nothing."""

    SAFE: ClassVar = frozenset({"GET", "HEAD", "OPTIONS"})

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method not in self.SAFE and caller_of(request).the_tenant.is_suspended:
            raise forbidden("tenant_suspended", "this tenant is suspended: ask who runs this service")
        return True


def _check_scope(caller: Caller, scope: str | None) -> None:
    if scope is None:
        raise forbidden("people_only", "this is for people: it takes a person's token, not an API key")
    if not caller.may(scope):
        raise forbidden("missing_scope", f"this API key lacks the scope {scope!r}")
