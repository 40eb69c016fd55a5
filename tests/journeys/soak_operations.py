"""Thousands of orders while everything goes wrong: `pytest tests/journeys/soak_operations.py`; OPERATIONS says how
many. It is not part of the suite.

Rooms are made, changed, met in (muted, unmuted, kicked, ended) and deleted, while workers are killed, the broker
forgets and stops, beats come in twos or not at all, and Telnyx fails a fifth of the calls. In the end every order is
done, and Telnyx's ledger says that each was done once, or that its repeat found nothing left to do.
"""

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from rooms.models import Operation, Participant, Room
from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.journeys.chaos import STRUCK, Chaos, Faulty
from tests.rooms.orders import UNFINISHED
from tests.simulated import Simulator, wait_until
from tests.workers import start_broker, start_web

OPERATIONS = int(os.environ.get("OPERATIONS", "2000"))
KINDS = ("create_room", "update_room", "mute", "unmute", "kick", "end_session", "delete_room")
# A batch is muted and unmuted within the minute that such an order is good for, whatever goes wrong meanwhile.
BATCH = 36
PATIENCE_SECS = 240
RESUMES_WITHIN_SECS = 15.0


class Soak:
    """One batch of rooms after another through all kinds of orders."""

    def __init__(self, company: Company, simulator: Simulator, url: str) -> None:
        self.company, self.simulator = company, simulator
        self.back_end: Asker = company.at(url).back_end
        self.rooms: list[str] = []
        self.people: dict[str, list[str]] = {}
        self.telnyx_ids: dict[str, str] = {}
        self.sessions: dict[str, str] = {}

    def batch(self, size: int) -> None:
        """Order, see it done, and go on to the next kind."""
        made = [self.ask("POST", "/v2/rooms", {"max_participants": 5}, 201).data["id"] for _ in range(size)]
        self.rooms += made
        self.all_done()
        for room in made:
            self.ask("PATCH", f"/v2/rooms/{room}", {"max_participants": 6}, 200)
        self.all_done()
        self.meet(made)
        for action in ("mute", "unmute", "kick", "end"):
            for room in made:
                body = {"participants": self.ours(self.people[room][:1])} if action == "kick" else None
                self.ask("POST", f"/v2/room_sessions/{self.sessions[room]}/actions/{action}", body, 202)
            self.all_done()
        for room in made:
            self.ask("DELETE", f"/v2/rooms/{room}", None, 204)
        self.all_done()

    def ask(self, method: str, path: str, body: Json, status: int) -> Answer:
        answer = self.back_end.ask(method, path, body if body is not None or method == "DELETE" else {})
        assert answer.status == status, answer
        return answer

    def all_done(self) -> None:
        open_orders = Operation.objects.filter(state__in=UNFINISHED)
        wait_until(lambda: not open_orders.exists(), PATIENCE_SECS, pause_secs=0.1)

    def meet(self, rooms: list[str]) -> None:
        """Two people come into each room, and we hear of it (or ask)."""
        known = Room.objects.filter(pk__in=rooms).values_list("pk", "telnyx_id")
        for room, telnyx_id in ((str(pk), str(telnyx_id)) for pk, telnyx_id in known):
            self.telnyx_ids[room] = telnyx_id
            tokens = [self.simulator.mint(telnyx_id, key=self.company.telnyx_key)["token"] for _ in range(2)]
            self.people[room] = [self.simulator.join(token)["participant_id"] for token in tokens]
        everybody = {each for room in rooms for each in self.people[room]}
        Room.objects.filter(pk__in=rooms, reconcile_due_at=None).update(reconcile_due_at=timezone.now())
        seen = Participant.objects.filter(telnyx_id__in=everybody, joined_at__isnull=False)
        wait_until(lambda: seen.count() == len(everybody), PATIENCE_SECS, pause_secs=0.1)
        self.sessions |= {
            str(room): str(session) for room, session in seen.values_list("room_id", "session_id")
        }

    def ours(self, telnyx_ids: list[str]) -> list[str]:
        return [
            str(pk)
            for pk in Participant.objects.filter(telnyx_id__in=telnyx_ids).values_list("pk", flat=True)
        ]

    # What came of it

    def check(self) -> Counter[str]:
        """Every order was done, and by Telnyx's ledger once, or repeated without effect. Gives the orders by kind."""
        orders = Operation.objects.exclude(ordered_by="system:videobroker")
        not_done = [
            (order.kind, order.state, order.last_error) for order in orders.exclude(state="succeeded")
        ]
        assert not_done == []
        kinds = Counter(orders.values_list("kind", flat=True))
        assert {kinds[kind] for kind in KINDS} == {len(self.rooms)}
        assert not self.simulator.state()["rooms"]
        effects = self.simulator.effects()
        for effect in ("room.created", "room.deleted"):
            assert self.times(effects, effect, "room_id") == dict.fromkeys(self.telnyx_ids.values(), 1)
        ended = self.times(effects, "session.ended", "room_id")
        assert ended == dict.fromkeys(self.telnyx_ids.values(), 1)
        everybody = [each for people in self.people.values() for each in people]
        assert self.times(effects, "participant.left", "participant_id") == dict.fromkeys(everybody, 1)
        reasons = Counter(
            each["ids"]["left_reason"] for each in effects if each["effect"] == "participant.left"
        )
        assert reasons["kicked"] == len(self.rooms)
        self.check_voices(effects, everybody)
        updated = self.times(effects, "room.updated", "room_id")
        assert set(updated) == set(self.telnyx_ids.values())
        return kinds

    def check_voices(self, effects: list[Json], everybody: list[str]) -> None:
        """Everybody was muted and then unmuted; a repeat came before the next order, never after."""
        told: dict[str, list[str]] = {}
        for each in effects:
            if each["effect"] in ("participant.muted", "participant.unmuted"):
                told.setdefault(each["ids"]["participant_id"], []).append(each["effect"])
        assert set(told) == set(everybody)
        for heard in told.values():
            assert heard == sorted(heard)
            assert set(heard) == {"participant.muted", "participant.unmuted"}

    @staticmethod
    def times(effects: list[Json], effect: str, name: str) -> dict[str, int]:
        """How often each room or participant had the effect."""
        return dict(Counter(each["ids"][name] for each in effects if each["effect"] == effect))


