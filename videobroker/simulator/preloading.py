"""Merging a state that is put: known objects are changed, others made, and all must fit together."""

import sqlite3
import time
import uuid
from typing import Any

from videobroker.simulator import compositions, errors, recordings, rooms, state_fields
from videobroker.simulator.accounts import first as first_account
from videobroker.simulator.accounts import get as get_account
from videobroker.simulator.fields import Fields
from videobroker.simulator.preloading_accounts import put_account
from videobroker.simulator.simulation import Change
from videobroker.simulator.store import Row

_OTHER_NAMES = {
    "room_sessions": "sessions",
    "room_participants": "participants",
    "room_recordings": "recordings",
    "room_compositions": "compositions",
}
_NAMES = ("accounts", "rooms", *_OTHER_NAMES, *_OTHER_NAMES.values(), "settings")


def preload(change: Change, fields: Fields) -> None:
    """Merge all lists of a state into the store, in the order in which they depend on each other.

    Raises Refusal with a pointer to the first object that does not fit; the transaction then undoes all.
    """
    fields.only(_NAMES)
    for name, put in _PUTS.items():
        for entry in _entries(fields, name):
            put(change, entry)
    change.makes_due = True


def _entries(fields: Fields, name: str, **owner: Any) -> list[Fields]:
    """The members of a list under either of its names; `owner` are fields that follow from the place."""
    names = [name, *(other for other, plain in _OTHER_NAMES.items() if plain == name)]
    entries = []
    for used in names:
        listed = fields.listed(used) if fields.values.get(used) is not None else []
        for place, value in enumerate(listed):
            entry = Fields(value, f"{fields.at}/{used}/{place}")
            entries.append(Fields({**owner, **entry.values}, entry.at))
    return entries


def _put_room(change: Change, fields: Fields) -> None:
    given = state_fields.given(fields, state_fields.ROOM)
    row = _merge(change, "rooms", fields, _made(change) | rooms.DEFAULTS, given)
    for entry in _entries(fields, "sessions", room_id=row["id"]):
        _put_session(change, entry)


def _put_session(change: Change, fields: Fields) -> None:
    given = state_fields.given(fields, state_fields.SESSION)
    made = _made(change) | _inherited(change, fields, given, "room_id")
    made |= {
        "active": given.get("ended_at") is None,
        "ended_at": None if given.get("active", True) else change.at,
    }
    row = _merge(change, "sessions", fields, made, given, needs="room_id")
    if bool(row["active"]) != (row["ended_at"] is None):
        raise fields.wrong("ended_at", "must be null while the session is active, and only then.")
    if row["active"] and change.store.by_id("rooms", row["room_id"]) is None:
        raise fields.wrong("room_id", "must name a room that exists while the session is active.")
    _in_order(fields, row, "created_at", "ended_at")
    for entry in _entries(fields, "participants", session_id=row["id"]):
        _put_participant(change, entry)


def _put_participant(change: Change, fields: Fields) -> None:
    given = state_fields.given(fields, state_fields.PARTICIPANT)
    if "session_id" in given and change.store.by_id("sessions", given["session_id"]) is None:
        raise fields.wrong("session_id", "must name a session that exists.")
    made = _made(change) | {"joined_at": change.at, "left_at": None, "context": None, "muted": False}
    made |= _inherited(change, fields, given, "session_id")
    del made["created_at"]
    row = _merge(change, "participants", fields, made, given, needs="session_id")
    session = change.store.by_id("sessions", row["session_id"])
    if row["left_at"] is None and not (session and session["active"]):
        raise fields.wrong("left_at", "is required, as the session has ended.")
    _in_order(fields, row, "joined_at", "left_at")


def _put_recording(change: Change, fields: Fields) -> None:
    given = state_fields.given(fields, state_fields.RECORDING)
    kind = given.get("type", "video")
    made = _made(change) | {"type": kind, "status": "completed", "codec": recordings.CODECS[kind]}
    made |= {name: str(uuid.uuid4()) for name in _OWNERS}
    for name in _OWNERS:
        made |= _inherited(change, fields, given, name)
    made |= _outcome(change, given.get("status", "completed"), recordings.MB_PER_SEC[kind])
    row = _merge(change, "recordings", fields, made, given)
    _in_order(fields, row, "started_at", "ended_at")


