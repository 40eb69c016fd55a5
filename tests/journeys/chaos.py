"""What goes wrong around the orders of a soak test: workers killed, a broker that forgets or stops, beats in twos or
none, and a Telnyx that fails a fifth of the calls."""

import itertools
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.db import connection

from rooms.models import Operation
from tests.simulated import Simulator, wait_until
from tests.workers import Broker, Running, environment, start, start_broker, start_worker

# As shares of all calls; together a fifth.
FAULTS: list[tuple[str, float, dict[str, Any]]] = [
    ("status", 0.04, {"status": 500}),
    ("status", 0.04, {"status": 503, "where": "after"}),
    ("reset", 0.04, {}),
    ("lost_answer", 0.04, {"how": "reset"}),
    ("truncate_json", 0.03, {}),
    ("timeout", 0.02, {"secs": 3}),
]
STRUCK = [
    "create_room", "update_room", "delete_room", "list_rooms", "view_room", "kick_participant_in_session",
    "mute_participant_in_session", "unmute_participant_in_session", "end_session", "view_room_session",
]  # fmt: skip
PAUSE_SECS = 4.0
BROKER_AWAY_SECS = 3.0
PATIENCE_SECS = 60.0


@dataclass
class Faulty:
    """Telnyx fails while the block runs, and for how many of the calls it did."""

    simulator: Simulator
    ids: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        for seed, (kind, share, more) in enumerate(FAULTS):
            self.ids.append(self.simulator.fault(kind, STRUCK, probability=share, seed=seed, **more))
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.simulator.clear_faults()

    def fired(self) -> Counter[str]:
        """How often each kind has struck so far."""
        count: Counter[str] = Counter()
        for fault_id, (kind, _, more) in zip(self.ids, FAULTS, strict=True):
            count[f"{kind} {more.get('where', more.get('how', ''))}".strip()] += self.simulator.see_fault(
                fault_id
            )["fired"]
        return count


class Chaos:
    """Two workers and a broker that have a hard time. `resumed_secs` is how long each order that a killed worker held
    took until somebody else held it or it was done."""

    def __init__(self, folder: Path, broker: Broker, **told: str) -> None:
        self.folder, self.broker, self.told = folder, broker, told | {"REDIS_URL": broker.url}
        self.happened: Counter[str] = Counter()
        self.resumed_secs: list[float] = []
        self.problems: list[BaseException] = []
        self._things = ExitStack()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chaos")

    def __enter__(self) -> Self:
        self.workers = [self._worker() for _ in range(2)]
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join(PATIENCE_SECS)
        self._things.close()

    def _worker(self) -> Running:
        return self._things.enter_context(start_worker(self.folder, ready=" ready.", **self.told))

    def _run(self) -> None:
        try:
            for what in itertools.cycle(
                (self.kill_one, self.forget, self.kill_both, self.stop_broker, self.two_beats)
            ):
                if self._stopping.wait(PAUSE_SECS):
                    break
                what()
        except BaseException as problem:  # noqa: BLE001  told to the test, which fails by it
            self.problems.append(problem)
        finally:
            connection.close()

    def kill_one(self) -> None:
        """One of the two workers dies; another takes its place."""
        held = self._kill(self.workers[:1])
        self._see_resumed(held)
        self.workers = [self.workers[1], self._worker()]

    def kill_both(self) -> None:
        """Both die, and come back."""
        held = self._kill(self.workers)
        self.workers = [self._worker() for _ in range(2)]
        self._see_resumed(held)

    def _kill(self, workers: list[Running]) -> dict[Any, int]:
        """Kill them while they have something in hand, if there is anything to be had; what was in hand just then."""
        until = time.monotonic() + 2
        while not _held() and time.monotonic() < until:
            time.sleep(0.01)  # between two looks; the deadline is above
        held = _held()
        for worker in workers:
            worker.kill()
        self.killed_at = time.monotonic()
        self.happened["worker killed"] += len(workers)
        return held

    def _see_resumed(self, held: dict[Any, int]) -> None:
        left = set(held)

        def resumed() -> bool:
            now = _held()
            for each in [each for each in left if now.get(each) != held[each]]:
                left.discard(each)
                self.resumed_secs.append(time.monotonic() - self.killed_at)
            return not left

        wait_until(resumed, PATIENCE_SECS, pause_secs=0.05)

    def forget(self) -> None:
        """FLUSHALL."""
        self.broker.forget_everything()
        self.happened["broker flushed"] += 1

    def stop_broker(self) -> None:
        """The broker goes, and comes back with nothing."""
        self.broker.kill()
        self.happened["broker stopped"] += 1
        self._stopping.wait(BROKER_AWAY_SECS)
        self.broker = self._things.enter_context(start_broker(self.folder, self.broker.port))

    def two_beats(self) -> None:
        """Two beats at once for a while; at all other times there is none."""
        with ExitStack() as beats:
            for number in range(2):
                schedule = self.folder / f"schedule-{number}-{self.happened['two beats']}"
                command = [
                    sys.executable,
                    "-m",
                    "celery",
                    "-A",
                    "videobroker",
                    "beat",
                    "--schedule",
                    str(schedule),
                ]
                beats.enter_context(
                    start(command, self.folder, "beat", environment(self.folder, **self.told))
                )
            self.happened["two beats"] += 1
            self._stopping.wait(8)


def _held() -> dict[Any, int]:
    """The orders that somebody holds, with their fences."""
    return dict(Operation.objects.filter(state=Operation.State.LEASED).values_list("pk", "fence"))
