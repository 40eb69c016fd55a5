"""Sending webhooks: signed, in the order of being due, tried again after pauses, then at the failover URL.

At least once: what was under way when the simulator ended is sent again at the next start.
"""

import base64
import json
import threading
import time
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from urllib3.exceptions import HTTPError

from videobroker.simulator import accounts, clock, filters
from videobroker.simulator.filters import Query
from videobroker.simulator.simulation import Simulation
from videobroker.simulator.store import Row, Store

SENDERS = 4
_FORGER = Ed25519PrivateKey.generate()
_LONGEST_WAIT_SECS = 1.0
_JOINED = """
    SELECT deliveries.*, events.account_id, events.event_type, events.occurred_at, events.payload, events.url,
           events.failover_url, events.timeout_secs
    FROM deliveries JOIN events ON events.id = deliveries.event_id
"""


_FILTERS = {name: filters.equal(name) for name in ("event_type", "room_id", "account_id")}


class Postman:
    """The threads that send, and what they have in hand."""

    def __init__(self, sim: Simulation) -> None:
        self._sim = sim
        self._in_hand: set[int] = set()
        self._in_hand_lock = threading.Lock()

    def start(self) -> None:
        """Begin to send in the background, until the simulation stops."""
        for number in range(SENDERS):
            threading.Thread(target=self._work, name=f"sender-{number}", daemon=True).start()

    def _work(self) -> None:
        with requests.Session() as session:
            # A proxy set for the machine is no part of the simulated network.
            session.trust_env = False
            while not self._sim.stopping.is_set():
                seen_wakes = self._sim.wakes
                delivery, wait_secs = self._take()
                if delivery is not None:
                    self._send(session, delivery)
                else:
                    self._sim.wait_for_something_due(wait_secs, seen_wakes)

    def _take(self) -> tuple[Row | None, float]:
        """The delivery due next, now in hand; or None and how long to wait for one."""
        with self._in_hand_lock:
            sql = f"{_JOINED} WHERE state = 'pending' ORDER BY due_at, deliveries.seq LIMIT ?"
            waiting = self._sim.store.rows(sql, len(self._in_hand) + 1)
            delivery = next((row for row in waiting if row["seq"] not in self._in_hand), None)
            wait_secs = delivery["due_at"] - time.time() if delivery else _LONGEST_WAIT_SECS
            if delivery is None or wait_secs > 0:
                return None, min(wait_secs, _LONGEST_WAIT_SECS)
            self._in_hand.add(delivery["seq"])
            return delivery, 0.0

    def _send(self, session: requests.Session, delivery: Row) -> None:
        status, error = None, None
        url = delivery["failover_url"] if delivery["at_failover"] else delivery["url"]
        try:
            status = _post(self._sim, session, url, delivery)
        except (OSError, HTTPError, ValueError) as problem:
            # requests lets some of its parts' own errors through, for hosts that cannot be names at all.
            error = type(problem).__name__
        try:
            self._note(delivery, url, status, error)
        finally:
            with self._in_hand_lock:
                self._in_hand.discard(delivery["seq"])

    def _note(self, delivery: Row, url: str, status: int | None, error: str | None) -> None:
        """Write down how an attempt went and what follows from it."""
        attempt = {
            "delivery_seq": delivery["seq"],
            "attempt": delivery["attempts"] + 1,
            "at": clock.written(self._sim.clock.now()),
            "url": url,
            "status": status,
            "error": error,
        }
        accepted = status is not None and 200 <= status < 300
        follows = {"state": "delivered"} if accepted else _after_failure(self._sim, delivery)
        changes = follows | {"attempts": delivery["attempts"] + 1}
        assignments = ", ".join(f"{name} = ?" for name in changes)
        with self._sim.store.transaction():
            sql = f"UPDATE deliveries SET {assignments} WHERE seq = ?"  # noqa: S608 (names are ours)
            if self._sim.store.execute(sql, *changes.values(), delivery["seq"]):
                self._sim.store.insert("delivery_attempts", attempt)


def _after_failure(sim: Simulation, delivery: Row) -> Row:
    """Once more after a pause; when the pauses are used up, the failover URL; after that, no more."""
    pauses, tries = sim.settings.webhook_retry_secs, delivery["tries_here"]
    if tries < len(pauses):
        return {"tries_here": tries + 1, "due_at": time.time() + pauses[tries]}
    if delivery["failover_url"] and not delivery["at_failover"]:
        return {"tries_here": 0, "at_failover": True, "due_at": time.time()}
    return {"state": "failed"}


def _post(sim: Simulation, session: requests.Session, url: str, delivery: Row) -> int:
    """Send once; answers the status. Redirects are not followed and the answer's body is not read."""
    body = _envelope(delivery, url)
    headers = _signed(sim, delivery, body) | {
        "Content-Type": "application/json",
        "User-Agent": "telnyx-webhooks",
    }
    with session.post(
        url,
        data=body,
        headers=headers,
        timeout=delivery["timeout_secs"],
        allow_redirects=False,
        stream=True,
    ) as answer:
        return answer.status_code


def _envelope(delivery: Row, url: str) -> bytes:
    event = {
        "data": {
            "record_type": "event",
            "event_type": delivery["event_type"],
            "id": delivery["event_id"],
            "occurred_at": delivery["occurred_at"],
            "payload": json.loads(delivery["payload"]),
        },
        "meta": {"attempt": delivery["attempts"] + 1, "delivered_to": url},
    }
    return json.dumps(event).encode()


def _signed(sim: Simulation, delivery: Row, body: bytes) -> dict[str, str]:
    """The two headers: the time in seconds and the signature over time, a bar and the raw body."""
    account = accounts.get(sim.store, delivery["account_id"])
    key = account.signing_key if account and not delivery["forged"] else _FORGER
    timestamp = str(int(sim.clock.epoch_secs()))
    signature = key.sign(f"{timestamp}|".encode() + body)
    return {
        "telnyx-timestamp": timestamp,
        "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
    }


def shown(store: Store, query: Query) -> list[dict[str, Any]]:
    """The events in order, narrowed by event_type, room_id and account_id, with deliveries and attempts."""
    wanted = filters.conditions({f"filter[{name}]": value for name, value in query.items()}, _FILTERS)
    where = " AND ".join(condition.sql for condition in wanted) or "1"
    values = [value for condition in wanted for value in condition.values]
    sql = f"SELECT * FROM events WHERE {where} ORDER BY seq"  # noqa: S608 (the conditions are ours)
    return [
        {
            "id": event["id"],
            "account_id": event["account_id"],
            "room_id": event["room_id"],
            "event_type": event["event_type"],
            "occurred_at": event["occurred_at"],
            "payload": json.loads(event["payload"]),
            "deliveries": [_shown_delivery(store, row) for row in _deliveries_of(store, event["id"])],
        }
        for event in store.rows(sql, *values)
    ]


def _deliveries_of(store: Store, event_id: str) -> list[Row]:
    return store.rows("SELECT * FROM deliveries WHERE event_id = ? ORDER BY seq", event_id)


def _shown_delivery(store: Store, delivery: Row) -> dict[str, Any]:
    sql = "SELECT attempt, at, url, status, error FROM delivery_attempts WHERE delivery_seq = ? ORDER BY seq"
    return {
        "state": delivery["state"],
        "forged": bool(delivery["forged"]),
        "attempts": store.rows(sql, delivery["seq"]),
    }
