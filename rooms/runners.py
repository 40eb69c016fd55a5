"""Who is worked for next, where many wait and some keep us waiting.

Each key (a tenant, an account) has a few runners, threads that work off what is due to it, one after the other; a key
whose work keeps failing has one, until something goes well. A runner ends when its work says so, or after a turn, and
its place goes to whoever has fewest. So whoever is slow holds up their own, however much of it waits.
"""

import random
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import ClassVar, Final, Generic, TypeVar

from django.db import DatabaseError, connection

Key = TypeVar("Key", bound=Hashable)

# After so many failures in a row a key counts as failing.
FAILURES_IN_A_ROW: Final = 3
# How long a runner goes on while others may be waiting for its place.
TURN_SECS: Final = 5.0


class Runners(ABC, Generic[Key]):
    """The runners of this process for one kind of work: `at_once` in all, and of those `at_once_for_each` key's. Each
    has a database connection of its own while it runs."""

    # What their threads are called.
    thread_name: ClassVar[str]
    # Whether a process that ends leaves them behind, and what they do to whoever takes it up.
    daemon: ClassVar[bool] = True

    def __init__(self, at_once: int, at_once_for_each: int, turn_secs: float = TURN_SECS) -> None:
        self._at_once = at_once
        self.at_once_for_each = at_once_for_each
        self._turn_secs = turn_secs
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._running: Counter[Key] = Counter()
        self._failures: Counter[Key] = Counter()
        self._resting_until: dict[Key, float] = {}

    @abstractmethod
    def due(self) -> Mapping[Key, int]:
        """How much is due to each key, of those to which something is; counting may stop at a key's places."""

    @abstractmethod
    def work(self, key: Key) -> bool:
        """Do one piece of what is due to the key; whether to go on with the next."""

    @abstractmethod
    def interrupted(self, key: Key, error: DatabaseError) -> None:
        """Log that the database failed a runner of the key."""

    def dispatch(self) -> int:
        """Start runners for what is due, as many as have a place; how many. Returns at once."""
        if self._stopped.is_set():
            return 0
        return self.start({key: self._running[key] + count for key, count in self.due().items()})

    def start(self, wanted: Mapping[Key, int]) -> int:
        """Start runners until each key has as many as are wanted for it, if there are places; how many."""
        most = {key: min(count, self.places(key)) for key, count in wanted.items()}
        started = 0
        while self._start_one(most):
            started += 1
        return started

    def start_for(self, key: Key) -> bool:
        """Start one more runner for the key, if there is a place; whether it was. Returns at once."""
        return self._start_one({key: self.places(key)})

    def running(self) -> int:
        """How many runners there are now."""
        with self._lock:
            return self._running.total()

    def stop(self) -> None:
        """Begin nothing more; what is under way goes on to its end."""
        self._stopped.set()

    def places(self, key: Key) -> int:
        """How many runners the key may have."""
        return 1 if self._failures[key] >= FAILURES_IN_A_ROW else self.at_once_for_each

    def note(self, key: Key, *, well: bool) -> int:
        """Say how a piece of work went; how many have failed in a row by now."""
        with self._lock:
            if well:
                self._failures.pop(key, None)
                return 0
            self._failures[key] += 1
            return self._failures[key]

    def rest(self, key: Key, secs: float) -> None:
        """Start no runner for the key for so long."""
        with self._lock:
            self._resting_until[key] = time.monotonic() + secs

    def is_awake(self, key: Key) -> bool:
        return self._resting_until.get(key, 0.0) <= time.monotonic()

    def _start_one(self, most: Mapping[Key, int]) -> bool:
        if (key := self._take_place(most)) is None:
            return False
        thread = threading.Thread(target=self._run, args=(key,), name=self.thread_name, daemon=self.daemon)
        thread.start()
        return True

    def _take_place(self, most: Mapping[Key, int]) -> Key | None:
        """Take a place for one of those keys, if there is one and the key has need of it."""
        with self._lock:
            if self._stopped.is_set() or self._running.total() >= self._at_once:
                return None
            able = [key for key in most if self._running[key] < most[key] and self.is_awake(key)]
            if not able:
                return None
            key = min(able, key=lambda each: (self._running[each], random.random()))
            self._running[key] += 1
            return key

    def _run(self, key: Key) -> None:
        until = time.monotonic() + self._turn_secs
        try:
            while time.monotonic() < until and not self._stopped.is_set() and self.work(key):
                pass
        except DatabaseError as error:
            self.interrupted(key, error)
        finally:
            connection.close()
            self._leave_place(key)
        if time.monotonic() >= until:
            self._pass_on(key)

    def _pass_on(self, key: Key) -> None:
        """After a whole turn, let whoever waits have the place at once."""
        try:
            self.dispatch()
        except DatabaseError as error:
            self.interrupted(key, error)
        finally:
            connection.close()

    def _leave_place(self, key: Key) -> None:
        with self._lock:
            self._running[key] -= 1
            if not self._running[key]:
                del self._running[key]
