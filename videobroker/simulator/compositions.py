"""Compositions: once ordered they become `processing` and `completed` by themselves; none ever fails."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from videobroker.simulator import clock, downloads, errors, events, filters, layouts, listing
from videobroker.simulator.exchange import Call
from videobroker.simulator.fields import Fields
from videobroker.simulator.listing import Shown
from videobroker.simulator.rooms import WEBHOOK_READERS
from videobroker.simulator.simulation import Change, Simulation
from videobroker.simulator.store import Row

STATUSES = ("completed", "enqueued", "processing")
MB_PER_SEC = 0.07

DEFAULTS: Row = {
    "session_id": None,
    "room_id": None,
    "format": "mp4",
    "resolution": layouts.DEFAULT_RESOLUTION,
    "video_layout": {},
    "webhook_event_url": None,
    "webhook_event_failover_url": "",
    "webhook_timeout_secs": None,
}
READERS: dict[str, Callable[[Fields, str], Any]] = {
    "session_id": Fields.identifier,
    "format": lambda fields, name: fields.choice(name, ("mp4",)),
    "resolution": layouts.resolution,
    "video_layout": layouts.video_layout,
    **WEBHOOK_READERS,
}

_FILTERS = {
    "date_created_at": filters.on_date("created_at"),
    "session_id": filters.identifier("session_id"),
    "status": filters.among("status", *STATUSES),
}


def shown(sim: Simulation, row: Row) -> Shown:
    """A composition as Telnyx shows it, with a fresh link; the account's id stands as `user_id`."""
    return {
        "id": row["id"],
        "record_type": "room_composition",
        "user_id": row["account_id"],
        "room_id": row["room_id"],
        "session_id": row["session_id"],
        "status": row["status"],
        "format": row["format"],
        "resolution": row["resolution"],
        "video_layout": json.loads(row["video_layout"]),
        "duration_secs": row["duration_secs"],
        "size_mb": row["size_mb"],
        "download_url": downloads.link(sim, "compositions", row),
        "webhook_event_url": row["webhook_event_url"],
        "webhook_event_failover_url": row["webhook_event_failover_url"],
        "webhook_timeout_secs": row["webhook_timeout_secs"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "started_at": row["started_at"],
        "ended_at": row["ended_at"],
        "completed_at": row["completed_at"],
    }


def list_room_compositions(sim: Simulation, call: Call) -> Any:
    """A page of the account's compositions."""
    wanted = [listing.of_account(call.caller.id), *filters.conditions(call.query, _FILTERS)]
    return listing.page_of(sim.store, "compositions", call.query, wanted, lambda row: shown(sim, row))


def view_room_composition(sim: Simulation, call: Call) -> Any:
    """One composition."""
    row = listing.find(sim.store, "compositions", call.ids["room_composition_id"], call.caller.id)
    return {"data": shown(sim, row)}


def create_room_composition(sim: Simulation, call: Call) -> Any:
    """Order a composition. Its session must be the account's; without one there is nothing to see."""
    fields = call.fields()
    asked = {name: read(fields, name) for name, read in READERS.items() if name in fields}
    with sim.change(call) as change:
        room_id = _room_id(sim, call, fields, asked.get("session_id"))
        row = DEFAULTS | asked | {"id": str(uuid.uuid4()), "account_id": call.caller.id, "room_id": room_id}
        row |= {"status": "enqueued", "created_at": change.at, "updated_at": change.at}
        row |= {"video_layout": json.dumps(row["video_layout"]), "due_at": _next_step_at(sim)}
        sim.store.insert("compositions", row)
        change.makes_due = True
        change.effect("composition.created", **_ids(row), account_id=row["account_id"])
    return {"data": shown(sim, listing.find(sim.store, "compositions", row["id"], call.caller.id))}


def delete_room_composition(sim: Simulation, call: Call) -> None:
    """Delete a composition and its file; one that is under way is never completed."""
    with sim.change(call) as change:
        row = listing.find(sim.store, "compositions", call.ids["room_composition_id"], call.caller.id)
        sim.store.delete("compositions", row["id"])
        change.effect("composition.deleted", **_ids(row), account_id=row["account_id"])


def advance_due(sim: Simulation) -> float | None:
    """Take every composition that is due one step on; answers the machine time of the next step, if any."""
    with sim.store.transaction():
        for row in sim.store.rows(
            "SELECT * FROM compositions WHERE due_at <= ? ORDER BY due_at", time.time()
        ):
            with sim.change() as change:
                _STEPS[row["status"]](change, row)
        next_due = sim.store.row("SELECT min(due_at) AS due_at FROM compositions WHERE due_at IS NOT NULL")
    return next_due["due_at"] if next_due else None


def _begin(change: Change, row: Row) -> None:
    step = {"status": "processing", "started_at": change.at, "updated_at": change.at}
    change.store.update("compositions", row["id"], step | {"due_at": _next_step_at(change.sim)})
    change.effect("composition.processing", **_ids(row), account_id=row["account_id"])


def _complete(change: Change, row: Row) -> None:
    duration_secs = _duration_secs(change, row["session_id"])
    size_mb = round(duration_secs * MB_PER_SEC, 3)
    times = {"ended_at": change.at, "completed_at": change.at, "updated_at": change.at, "due_at": None}
    done = {"status": "completed", "duration_secs": duration_secs, "size_mb": size_mb}
    change.store.update("compositions", row["id"], done | times)
    change.effect("composition.completed", **_ids(row), account_id=row["account_id"])
    told = {name: row[name] for name in ("format", "resolution")} | {"duration_secs": duration_secs}
    link = downloads.link(change.sim, "compositions", row | done)
    payload = _ids(row) | told | {"size_mb": size_mb, "download_url": link}
    events.publish(change, "video.room.composition.completed", events.audience(row), payload)


_STEPS = {"enqueued": _begin, "processing": _complete}


def _next_step_at(sim: Simulation) -> float:
    """Each of the two steps takes half of the time a composition takes."""
    return time.time() + sim.settings.composition_secs / 2


def _room_id(sim: Simulation, call: Call, fields: Fields, session_id: str | None) -> str | None:
    if session_id is None:
        return None
    sql = "SELECT room_id FROM sessions WHERE id = ? AND account_id = ?"
    session = sim.store.row(sql, session_id, call.caller.id)
    if session is None:
        raise fields.wrong("session_id", "names no session of this account.", errors.NOT_FOUND)
    return str(session["room_id"])


def _duration_secs(change: Change, session_id: str | None) -> int:
    """As long as the session lasted, or has lasted so far; a second at least."""
    session = change.store.by_id("sessions", session_id) if session_id else None
    if session is None:
        return 1
    return max(1, clock.secs_between(session["created_at"], session["ended_at"] or change.at))


def _ids(row: Row) -> dict[str, str | None]:
    return {"composition_id": row["id"], "session_id": row["session_id"], "room_id": row["room_id"]}
