"""Who is deleted for next: a lane for each Telnyx account, so that one whose Telnyx is slow, or wants to be left alone,
holds up its own.

Telnyx's rate limit is everybody's: before each deletion a runner looks at what Telnyx last said is left of it, and
waits while less than `PURGE_HEADROOM` would remain for those who are joining at this moment. What the limit leaves is
used, evenly. After failures in a row the lane rests.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.db.models import Exists, OuterRef
from django.utils import timezone

from rooms import deleting
from rooms.runners import FAILURES_IN_A_ROW, Runners
from rooms.shredding import Case, Outcome, Wait
from videobroker.telnyx.allowances import Allowance
from videobroker.tenants.keyring import KeyRingError
from videobroker.tenants.lines import line_of
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)

# Runners of one process, and of those one account's.
AT_ONCE: Final = 8
AT_ONCE_FOR_ACCOUNT: Final = 4
# What one deletion asks of Telnyx: to look, and to delete. Compositions, which are few, take one more.
CALLS_EACH: Final = 2
# A further runner is worth its place if the limit gives it so many deletions each time.
DELETIONS_IN_WINDOW: Final = 3
# Deletions that are read at once, and how old what was read may become: whatever is more urgent waits no longer.
READ_AT_ONCE: Final = 20
READ_EVERY_SECS: Final = 1.0
# A runner waits for so long in its place; for longer, the lane rests and the place is free.
SHORT_PAUSE_SECS: Final = 2.0
REST_SECS: Final = 5.0


class Lanes(Runners[Account]):
    """The lanes of this process."""

    thread_name = "deletion"

    def __init__(
        self,
        at_once: int = AT_ONCE,
        at_once_for_account: int = AT_ONCE_FOR_ACCOUNT,
        rest_secs: float = REST_SECS,
    ) -> None:
        super().__init__(at_once, at_once_for_account)
        self._rest_secs = rest_secs
        self._next_turn: dict[UUID, float] = {}
        self._deleting: Counter[UUID] = Counter()
        self._stacks: dict[UUID, _Stack] = {}

    def due(self) -> Mapping[Account, int]:
        theirs = deleting.due().order_by().filter(account=OuterRef("pk"))
        accounts = Account.objects.filter(Exists(theirs))
        return {each: deleting.count_due(each, self.at_once_for_each) for each in accounts}

    def places(self, account: Account) -> int:
        """One runner while Telnyx fails, or where the limit is so low that several would use it up at once."""
        most = super().places(account)
        known = _allowance(account)
        if known is None:
            return most
        at_once = known.limit * (1 - settings.PURGE_HEADROOM) // (CALLS_EACH * DELETIONS_IN_WINDOW)
        return max(1, min(most, int(at_once)))

    def work(self, account: Account) -> bool:
        if not self._wait_for_allowance(account):
            return False
        try:
            return self._delete_one(account)
        finally:
            with self._lock:
                self._deleting[account.pk] -= 1

    def interrupted(self, account: Account, error: DatabaseError) -> None:
        log.warning("deletions_interrupted", account=str(account.pk), error=str(error))

    def _wait_for_allowance(self, account: Account) -> bool:
        """Wait until Telnyx's limit leaves room for one more, and count it as begun; False if that takes too long to
        sit in a place for."""
        while self._sit_out(account):
            turn_secs = self._until_turn_secs(account)
            if turn_secs > SHORT_PAUSE_SECS or self._stopped.wait(turn_secs):
                return False
            with self._lock:
                if self._pause_secs(account) <= 0:
                    self._deleting[account.pk] += 1
                    return True
        return False

    def _sit_out(self, account: Account) -> bool:
        """Wait while the limit is used up; False if that takes too long."""
        while (pause_secs := self._pause_secs(account)) > 0:
            if pause_secs > SHORT_PAUSE_SECS:
                self.rest(account, pause_secs)
                return False
            if self._stopped.wait(pause_secs):
                return False
        return not self._stopped.is_set()

    def _until_turn_secs(self, account: Account) -> float:
        """Take the next of the moments at which the account's deletions begin, unless it is too far off to sit in a
        place for, and say how far off it is. They are spread over the time they have: all at once they would be in
        everybody's way."""
        known = _allowance(account)
        apart_secs = known.spacing_secs(CALLS_EACH, settings.PURGE_HEADROOM) if known is not None else 0.0
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next_turn.get(account.pk, 0.0))
            if turn - now <= SHORT_PAUSE_SECS:
                self._next_turn[account.pk] = turn + min(apart_secs, SHORT_PAUSE_SECS)
            return turn - now

    def _pause_secs(self, account: Account) -> float:
        """How long to wait for one more beside those that are begun, of whose calls Telnyx may not have told yet."""
        known = _allowance(account)
        if known is None:
            return 0.0
        return known.pause_secs(CALLS_EACH * (self._deleting[account.pk] + 1), settings.PURGE_HEADROOM)

    def _delete_one(self, account: Account) -> bool:
        with self._lock:
            stack = self._stacks.setdefault(account.pk, _Stack(account))
        while (case := stack.next()) is not None:
            outcome = deleting.carry_out(case, now=timezone.now())
            if outcome is not None:
                return self._note(account, outcome)
        return False

    def _note(self, account: Account, outcome: Outcome) -> bool:
        if not isinstance(outcome, Wait):
            self.note(account, well=True)
            return True
        if not outcome.has_failed:
            return True
        in_a_row = self.note(account, well=False)
        if outcome.whole_account:
            self.rest(account, outcome.secs)
        elif in_a_row >= FAILURES_IN_A_ROW:
            self.rest(account, self._rest_secs)
        return self.is_awake(account)


class _Stack:
    """What is next in a lane, read some at a time: to ask for each by itself costs more than to delete it. What was
    read is not old when it is taken up; by then another worker may have had it, which `carry_out` sees."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._cases: list[Case] = []
        self._read_at = 0.0

    def next(self) -> Case | None:
        """None if nothing is due."""
        with self._lock:
            if not self._cases or time.monotonic() - self._read_at > READ_EVERY_SECS:
                self._read_at = time.monotonic()
                self._cases = deleting.next_of(self._account, READ_AT_ONCE)[::-1]
            return self._cases.pop() if self._cases else None


def _allowance(account: Account) -> Allowance | None:
    try:
        return line_of(account).allowance
    except (KeyRingError, ValueError):
        return None  # a key that cannot be used has used nothing up; carrying out says what is wrong with it


@cache
def lanes() -> Lanes:
    """The process's lanes."""
    return Lanes()


def dispatch_due() -> int:
    """Have this process carry out the deletions that are due; how many runners were started for it."""
    return lanes().dispatch()
