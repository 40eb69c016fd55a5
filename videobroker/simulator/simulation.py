"""The simulated Telnyx as a whole, and the way anything in it changes."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videobroker.simulator import accounts, clock, ledger, settings
from videobroker.simulator.clock import Clock
from videobroker.simulator.exchange import Call
from videobroker.simulator.faults import FaultBook
from videobroker.simulator.rate_limit import RateLimits
from videobroker.simulator.settings import Settings
from videobroker.simulator.store import Store


class Simulation:
    """Everything there is: the store, the clock, the settings, the faults to come."""

    def __init__(self, data_dir: Path) -> None:
        self.store = Store(data_dir / "simulator.sqlite3")
        self.clock = Clock()
        self.faults = FaultBook()
        self.rate_limits = RateLimits()
        self.stopping = threading.Event()
        self.wakes = 0
        self._something_due = threading.Condition()
        self.public_url = ""
        self.apply(settings.load(self.store))
        self.link_secret = self._kept_secret("link_secret")

    def apply(self, changed: Settings) -> None:
        """Let these settings hold from now on."""
        self.settings = changed
        self.clock.offset_secs = changed.clock_offset_secs
        self.wake()

    def first_account(self, api_key: str | None) -> accounts.Account:
        """The first account, made when the store is empty; a given key will speak for it in any case."""
        with self.store.transaction():
            account = accounts.first(self.store) or accounts.create(self.store, api_key=api_key)
            if api_key:
                accounts.add_key(self.store, account.id, api_key)
            return account

    @contextmanager
    def change(self, call: Call | None = None) -> Iterator["Change"]:
        """A transaction: what happens inside happens wholly, at one time, or not at all."""
        change = Change(self, clock.written(self.clock.now()), call.ledger_id if call else None)
        with self.store.transaction():
            yield change
        if change.makes_due:
            self.wake()

    def wake(self) -> None:
        """Let those who wait for something to become due look again."""
        with self._something_due:
            self.wakes += 1
            self._something_due.notify_all()

    def wait_for_something_due(self, secs: float, seen_wakes: int) -> None:
        """Sleep so long, or until woken; `seen_wakes` is `wakes` as it was before the caller last looked.

        Whoever was woken between looking and sleeping does not sleep.
        """
        with self._something_due:
            if secs > 0 and self.wakes == seen_wakes and not self.stopping.is_set():
                self._something_due.wait(secs)

    def stop(self) -> None:
        """Let everything that waits end now."""
        self.stopping.set()
        self.faults.release_all()
        self.wake()

    def _kept_secret(self, name: str) -> bytes:
        with self.store.transaction():
            row = self.store.row("SELECT value FROM kept WHERE name = ?", name)
            value = row["value"] if row else secrets.token_hex(32)
            self.store.execute("INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)", name, value)
        return bytes.fromhex(value)


@dataclass
class Change:
    """One change under way: when it happens (`at`, as written) and which call caused it, if any.

    Whoever puts off something in it sets `makes_due`, so that those who do such things look again.
    """

    sim: Simulation
    at: str
    call_id: int | None
    makes_due: bool = False

    @property
    def store(self) -> Store:
        """The store, inside this change's transaction."""
        return self.sim.store

    def effect(self, name: str, **ids: Any) -> None:
        """Enter in the ledger what changed."""
        ledger.enter_effect(self.store, self.at, name, self.call_id, ids)
