"""`python -m tests.benchmarks.purging`: what a purge of very many recordings costs, and what it costs others.

Acme has DUE recordings (100,000 unless told) whose retention is over; globex's people join meanwhile. A web process, a
worker and a simulated Telnyx with a rate limit, each a process of its own. It prints

- how much memory the worker takes at the start, in the middle and in the end: it must not grow with what is to be done;
- how many calls a second Telnyx had of acme's account, and at most in any one second, beside its limit, and how many it
  had to refuse: all by Telnyx's own ledger;
- how long globex's mints take while nothing is purged, and while acme is: their ratio, which is to stay below 1.2 for
  the average and the median.

LIMIT is Telnyx's rate limit in calls a second; the purge leaves a quarter of it to others, and each deletion is two
calls. MINTS_PER_SEC is how fast globex's people come.
"""

import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import psutil
import requests

if TYPE_CHECKING:
    from tests.asking import Json
    from tests.cast import Company
    from tests.rooms.films import Studio
    from tests.simulated import Simulator
    from tests.workers import Running

DUE = int(os.environ.get("DUE", "100000"))
LIMIT = int(os.environ.get("LIMIT", "100"))
MINTS_PER_SEC = float(os.environ.get("MINTS_PER_SEC", "4"))
# For so long mints are timed before the purge, and again after it.
TURN_SECS = float(os.environ.get("TURN_SECS", "30"))
LOOK_SECS = 5.0
AT_ONCE = 1000


@dataclass
class Mints:
    """How long each mint took, in milliseconds; and how long Telnyx took for one of its own at the same time."""

    quiet: list[float] = field(default_factory=list)
    purging: list[float] = field(default_factory=list)
    telnyx_quiet: list[float] = field(default_factory=list)
    telnyx_purging: list[float] = field(default_factory=list)


@dataclass
class Place:
    """Where it happens."""

    url: str
    simulator: "Simulator"
    acme: "Company"
    globex: "Company"
    folder: Path
    told: dict[str, str]


@contextmanager
def place() -> Iterator[Place]:
    """A house over a fresh SQLite file, or over DATABASE_URL, whose database must be empty."""
    with tempfile.TemporaryDirectory(prefix="videobroker-benchmark-") as folder, ExitStack() as running:
        os.environ["VIDEOBROKER_TEST_DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        django.setup()
        # What follows reads the settings, so it can be imported only now.
        from django.conf import settings
        from django.core.management import call_command

        from tests.cast import make_company
        from tests.simulated import start_simulator
        from tests.workers import start_broker, start_web

        call_command("migrate", verbosity=0)
        path = Path(folder)
        simulator = running.enter_context(start_simulator(path / "simulator"))
        settings.TELNYX_API_BASE = simulator.api_base
        acme, globex = make_company("acme", simulator), make_company("globex", simulator)
        broker = running.enter_context(start_broker(path))
        told = {"REDIS_URL": broker.url, "PURGE_MAX_SHARE": "1", "LOG_LEVEL": "WARNING"}
        told |= {"MINTS_PER_MINUTE_OF_IDENTITY": "1000000", "WORKER_NICENESS": str(settings.WORKER_NICENESS)}
        url = running.enter_context(start_web(path, **told))
        yield Place(url, simulator, acme, globex, path, told)


def stock(there: Place) -> "Studio":
    """All the recordings, at Telnyx and here, of many rooms and days, as they come to be; one of the studios."""
    from rooms.models import Room
    from tests.rooms.ageing import stocked
    from tests.rooms.films import Studio

    for begun in range(0, DUE, AT_ONCE):
        studio = Studio.of(there.acme, there.simulator)
        stocked(studio, min(AT_ONCE, DUE - begun), days_ago=40 + begun / AT_ONCE)
        studio.over()
        _tell(f"made {min(begun + AT_ONCE, DUE)} of {DUE} recordings")
    Room.objects.update(reconcile_due_at=None)
    print()
    return studio


class Minting:
    """Globex's people mint, one every so often; each mint is written down where it belongs."""

    def __init__(self, there: Place) -> None:
        self.there = there
        self.room = there.globex.at(there.url).new_room(access="tenant", max_participants=50)
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {there.globex.login_token('gus')}"
        self._free_seat(self._mint())
        self.telnyx_room = next(
            room["id"]
            for room in there.simulator.state()["rooms"]
            if room["unique_name"] == f"vb-{self.room['id']}"
        )

    def for_secs(self, secs: float, into: list[float], at_telnyx: list[float]) -> None:
        """Mint for so long, in turns here and at Telnyx itself."""
        until = time.monotonic() + secs
        while time.monotonic() < until:
            began = time.perf_counter()
            refresh_token = self._mint()
            into.append((time.perf_counter() - began) * 1000)
            self._free_seat(refresh_token)
            asked = time.perf_counter()
            self.there.simulator.mint(self.telnyx_room, key=self.there.globex.telnyx_key)
            at_telnyx.append((time.perf_counter() - asked) * 1000)
            time.sleep(max(0.0, 1 / MINTS_PER_SEC - (time.perf_counter() - began)))  # people come one by one

    def _mint(self) -> str:
        path = f"{self.there.url}/v2/rooms/{self.room['id']}/actions/generate_join_client_token"
        answer = self.http.post(path, json={}, timeout=30)
        answer.raise_for_status()
        refresh_token: str = answer.json()["data"]["refresh_token"]
        return refresh_token

    def _free_seat(self, refresh_token: str) -> None:
        path = f"{self.there.url}/v2/rooms/{self.room['id']}/actions/revoke_client_token"
        self.http.post(path, json={"refresh_token": refresh_token}, timeout=30).raise_for_status()


class Calls:
    """What Telnyx was asked from now on. Its ledger forgets the oldest of very many, so it is read as it grows."""

    def __init__(self, simulator: "Simulator", account: str) -> None:
        self._simulator = simulator
        self._account = account
        self._last = max((entry["id"] for entry in simulator.ledger()), default=0)
        self.answers: Counter[int | None] = Counter()
        self.operations: Counter[str] = Counter()
        self.in_second: Counter[str] = Counter()

    def look(self) -> None:
        for call in self._simulator.calls(since=self._last):
            self._last = call["id"]
            self.operations[call["operation"]] += 1
            if call["account_id"] == self._account:
                self._count(call)

    def _count(self, call: "Json") -> None:
        self.answers[call["status"]] += 1
        self.in_second[call["at"][: len("2030-01-01T10:02:00")]] += 1


@dataclass
class Watch:
    """What is seen every few seconds, of the purge and of what is there without it."""

    worker: "Running"
    calls: Calls
    left: list[int] = field(default_factory=lambda: [DUE])
    rss_mb: list[float] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        from django.db import connection

        from rooms.models import Recording

        while not self.stopped.wait(LOOK_SECS):
            self.left.append(Recording.objects.exclude(state="deleted").count())
            self.rss_mb.append(_rss_mb(self.worker))
            self.calls.look()
            _tell(f"{DUE - self.left[-1]} of {DUE} deleted, the worker takes {self.rss_mb[-1]:.0f} MB")
        self.calls.look()
        connection.close()


def _rss_mb(worker: "Running") -> float:
    process = psutil.Process(worker.process.pid)
    return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)]) / 2**20


