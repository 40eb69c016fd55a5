"""The line to Telnyx of an account."""

from functools import cache

from django.conf import settings

from videobroker.secret import Secret
from videobroker.telnyx import Telnyx, Transport
from videobroker.tenants.models import Account


@cache
def transport() -> Transport:
    """The process's one pool of connections to Telnyx."""
    return Transport(pool_size=settings.TELNYX_POOL_SIZE)


def line_of(account: Account, *, timeout_secs: float | None = None) -> Telnyx:
    """A client that speaks for `account`. One without a key gets Telnyx's own refusal, like one with a wrong key."""
    return Telnyx(
        api_base=settings.TELNYX_API_BASE,
        api_key=account.api_key or Secret("none"),
        transport=transport(),
        timeout_secs=timeout_secs or settings.TELNYX_TIMEOUT_SECS,
    )
