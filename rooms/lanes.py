"""Who is deleted for next: a lane for each Telnyx account, so that one whose Telnyx is slow, or wants to be left alone,
holds up its own.

A lane has a few runners, threads that work off what is due to its account. Telnyx's rate limit is everybody's: before
each deletion a runner looks at what Telnyx last said is left of it, and waits while less than `PURGE_HEADROOM` would
remain for those who are joining at this moment. What the limit leaves is used, evenly. After failures in a row the
lane rests.
"""

import random
import threading
import time
from collections import Counter
from functools import cache
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from rooms import deleting
from rooms.shredding import Outcome, Wait
from videobroker.telnyx.allowances import Allowance
from videobroker.tenants.keyring import KeyRingError
from videobroker.tenants.lines import line_of
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)

# Runners of one process, and of those one account's. Each has a database connection of its own while it runs.
AT_ONCE: Final = 8
AT_ONCE_FOR_ACCOUNT: Final = 4
# What one deletion asks of Telnyx: to look, and to delete.
CALLS_EACH: Final = 2
# A further runner is worth its place if the limit gives it so many deletions each time.
DELETIONS_IN_WINDOW: Final = 3
# How long a runner goes on while others may be waiting for its place.
TURN_SECS: Final = 5.0
# A runner waits for so long in its place; for longer, the lane rests and the place is free.
SHORT_PAUSE_SECS: Final = 2.0
FAILURES_IN_A_ROW: Final = 3
REST_SECS: Final = 5.0


class Lanes:
    """The lanes of this process."""

    def __init__(self, at_once: int = AT_ONCE, at_once_for_account: int = AT_ONCE_FOR_ACCOUNT) -> None:
        self._at_once = at_once
        self._at_once_for_account = at_once_for_account
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._running: Counter[UUID] = Counter()
        self._failures: Counter[UUID] = Counter()
        self._resting_until: dict[UUID, float] = {}
        self._next_turn: dict[UUID, float] = {}

    def dispatch(self) -> int:
        """Start runners for what is due, as many as have a place; how many. Returns at once."""
        waiting = self._due_by_account()
        started = 0
        while (account := self._take_place(waiting)) is not None:
            threading.Thread(target=self._run, args=(account,), name="deletion", daemon=True).start()
            started += 1
        return started

    def running(self) -> int:
        """How many runners there are now."""
        with self._lock:
            return self._running.total()

    def stop(self) -> None:
        """Begin no more deletions; those under way go on to their end."""
        self._stopped.set()

    def _due_by_account(self) -> dict[Account, int]:
        """The accounts that something is due to, and how many runners each may have for it."""
        theirs = deleting.due().order_by().filter(account=OuterRef("pk"))
        found = {}
        for account in Account.objects.filter(Exists(theirs)):
            due = len(deleting.due_of(account.pk, self._at_once_for_account))
            found[account] = min(due, self._places(account))
        return found

    def _places(self, account: Account) -> int:
        """One runner while Telnyx fails, or where the limit is so low that several would use it up at once."""
        if self._failures[account.pk] >= FAILURES_IN_A_ROW:
            return 1
        known = _allowance(account)
        if known is None:
            return self._at_once_for_account
        at_once = known.limit * (1 - settings.PURGE_HEADROOM) // (CALLS_EACH * DELETIONS_IN_WINDOW)
        return max(1, min(self._at_once_for_account, int(at_once)))

    def _take_place(self, waiting: dict[Account, int]) -> Account | None:
        """Take a place for one of those accounts, if there is one and the account has need of it."""
        with self._lock:
            if self._stopped.is_set() or self._running.total() >= self._at_once:
                return None
            able = [
                each for each in waiting if self._running[each.pk] < waiting[each] and self._is_awake(each)
            ]
            if not able:
                return None
            account = min(able, key=lambda each: (self._running[each.pk], random.random()))
            self._running[account.pk] += 1
            return account

    def _is_awake(self, account: Account) -> bool:
        return self._resting_until.get(account.pk, 0.0) <= time.monotonic()

    def _run(self, account: Account) -> None:
        until = time.monotonic() + TURN_SECS
        try:
            while (
                time.monotonic() < until and self._wait_for_allowance(account) and self._delete_one(account)
            ):
                pass
        except DatabaseError as error:
            log.warning("deletions_interrupted", account=str(account.pk), error=str(error))
        finally:
            self._leave_place(account.pk)
            self._pass_on(until)
            connection.close()

    def _pass_on(self, until: float) -> None:
        """After a whole turn, let whoever waits have the place at once."""
        if time.monotonic() < until:
            return
        try:
            self.dispatch()
        except DatabaseError as error:
            log.warning("deletions_interrupted", error=str(error))

    def _wait_for_allowance(self, account: Account) -> bool:
        """Wait until Telnyx's limit leaves room; False if that takes too long to sit in a place for."""
        while (pause_secs := self._pause_secs(account)) > 0:
            if pause_secs > SHORT_PAUSE_SECS:
                self._rest(account.pk, pause_secs)
                return False
            if self._stopped.wait(pause_secs):
                return False
        return not self._stopped.wait(self._until_turn_secs(account))

    def _until_turn_secs(self, account: Account) -> float:
        """Take the next of the moments at which the account's deletions begin, and say how far off it is. They are
        spread over the time they have: all at once they would be in everybody's way."""
        known = _allowance(account)
        apart_secs = known.spacing_secs(CALLS_EACH, settings.PURGE_HEADROOM) if known is not None else 0.0
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next_turn.get(account.pk, 0.0))
            self._next_turn[account.pk] = turn + min(apart_secs, SHORT_PAUSE_SECS)
            return turn - now

    def _pause_secs(self, account: Account) -> float:
        known = _allowance(account)
        if known is None:
            return 0.0
        with self._lock:
            calls = CALLS_EACH * max(1, self._running[account.pk])
        return known.pause_secs(calls, settings.PURGE_HEADROOM)

    def _delete_one(self, account: Account) -> bool:
        """Carry out one of what is due to the account; whether to go on with the next."""
        due = deleting.due_of(account.pk, self._at_once_for_account)
        random.shuffle(due)  # so that runners of one account do not all reach for the same
        for deletion_id in due:
            outcome = deleting.carry_out(deletion_id, now=timezone.now())
            if outcome is not None:
                return self._note(account.pk, outcome)
        return bool(due)  # others were quicker with these; there may be more

    def _note(self, account_id: UUID, outcome: Outcome) -> bool:
        if not isinstance(outcome, Wait):
            self._failures.pop(account_id, None)
            return True
        with self._lock:
            self._failures[account_id] += 1
            in_a_row = self._failures[account_id]
        if outcome.whole_account:
            self._rest(account_id, outcome.secs)
        elif in_a_row >= FAILURES_IN_A_ROW:
            self._rest(account_id, REST_SECS)
        return self._resting_until.get(account_id, 0.0) <= time.monotonic()

    def _rest(self, account_id: UUID, secs: float) -> None:
        with self._lock:
            self._resting_until[account_id] = time.monotonic() + secs

    def _leave_place(self, account_id: UUID) -> None:
        with self._lock:
            self._running[account_id] -= 1
            if not self._running[account_id]:
                del self._running[account_id]


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