def measure(there: Place) -> None:
    from tests.workers import start_worker

    studio = stock(there)
    account = limit_of(there, studio)
    minting, mints = Minting(there), Mints()
    calls = Calls(there.simulator, account)
    with start_worker(there.folder, **there.told) as worker:
        watch = Watch(worker, calls)
        looking = threading.Thread(target=watch.run)
        looking.start()
        # Purges begin by themselves within a minute of the worker's start; until then it is idle.
        minting.for_secs(TURN_SECS, mints.quiet, mints.telnyx_quiet)
        began = time.monotonic()
        begin_purge()
        while watch.left[-1]:
            minting.for_secs(min(TURN_SECS, LOOK_SECS), mints.purging, mints.telnyx_purging)
        took = time.monotonic() - began
        minting.for_secs(TURN_SECS, mints.quiet, mints.telnyx_quiet)
        watch.stopped.set()
        looking.join()
    report(watch, mints, took)


def begin_purge() -> None:
    from django.utils import timezone

    from rooms import purging

    purging.begin_due(timezone.now())


def limit_of(there: Place, studio: "Studio") -> str:
    """Telnyx limits acme's account; its id."""
    from tests.rooms.ageing import account_id_of

    account = account_id_of(there.simulator, str(studio.gathering.row.telnyx_id))
    there.simulator.put_state(accounts=[{"id": account, "rate_limit": {"limit": LIMIT, "per_secs": 1}}])
    return account


def report(watch: Watch, mints: Mints, took: float) -> None:
    middle = len(watch.rss_mb) // 2
    at = {"start": watch.rss_mb[0], "middle": watch.rss_mb[middle], "end": watch.rss_mb[-1]}
    print("\nmemory of the worker: " + ", ".join(f"{mb:.0f} MB at the {when}" for when, mb in at.items()))
    print(f"the most it took: {max(watch.rss_mb):.0f} MB")
    print(f"deleted {DUE} in {took:.0f} s: {DUE / took:.1f} a second")
    calls = watch.calls
    per_sec, most = calls.answers.total() / took, max(calls.in_second.values())
    print(
        f"calls: {per_sec:.1f} a second of {LIMIT} that Telnyx allows ({per_sec / LIMIT:.0%}), at most {most} in one; "
        f"{calls.answers[429]} refused"
    )
    print(f"answers: {dict(calls.answers)}; bulk deletes: {calls.operations['delete_room_recordings']}")
    print(f"mints on average: {_beside(fmean(mints.quiet), fmean(mints.purging))}")
    for share, name in ((0.5, "p50"), (0.95, "p95")):
        print(f"mints {name}: {_beside(_at(mints.quiet, share), _at(mints.purging, share))}")
        telnyx = _beside(_at(mints.telnyx_quiet, share), _at(mints.telnyx_purging, share))
        print(f"  of which simulated Telnyx {name}: {telnyx}")
    print(f"({len(mints.quiet)} mints, and {len(mints.purging)} while purging)")


def _beside(quiet: float, busy: float) -> str:
    return f"{quiet:.1f} ms, while purging {busy:.1f} ms: {busy / quiet:.2f} x"


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _tell(what: str) -> None:
    end = "\r" if sys.stdout.isatty() else "\n"
    print(f"{what}   ", end=end, flush=True)


def main() -> None:
    with place() as there:
        measure(there)


if __name__ == "__main__":
    main()
