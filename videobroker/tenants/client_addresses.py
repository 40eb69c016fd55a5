"""Where a request came from."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address of the caller: the peer's, or with TRUSTED_PROXIES = n the n-th from the right of
    X-Forwarded-For, which is the first that our own proxies wrote. What stands left of it anybody can write."""
    hops: int = settings.TRUSTED_PROXIES
    forwarded = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    address = forwarded[-hops] if hops and len(forwarded) >= hops else request.META.get("REMOTE_ADDR", "")
    return str(address)[:45]
