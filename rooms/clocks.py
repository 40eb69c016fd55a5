"""Whether we and Telnyx agree on what time it is. Where time decides what is deleted, a clock that jumped must not."""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models.functions import Now

from rooms.shredding import CLOCKS_MAY_DIFFER, timeout_secs
from videobroker.telnyx import errors
from videobroker.tenants.keyring import KeyRingError
from videobroker.tenants.lines import line_of
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Verdict:
    """Whether the clocks agree; None if they could not be compared. `why` says what is wrong, if something is."""

    agree: bool | None
    why: str = ""


@dataclass
class Clocks:
    """Our clock, which said `now` when this was made, and the database's, compared with Telnyx's; each account is asked
    once."""

    now: datetime
    _made_at: float = field(default_factory=time.monotonic)
    _verdicts: dict[UUID, Verdict] = field(default_factory=dict)

    def verdict(self, account: Account) -> Verdict:
        """Whether they agree to within `CLOCKS_MAY_DIFFER`."""
        if account.pk not in self._verdicts:
            self._verdicts[account.pk] = self._compare(account)
        return self._verdicts[account.pk]

    def _compare(self, account: Account) -> Verdict:
        try:
            offset_secs = line_of(account, timeout_secs=timeout_secs()).clock_offset_secs(self._ours)
        except (errors.TelnyxError, KeyRingError, ValueError) as error:
            log.warning("clocks_not_compared", account=str(account.pk), error=str(error))
            return Verdict(None, str(error))
        if offset_secs is None:
            return Verdict(False, "Telnyx does not say what time it is, so nobody can say that it is time")
        theirs = self._ours() + timedelta(seconds=offset_secs)
        wrong = [
            f"{whose} clock says {told.isoformat(timespec='seconds')}"
            for whose, told in (("our", self._ours()), ("the database's", _of_database(account)))
            if abs(told - theirs) > CLOCKS_MAY_DIFFER
        ]
        if not wrong:
            return Verdict(True)
        return Verdict(False, f"{' and '.join(wrong)}, Telnyx's {theirs.isoformat(timespec='seconds')}")

    def _ours(self) -> datetime:
        """What our clock says now, however much it is set meanwhile."""
        return self.now + timedelta(seconds=time.monotonic() - self._made_at)


def _of_database(account: Account) -> datetime:
    told: datetime = Account.objects.filter(pk=account.pk).values_list(Now(), flat=True)[0]
    return told