@pytest.mark.timeout(7200)
@pytest.mark.django_db(transaction=True)
def test_every_order_is_done_whatever_goes_wrong(
    acme: Company, simulator: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    acme.change(requests_per_minute=10_000_000, max_rooms=1_000_000, identity_mode="observe")
    started = time.monotonic()
    with (
        start_broker(tmp_path) as broker,
        start_web(tmp_path, REDIS_URL=broker.url) as url,
        Chaos(tmp_path, broker, PUBLIC_URL=url, TELNYX_TASK_TIMEOUT_SECS="2") as chaos,
        Faulty(simulator) as faulty,
    ):
        soak = Soak(acme, simulator, url)
        while len(soak.rooms) * len(KINDS) < OPERATIONS:
            soak.batch(min(BATCH, -(-OPERATIONS // len(KINDS)) - len(soak.rooms)))
        fired = faulty.fired()
        struck = [call for call in simulator.calls() if call["operation"] in STRUCK]
    kinds = soak.check()
    assert chaos.problems == []
    share = sum(fired.values()) / len(struck)
    assert all(fired.values())
    assert share > 0.15
    assert set(chaos.happened) == {"worker killed", "broker flushed", "broker stopped", "two beats"}
    assert max(chaos.resumed_secs, default=0.0) <= RESUMES_WITHIN_SECS
    with capsys.disabled():
        print(
            f"\n{connection.vendor}: {kinds.total()} orders done in {time.monotonic() - started:.0f} s: {dict(kinds)}"
            f"\n{len(struck)} calls, {share:.0%} struck: {dict(fired)}"
            f"\n{dict(chaos.happened)}; {len(chaos.resumed_secs)} orders of killed workers went on,"
            f" the last after {max(chaos.resumed_secs, default=0.0):.1f} s"
        )
