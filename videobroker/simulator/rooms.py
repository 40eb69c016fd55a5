"""Rooms: made, shown, changed and deleted.

A room made without a `unique_name` has none (`null`): Telnyx documents no name of its own making.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from videobroker.simulator import errors, filters, listing, sessions
from videobroker.simulator.exchange import Call
from videobroker.simulator.fields import Fields
from videobroker.simulator.listing import Shown
from videobroker.simulator.simulation import Simulation
from videobroker.simulator.store import Row, Store

DEFAULTS: Row = {
    "unique_name": None,
    "max_participants": 10,
    "enable_recording": False,
    "webhook_event_url": None,
    "webhook_event_failover_url": "",
    "webhook_timeout_secs": None,
}


def or_null(read: Callable[[Fields, str], Any]) -> Callable[[Fields, str], Any]:
    """A reader that also takes null."""
    return lambda fields, name: None if fields.values[name] is None else read(fields, name)


def timeout_secs(fields: Fields, name: str) -> int:
    """How long a webhook may take, within Telnyx's limits."""
    return fields.integer(name, 0, 30)


WEBHOOK_READERS: dict[str, Callable[[Fields, str], Any]] = {
    "webhook_event_url": Fields.url,
    "webhook_event_failover_url": or_null(Fields.url),
    "webhook_timeout_secs": or_null(timeout_secs),
}
READERS: dict[str, Callable[[Fields, str], Any]] = {
    "unique_name": Fields.text,
    "max_participants": lambda fields, name: fields.integer(name, 2, 50),
    "enable_recording": Fields.boolean,
    **WEBHOOK_READERS,
}

_FILTERS = {
    "date_created_at": filters.on_date("created_at"),
    "date_updated_at": filters.on_date("updated_at"),
    "unique_name": filters.equal("unique_name"),
}


def shown(store: Store, row: Row, include_sessions: bool = False) -> Shown:
    """A room as Telnyx shows it."""
    active = sessions.active_in(store, row["id"])
    room = {
        "id": row["id"],
        "record_type": "room",
        "unique_name": row["unique_name"],
        "max_participants": row["max_participants"],
        "enable_recording": bool(row["enable_recording"]),
        "active_session_id": active["id"] if active else None,
        "webhook_event_url": row["webhook_event_url"],
        "webhook_event_failover_url": row["webhook_event_failover_url"],
        "webhook_timeout_secs": row["webhook_timeout_secs"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
    if include_sessions:
        room["sessions"] = [
            sessions.shown(store, session, True) for session in sessions.of_room(store, row["id"])
        ]
    return room


def list_rooms(sim: Simulation, call: Call) -> Any:
    """A page of the account's rooms."""
    wanted = [listing.of_account(call.caller.id), *filters.conditions(call.query, _FILTERS)]
    embed = filters.included(call.query, "include_sessions")
    return listing.page_of(sim.store, "rooms", call.query, wanted, lambda row: shown(sim.store, row, embed))


def view_room(sim: Simulation, call: Call) -> Any:
    """One room."""
    embed = filters.included(call.query, "include_sessions")
    row = listing.find(sim.store, "rooms", call.ids["room_id"], call.caller.id)
    return {"data": shown(sim.store, row, embed)}


def create_room(sim: Simulation, call: Call) -> Any:
    """Make a room; its name must be new in the account."""
    fields = call.fields()
    asked = _given(fields)
    with sim.change(call) as change:
        own = {"id": str(uuid.uuid4()), "account_id": call.caller.id, "created_at": change.at}
        row = DEFAULTS | asked | own | {"updated_at": change.at}
        with _named_once(fields):
            sim.store.insert("rooms", row)
        change.effect("room.created", room_id=row["id"], account_id=row["account_id"])
    return {"data": shown(sim.store, row)}


def update_room(sim: Simulation, call: Call) -> Any:
    """Change what the body names and nothing else."""
    fields = call.fields()
    asked = _given(fields)
    with sim.change(call) as change:
        row = listing.find(sim.store, "rooms", call.ids["room_id"], call.caller.id)
        with _named_once(fields):
            sim.store.update("rooms", row["id"], asked | {"updated_at": change.at})
        change.effect("room.updated", room_id=row["id"], account_id=row["account_id"])
        row = listing.find(sim.store, "rooms", row["id"], call.caller.id)
    return {"data": shown(sim.store, row)}


def delete_room(sim: Simulation, call: Call) -> None:
    """Everyone leaves, the session ends, and with the room all its tokens are void."""
    with sim.change(call) as change:
        row = listing.find(sim.store, "rooms", call.ids["room_id"], call.caller.id)
        session = sessions.active_in(sim.store, row["id"])
        if session:
            sessions.end(change, session, "room_deleted")
        sim.store.delete("rooms", row["id"])
        change.effect("room.deleted", room_id=row["id"], account_id=row["account_id"])


def _given(fields: Fields) -> Row:
    return {name: read(fields, name) for name, read in READERS.items() if name in fields}


@contextmanager
def _named_once(fields: Fields) -> Iterator[None]:
    """Says in Telnyx's words that a name is taken."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise fields.wrong("unique_name", "is taken in this account.", errors.DUPLICATE) from error