def _put_composition(change: Change, fields: Fields) -> None:
    given = state_fields.given(fields, state_fields.COMPOSITION)
    made = _made(change) | compositions.DEFAULTS | {"video_layout": "{}", "status": "completed"}
    made |= _inherited(change, fields, given, "session_id")
    made |= _outcome(change, given.get("status", "completed"), compositions.MB_PER_SEC)
    row = _merge(change, "compositions", fields, made, given)
    due_at = None if row["status"] == "completed" else time.time() + change.sim.settings.composition_secs / 2
    change.store.update("compositions", row["id"], {"due_at": due_at})
    _in_order(fields, row, "started_at", "ended_at")


_PUTS = {
    "accounts": put_account,
    "rooms": _put_room,
    "sessions": _put_session,
    "participants": _put_participant,
    "recordings": _put_recording,
    "compositions": _put_composition,
}
_OWNERS = {"room_id": "rooms", "session_id": "sessions", "participant_id": "participants"}


def _made(change: Change) -> Row:
    """What a new object gets when it is not given."""
    account = first_account(change.store)
    times = {"created_at": change.at, "updated_at": change.at}
    return {"id": str(uuid.uuid4()), "account_id": account.id if account else None} | times


def _outcome(change: Change, status: str, mb_per_sec: float) -> Row:
    """The times and sizes of a file that is completed, or of one that is not yet."""
    if status != "completed":
        return {"started_at": change.at}
    times = dict.fromkeys(("started_at", "ended_at", "completed_at"), change.at)
    return times | {"duration_secs": 60, "size_mb": round(60 * mb_per_sec, 3)}


def _inherited(change: Change, fields: Fields, given: Row, name: str) -> Row:
    """What follows from the object that `name` refers to: its account, and what it belongs to itself.

    An object that exists must agree with what is given. One that does not is nothing to inherit from:
    recordings and compositions outlive their rooms, and what may not is checked by the caller.
    """
    owner = change.store.by_id(_OWNERS[name], given[name]) if given.get(name) else None
    if owner is None:
        return {}
    inherited: Row = {key: owner[key] for key in ("account_id", "room_id", "session_id") if key in owner}
    for key, value in inherited.items():
        if given.get(key, value) != value:
            raise fields.wrong(key, f"does not agree with {name}: that one has {value}.")
    return inherited


def _merge(
    change: Change, table: str, fields: Fields, made: Row, given: Row, needs: str | None = None
) -> Row:
    """Change the object that has the given id, or make a new one; answers its whole row.

    `needs` is a field without which there is no new one.
    """
    known = change.store.by_id(table, given["id"]) if "id" in given else None
    if known and given.get("account_id", known["account_id"]) != known["account_id"]:
        raise fields.wrong("account_id", "cannot change: the object belongs to another account.")
    try:
        if known:
            change.store.update(table, known["id"], given)
        else:
            _make(change, table, fields, made | given, needs)
    except sqlite3.IntegrityError as error:
        raise fields.wrong("id", f"cannot be kept: {_why(table, error)}.", errors.DUPLICATE) from error
    row = change.store.by_id(table, (made | given)["id"])
    assert row is not None
    return row


def _why(table: str, error: sqlite3.IntegrityError) -> str:
    if "unique_name" in str(error):
        return "its unique_name is taken in the account"
    if table == "sessions" and "room_id" in str(error):
        return "its room has an active session already"
    return "a field it must have is missing or null"


def _make(change: Change, table: str, fields: Fields, row: Row, needs: str | None) -> None:
    if needs is not None:
        fields.given(needs)
    if get_account(change.store, row["account_id"]) is None:
        raise fields.wrong("account_id", "names no account; list it under accounts.")
    change.store.insert(table, row)


def _in_order(fields: Fields, row: Row, earlier: str, later: str) -> None:
    if row[later] is not None and row[earlier] is not None and row[later] < row[earlier]:
        raise fields.wrong(later, f"is before {earlier}.")
