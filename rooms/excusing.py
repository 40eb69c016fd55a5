"""What callers are told when Telnyx fails us: that nothing was lost, why, and when to ask again."""

from datetime import timedelta
from typing import Final

import structlog
from django.utils import timezone

from videobroker.api.problems import Problem, unavailable
from videobroker.telnyx import errors
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)

DETAILS: Final = {
    "upstream_unavailable": "Telnyx does not answer at the moment; nothing was done, ask again",
    "upstream_rate_limited": "Telnyx asks us to slow down; nothing was done, ask again",
    "upstream_credentials": "Telnyx does not accept this tenant's account; who runs this service has to act",
    "upstream_room_changed": "the room moved to another Telnyx room meanwhile; nothing was done, ask again",
    "upstream_refused": "Telnyx refused this; nothing was done",
}
# Of files alone: Telnyx answers, and what it says must not be passed on.
DETAILS_OF_FILES: Final = {
    "upstream_untrusted_link": "Telnyx gave a link to where none should lead; who runs this service has to look at the "
    "log",
    "upstream_mismatch": "Telnyx has a file of another session under this id, so it was not handed out; who runs this "
    "service has to look at the log",
}


def as_problem(error: errors.TelnyxError, account: Account) -> Problem:
    """The answer for an error on the line of this account, which is written down."""
    log.warning("telnyx_failed", operation=error.operation, error=str(error))
    if isinstance(error, errors.RateLimited):
        return not_now("upstream_rate_limited", error.wait_secs)
    if isinstance(error, errors.Unauthorised | errors.Forbidden):
        account.note_credentials(refused=True, now=timezone.now())
        return not_now("upstream_credentials", 60)
    if isinstance(error, errors.Refused):
        return not_now("upstream_refused", 5)
    return not_now("upstream_unavailable", 2)


def not_now(reason: str, wait_secs: float) -> Problem:
    """503 for one of `DETAILS`."""
    return unavailable(reason, DETAILS[reason], retry_at=timezone.now() + timedelta(seconds=wait_secs))


def not_handed_out(reason: str) -> Problem:
    """503 for one of `DETAILS_OF_FILES`."""
    retry_at = timezone.now() + timedelta(minutes=1)
    return unavailable(reason, DETAILS_OF_FILES[reason], retry_at=retry_at)
