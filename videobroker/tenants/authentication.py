"""From a request to a caller: bearer tokens (API keys and the tenants' own JWTs) and session cookies."""

from functools import cache, partial
from typing import Final

from django.conf import settings
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from videobroker import outbound
from videobroker.tenants import api_keys, login_tokens
from videobroker.tenants.callers import Caller, CallerKind
from videobroker.tenants.client_addresses import client_address
from videobroker.tenants.deactivating import is_deactivated
from videobroker.tenants.identities import clean_display_name
from videobroker.tenants.jwks import JwksCache, fetch_document
from videobroker.tenants.models import IdentityProvider, Tenant, User

# How every key of Telnyx's begins.
TELNYX_KEY_PREFIX: Final = "KEY"
TAKEN: Final = (
    "a person shows a login token, which is a signed JWT (three parts joined by dots), and a back end an API key of "
    f"videobroker, which begins with {api_keys.PREFIX}"
)


@cache
def jwks_cache() -> JwksCache:
    """The process's cache of identity providers' keys."""
    policy = outbound.AddressPolicy(allow_private=settings.ALLOW_PRIVATE_ADDRESSES)
    return JwksCache(fetch=partial(fetch_document, policy=policy))


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <API key or JWT>` (RFC 6750). A tenant's JWT becomes the identity `sub`."""

    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        scheme, _, credential = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        try:
            text = credential.strip().decode("ascii")
        except UnicodeDecodeError as error:
            raise AuthenticationFailed("the bearer token has characters no token has", "malformed") from error
        caller = _back_end(request, text) if text.startswith(api_keys.PREFIX) else _person(request, text)
        return caller, "bearer"

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="videobroker"'


class SessionCookieAuthentication(SessionAuthentication):
    """A person signed in to this Django. Unsafe methods need Django's CSRF token."""

    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        user = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        self.enforce_csrf(request)
        if user.tenant is None or not user.identity:
            raise PermissionDenied(
                "this user has no tenant and identity of its own: operators work in the admin", "no_identity"
            )
        return _caller(
            request,
            CallerKind.IDENTITY,
            user.identity,
            user.tenant,
            name=clean_display_name(user.get_full_name()),
            user=user,
        ), "session"

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied(
                "the CSRF token is missing or wrong: send the csrftoken cookie's value as X-CSRFToken",
                "csrf_failed",
            ) from error


def _back_end(request: Request, text: str) -> Caller:
    try:
        key = api_keys.authenticate(text, now=timezone.now())
    except api_keys.ApiKeyRefused as error:
        raise AuthenticationFailed(str(error), error.reason) from error
    return _caller(request, CallerKind.API_KEY, str(key.pk), key.tenant, scopes=frozenset(key.scopes))


def _person(request: Request, text: str) -> Caller:
    if "." not in text:
        raise AuthenticationFailed(_why_no_credential(text), "malformed")
    try:
        provider = _provider_of(text)
        login = login_tokens.verify(text, provider.trusted(), now=timezone.now(), jwks=jwks_cache())
    except login_tokens.LoginRefused as error:
        raise AuthenticationFailed(str(error), error.reason) from error
    if is_deactivated(provider.tenant_id, login.identity):
        raise AuthenticationFailed("this person was deactivated", "user_deactivated")
    return _caller(request, CallerKind.IDENTITY, login.identity, provider.tenant, name=login.name)


def _why_no_credential(text: str) -> str:
    """What to tell somebody whose bearer token is neither a JWT nor begins as our keys do. Nothing of it is repeated:
    it may be a secret all the same."""
    if text.startswith(TELNYX_KEY_PREFIX):
        what = "this is a key of Telnyx's by its looks: it belongs into an account here, and clients never send it"
    elif text:
        what = "this is neither a login token nor an API key"
    else:
        what = "there is nothing behind Bearer"
    return f"{what}; {TAKEN}"


def _provider_of(text: str) -> IdentityProvider:
    """The registered provider a token claims to be from. The claim is only an address; verifying proves it."""
    claimed = login_tokens.peek(text)
    provider = (
        IdentityProvider.objects.select_related("tenant", "tenant__account")
        .filter(issuer=claimed.issuer, audience__in=claimed.audiences, is_active=True)
        .first()
    )
    if provider is None:
        raise login_tokens.LoginRefused(
            "unknown_issuer", "no identity provider is registered for this token's issuer and audience"
        )
    return provider


def _caller(
    request: Request,
    kind: CallerKind,
    subject: str,
    tenant: Tenant,
    *,
    name: str | None = None,
    scopes: frozenset[str] = frozenset(),
    user: User | None = None,
) -> Caller:
    caller = Caller(
        kind=kind,
        subject=subject,
        tenant=tenant,
        identity=subject if kind is CallerKind.IDENTITY else None,
        display_name=name or None,
        scopes=scopes,
        address=client_address(request._request),
        request_id=getattr(request._request, "request_id", ""),
        user=user,
    )
    request._request.caller = caller  # type: ignore[attr-defined]  # for what runs outside DRF: CORS, logs
    return caller
