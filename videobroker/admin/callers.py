"""From a person signed in to the console to a caller, the same as over REST."""

from django.http import HttpRequest

from videobroker.tenants.callers import Caller, CallerKind
from videobroker.tenants.client_addresses import client_address
from videobroker.tenants.models import Tenant, User


def user_of(request: HttpRequest) -> User:
    """Who is signed in. Raises `TypeError` where no page made sure that somebody is."""
    user: object = request.user
    if not isinstance(user, User):
        raise TypeError(f"{request.path} was reached by nobody: serve it through the site's admin_view")
    return user


def may_enter(user: object) -> bool:
    """Whether somebody may use the console at all: operators, and the staff of a tenant."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_operator or (user.is_staff and user.tenant_id is not None)


def caller_of(request: HttpRequest, tenant: Tenant | None = None) -> Caller:
    """Who acts. An operator acts in `tenant`, the owner of what is acted on; staff always act in their own."""
    user = user_of(request)
    if user.is_operator:
        kind, subject, identity = CallerKind.OPERATOR, user.username, None
    else:
        kind, subject, identity = CallerKind.IDENTITY, user.identity or user.username, user.identity or None
        tenant = user.tenant
    return Caller(
        kind=kind,
        subject=subject,
        tenant=tenant,
        identity=identity,
        display_name=user.get_full_name() or None,
        address=client_address(request),
        request_id=getattr(request, "request_id", ""),
        user=user,
    )
