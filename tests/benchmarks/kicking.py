"""How long from the REST call to Telnyx's kick: `python -m pytest tests/benchmarks/kicking.py -s`, or with ROUNDS=500.

A web server, a worker with nothing else to do and a broker of their own, as processes; the simulated Telnyx notes when
it was called. With BUSY=8 so many others mint all the time, and the web has no core left: the worker goes behind it, as
WORKER_NICENESS says. Beside it: how long the call itself took, and how long a webhook is kept waiting. It prints what
it measured and asserts only that everybody was kicked: what is fast enough depends on the machine.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import requests
from django.conf import settings

from tests.asking import Asker, Json
from tests.cast import Company
from tests.journeys.houses import House, start_house
from tests.rooms.webhooks import Post, body_of
from tests.simulated import Simulator, wait_until
from tests.tokens.doors import enter, revoke

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1800)]

ROUNDS = int(os.environ.get("ROUNDS", "100"))
BUSY = int(os.environ.get("BUSY", "0"))
# Between two kicks, so that the worker is idle and the webhooks of the one before have been applied.
PAUSE_SECS = 0.3


@pytest.fixture
def house(acme: Company, simulator: Simulator, tmp_path: Path) -> Iterator[House]:
    acme.change(requests_per_minute=1_000_000, mints_per_minute=1_000_000)
    niceness = str(settings.WORKER_NICENESS)
    with start_house(tmp_path, acme, simulator, WORKER_NICENESS=niceness) as started:
        yield started


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def told(name: str, secs: list[float]) -> str:
    p50, p99 = (percentile(secs, share) * 1000 for share in (0.5, 0.99))
    return (
        f"{name}: p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {max(secs) * 1000:.0f} ms ({len(secs)} times)"
    )


def join(house: House, minted: Json) -> str:
    return str(house.simulator.join(minted["token"], minted["context"])["participant_id"])


def test_from_call_to_kick(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    room = house.new_room({"ana": "moderator", "bo": "participant"}, max_participants=50)
    ana = house.person("ana")
    join(house, enter(ana, room))
    query = {"filter[active]": "true", "filter[room_id]": room["id"]}
    [session] = wait_until(lambda: ana.get("/v2/room_sessions", query).data)
    path = f"/v2/room_sessions/{session['id']}"
    reached, answered = [], []
    with others_minting(house):
        for _ in range(ROUNDS):
            kick_one(house, room, path, reached, answered)
    webhooks = webhook_secs(house)
    with capsys.disabled():
        print()
        for line in (told("REST call to Telnyx's kick", reached), told("the REST call itself", answered)):
            print(line)
        print(told("a webhook until it is answered", webhooks))


def kick_one(house: House, room: Json, path: str, reached: list[float], answered: list[float]) -> None:
    """Bo comes in and is kicked; both times are written down."""
    ana, bo = house.person("ana"), house.person("bo")
    telnyx_id = join(house, enter(bo, room))
    wait_until(lambda: here(ana, path))
    time.sleep(PAUSE_SECS)  # lets the last kick settle, so that each is measured alone
    called_at = time.time()
    assert ana.post(f"{path}/actions/kick", {"identities": ["bo"]}).status == 202
    answered.append(time.time() - called_at)
    kick = wait_until(lambda telnyx_id=telnyx_id: kick_of(house, telnyx_id))
    reached.append(datetime.fromisoformat(kick["at"]).timestamp() - called_at)
    assert not house.simulator.participant(telnyx_id)["present"]


@contextmanager
def others_minting(house: House) -> Iterator[None]:
    """Others mint meanwhile, each for a room that they take part in."""
    room = house.new_room({}, access="tenant", max_participants=50)
    stopped = threading.Event()

    def mint_on(identity: str) -> None:
        person = house.person(identity)
        while not stopped.is_set():
            revoke(person, room, refresh_token=enter(person, room)["refresh_token"])

    threads = [threading.Thread(target=mint_on, args=(f"guest-{number}",)) for number in range(BUSY)]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        stopped.set()
        for each in threads:
            each.join()


def here(ana: Asker, path: str) -> bool:
    people = ana.get(f"{path}/participants").data
    return any(person["identity"] == "bo" and person["left_at"] is None for person in people)


def kick_of(house: House, telnyx_id: str) -> Json | None:
    calls = house.simulator.calls("kick_participant_in_session")
    return next((call for call in calls if telnyx_id in (call["body"] or {}).get("participants", ())), None)


def webhook_secs(house: House) -> list[float]:
    """How long each of many webhooks waited for its answer."""
    post = Post(house.company.row.account)
    taken = []
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(ROUNDS):
            body = body_of("video.room.teleported", {})
            headers = {**post.headers(body), "Content-Type": "application/json"}
            started = time.monotonic()
            answer = session.post(f"{house.url}{post.path}", data=body, headers=headers, timeout=10)
            taken.append(time.monotonic() - started)
            assert answer.status_code == 200
    return taken
