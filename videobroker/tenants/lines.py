"""The line to Telnyx of an account."""

from functools import cache
from typing import Final

from django.conf import settings
from prometheus_client import Histogram

from videobroker.secret import Secret
from videobroker.telnyx import Telnyx, Transport
from videobroker.tenants.models import Account

# Of this process. The outcome is `ok`, or the word of an error of `telnyx.errors`.
CALLS: Final = Histogram(
    "videobroker_telnyx_call_seconds",
    "How long calls of Telnyx took, by what came of them.",
    ["operation", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 20),
)


@cache
def transport() -> Transport:
    """The process's one pool of connections to Telnyx."""
    return Transport(pool_size=settings.TELNYX_POOL_SIZE, on_call=_note)


def _note(operation: str, outcome: str, secs: float) -> None:
    CALLS.labels(operation, outcome).observe(secs)


def line_of(account: Account, *, timeout_secs: float | None = None) -> Telnyx:
    """A client that speaks for `account`. One without a key gets Telnyx's own refusal, like one with a wrong key."""
    return Telnyx(
        api_base=settings.TELNYX_API_BASE,
        api_key=account.api_key or Secret("none"),
        transport=transport(),
        timeout_secs=timeout_secs or settings.TELNYX_TIMEOUT_SECS,
    )
