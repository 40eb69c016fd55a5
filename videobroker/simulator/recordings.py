"""Recordings: one file per participant and kind. They end when told to, or when the participant leaves."""

import uuid
from typing import Any

from videobroker.simulator import clock, downloads, events, filters, listing
from videobroker.simulator.events import Audience
from videobroker.simulator.exchange import Call
from videobroker.simulator.listing import Shown
from videobroker.simulator.simulation import Change, Simulation
from videobroker.simulator.store import Row

CODECS = {"audio": "opus", "video": "vp8"}
STATUSES = ("completed", "processing")
MB_PER_SEC = {"audio": 0.006, "video": 0.15}

_FILTERS = {
    "date_started_at": filters.on_date("started_at"),
    "date_ended_at": filters.on_date("ended_at"),
    "room_id": filters.identifier("room_id"),
    "session_id": filters.identifier("session_id"),
    "participant_id": filters.identifier("participant_id"),
    "status": filters.among("status", *STATUSES),
    "type": filters.among("type", *CODECS),
    "duration_secs": filters.at_least("duration_secs"),
}


def shown(sim: Simulation, row: Row) -> Shown:
    """A recording as Telnyx shows it, with a fresh link."""
    return {
        "id": row["id"],
        "record_type": "room_recording",
        "room_id": row["room_id"],
        "session_id": row["session_id"],
        "participant_id": row["participant_id"],
        "type": row["type"],
        "status": row["status"],
        "codec": row["codec"],
        "duration_secs": row["duration_secs"],
        "size_mb": row["size_mb"],
        "download_url": downloads.link(sim, "recordings", row),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "started_at": row["started_at"],
        "ended_at": row["ended_at"],
        "completed_at": row["completed_at"],
    }


def list_room_recordings(sim: Simulation, call: Call) -> Any:
    """A page of the account's recordings."""
    wanted = _wanted(call)
    return listing.page_of(sim.store, "recordings", call.query, wanted, lambda row: shown(sim, row))


def view_room_recording(sim: Simulation, call: Call) -> Any:
    """One recording."""
    row = listing.find(sim.store, "recordings", call.ids["room_recording_id"], call.caller.id)
    return {"data": shown(sim, row)}


def delete_room_recording(sim: Simulation, call: Call) -> None:
    """Delete one recording and its file."""
    with sim.change(call) as change:
        row = listing.find(sim.store, "recordings", call.ids["room_recording_id"], call.caller.id)
        _delete(change, row)


def delete_room_recordings(sim: Simulation, call: Call) -> Any:
    """Delete every recording that meets the filters, without filters every one; pages do not matter here."""
    wanted = _wanted(call)
    with sim.change(call) as change:
        rows = listing.matching(sim.store, "recordings", wanted)
        for row in rows:
            _delete(change, row)
    return {"data": {"room_recordings": len(rows)}}


def start(change: Change, person: Row, room: Row, kind: str) -> Row:
    """Begin to record a participant who is present; answers the recording."""
    row = {
        "id": str(uuid.uuid4()),
        "account_id": person["account_id"],
        "room_id": person["room_id"],
        "session_id": person["session_id"],
        "participant_id": person["id"],
        "type": kind,
        "status": "processing",
        "codec": CODECS[kind],
        "created_at": change.at,
        "updated_at": change.at,
        "started_at": change.at,
    }
    change.store.insert("recordings", row)
    change.effect("recording.started", **_ids(row), account_id=row["account_id"])
    payload = _ids(row) | {"type": kind}
    events.publish(change, "video.room.recording.started", events.audience(room), payload)
    return _read(change, str(row["id"]))


def complete(change: Change, row: Row, duration_secs: int | None = None, size_mb: float | None = None) -> Row:
    """Finish a recording that runs; what is not told follows from the time it ran. Answers the recording."""
    if duration_secs is None:
        duration_secs = max(1, clock.secs_between(row["started_at"], change.at))
    if size_mb is None:
        size_mb = round(duration_secs * MB_PER_SEC[row["type"]], 3)
    done = {"status": "completed", "duration_secs": duration_secs, "size_mb": size_mb}
    times = {"ended_at": change.at, "completed_at": change.at, "updated_at": change.at}
    change.store.update("recordings", row["id"], done | times)
    change.effect("recording.completed", **_ids(row), account_id=row["account_id"])
    row = _read(change, row["id"])
    payload = _ids(row) | {name: row[name] for name in ("type", "size_mb", "codec", "duration_secs")}
    payload["download_url"] = downloads.link(change.sim, "recordings", row)
    events.publish(change, "video.room.recording.completed", _audience(change, row), payload)
    return row


def complete_those_of(change: Change, person: Row) -> None:
    """Finish all that is being recorded of someone who leaves."""
    sql = "SELECT * FROM recordings WHERE participant_id = ? AND status = 'processing' ORDER BY seq"
    for row in change.store.rows(sql, person["id"]):
        complete(change, row)


def _delete(change: Change, row: Row) -> None:
    change.store.delete("recordings", row["id"])
    change.effect("recording.deleted", **_ids(row), account_id=row["account_id"])


def _wanted(call: Call) -> list[filters.Condition]:
    # Bulk delete takes the page parameters as well, so a bad one is refused there too.
    filters.page(call.query)
    return [listing.of_account(call.caller.id), *filters.conditions(call.query, _FILTERS)]


def _ids(row: Row) -> dict[str, str]:
    ids = {name: row[name] for name in ("room_id", "session_id", "participant_id")}
    return ids | {"recording_id": row["id"]}


def _read(change: Change, row_id: str) -> Row:
    row = change.store.by_id("recordings", row_id)
    assert row is not None
    return row


def _audience(change: Change, row: Row) -> Audience:
    """The room's audience; none when the room is gone."""
    room = change.store.by_id("rooms", row["room_id"])
    return events.audience(room) if room else Audience(row["account_id"], row["room_id"], None)
