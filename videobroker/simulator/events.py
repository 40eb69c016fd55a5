"""Events: what Telnyx tells by webhook. They are written with the change they tell of and sent later."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from videobroker.simulator.faults import Fault
from videobroker.simulator.simulation import Change
from videobroker.simulator.store import Row

EVENT_TYPES = (
    "video.room.session.started",
    "video.room.session.ended",
    "video.room.participant.joined",
    "video.room.participant.left",
    "video.room.recording.started",
    "video.room.recording.completed",
    "video.room.composition.completed",
)
DEFAULT_TIMEOUT_SECS = 2.0
_REORDER_FLUSH_SECS = 1.0
# Senders work side by side; this much apart, what is due earlier also arrives earlier.
_REORDER_STEP_SECS = 0.1


@dataclass(frozen=True)
class Audience:
    """Who hears of an event: one account's URLs. No URL, no webhook."""

    account_id: str
    room_id: str | None
    url: str | None
    failover_url: str | None = None
    timeout_secs: float | None = None


def audience(owner: Row) -> Audience:
    """The audience that a room or a composition names in its `webhook_…` fields."""
    return Audience(
        owner["account_id"],
        owner["id"] if "unique_name" in owner else owner["room_id"],
        owner["webhook_event_url"],
        owner["webhook_event_failover_url"],
        owner["webhook_timeout_secs"],
    )


def publish(change: Change, event_type: str, heard_by: Audience, payload: dict[str, Any]) -> str:
    """Write an event and the deliveries it is due; answers the event's id."""
    event = {
        "id": str(uuid.uuid4()),
        "account_id": heard_by.account_id,
        "room_id": heard_by.room_id,
        "event_type": event_type,
        "occurred_at": _occurred_at(event_type, change.at),
        "payload": json.dumps(payload),
        "url": heard_by.url,
        "failover_url": heard_by.failover_url,
        "timeout_secs": heard_by.timeout_secs or DEFAULT_TIMEOUT_SECS,
    }
    change.store.insert("events", event)
    if heard_by.url:
        _deliver(change, event)
    return str(event["id"])


def _occurred_at(event_type: str, at: str) -> str:
    # Telnyx's own example of this one event has a space where all others have a T; receivers must read both.
    return at.replace("T", " ") if event_type == "video.room.composition.completed" else at


def _deliver(change: Change, event: Row) -> None:
    """Line up the deliveries of an event as its faults would have them."""
    change.makes_due = True
    faults = change.sim.faults.strike_event(event["event_type"], event["account_id"], event["room_id"])
    named = {fault.named: fault for fault in faults}
    delivery = {
        "event_id": event["id"],
        "state": "dropped" if "webhook_drop" in named else "pending",
        "due_at": time.time() + _delay_secs(faults),
        "forged": "webhook_forge" in named,
    }
    copies = named["webhook_duplicate"].parameters.get("copies", 1) if "webhook_duplicate" in named else 0
    for _ in range(1 + copies):
        number = change.store.insert("deliveries", delivery)
        if "webhook_reorder" in named:
            _reorder(change, named["webhook_reorder"], number)


def _delay_secs(faults: list[Fault]) -> float:
    delays = [fault.parameters["secs"] for fault in faults if fault.named == "webhook_delay"]
    kept_back = [fault for fault in faults if fault.named == "webhook_reorder"]
    waits = [fault.parameters.get("secs", _REORDER_FLUSH_SECS) for fault in kept_back]
    return float(sum(delays) + sum(waits))


def _reorder(change: Change, fault: Fault, delivery: int) -> None:
    """Keep the delivery until the window is full, then let all go in reverse; else it goes in due time."""
    for place, number in enumerate(change.sim.faults.gather(fault, delivery)):
        due_at = time.time() + place * _REORDER_STEP_SECS
        change.store.execute("UPDATE deliveries SET due_at = ? WHERE seq = ?", due_at, number)
