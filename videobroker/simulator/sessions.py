"""Sessions: a room has one active at most; the first to join begins it, the last to leave ends it."""

import uuid
from typing import Any

from videobroker.simulator import clock, events, filters, listing, participants, recordings
from videobroker.simulator.exchange import Call
from videobroker.simulator.filters import Condition
from videobroker.simulator.listing import Shown
from videobroker.simulator.simulation import Change, Simulation
from videobroker.simulator.store import Row, Store

_DATE_FILTERS = {
    "date_created_at": filters.on_date("created_at"),
    "date_updated_at": filters.on_date("updated_at"),
    "date_ended_at": filters.on_date("ended_at"),
    "active": filters.boolean("active"),
}
_FILTERS = _DATE_FILTERS | {"room_id": filters.identifier("room_id")}

# Why a session ended, and why that made its participants leave.
_LEFT_REASONS = {"ended": "session_ended", "room_deleted": "room_deleted"}


def shown(store: Store, row: Row, include_participants: bool = False) -> Shown:
    """A session as Telnyx shows it."""
    session = {
        "id": row["id"],
        "record_type": "room_session",
        "room_id": row["room_id"],
        "active": bool(row["active"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "ended_at": row["ended_at"],
    }
    if include_participants:
        session["participants"] = [
            participants.shown(person) for person in participants.of_session(store, row["id"])
        ]
    return session


def active_in(store: Store, room_id: str) -> Row | None:
    """The room's active session, if it has one."""
    return store.row("SELECT * FROM sessions WHERE room_id = ? AND active", room_id)


def of_room(store: Store, room_id: str) -> list[Row]:
    """All sessions the room has had, newest first."""
    return store.rows("SELECT * FROM sessions WHERE room_id = ? ORDER BY created_at DESC, seq DESC", room_id)


def list_room_sessions(sim: Simulation, call: Call) -> Any:
    """A page of the account's sessions."""
    wanted = [listing.of_account(call.caller.id), *filters.conditions(call.query, _FILTERS)]
    return _page(sim, call, wanted)


def retrieve_list_room_sessions(sim: Simulation, call: Call) -> Any:
    """A page of one room's sessions."""
    room = listing.find(sim.store, "rooms", call.ids["room_id"], call.caller.id, "message")
    own = Condition("room_id = ?", (room["id"],))
    wanted = [listing.of_account(call.caller.id), own, *filters.conditions(call.query, _DATE_FILTERS)]
    return _page(sim, call, wanted)


def view_room_session(sim: Simulation, call: Call) -> Any:
    """One session."""
    embed = filters.included(call.query, "include_participants")
    row = listing.find(sim.store, "sessions", call.ids["room_session_id"], call.caller.id)
    return {"data": shown(sim.store, row, embed)}


def begin(change: Change, room: Row) -> Row:
    """Begin a session in a room that has no active one."""
    row = {
        "id": str(uuid.uuid4()),
        "account_id": room["account_id"],
        "room_id": room["id"],
        "active": True,
        "created_at": change.at,
        "updated_at": change.at,
    }
    change.store.insert("sessions", row)
    change.store.update("rooms", room["id"], {"updated_at": change.at})
    ids = {"session_id": row["id"], "room_id": room["id"]}
    change.effect("session.started", **ids, account_id=room["account_id"])
    events.publish(change, "video.room.session.started", events.audience(room), ids)
    return row


def end(change: Change, session: Row, reason: str) -> None:
    """End an active session for one of the reasons a session can be ended; everyone leaves first."""
    for person in participants.present_in(change.store, session["id"]):
        _leave(change, person, _LEFT_REASONS[reason])
    _finish(change, session, reason)


def depart(change: Change, participant: Row, reason: str) -> None:
    """One participant leaves; with the last the session is over."""
    _leave(change, participant, reason)
    session_id = participant["session_id"]
    if not participants.present_in(change.store, session_id):
        session = change.store.row("SELECT * FROM sessions WHERE id = ? AND active", session_id)
        if session:
            _finish(change, session, "empty")


def _page(sim: Simulation, call: Call, wanted: list[Condition]) -> Any:
    embed = filters.included(call.query, "include_participants")
    return listing.page_of(
        sim.store, "sessions", call.query, wanted, lambda row: shown(sim.store, row, embed)
    )


def _finish(change: Change, session: Row, reason: str) -> None:
    ended = {"active": False, "ended_at": change.at, "updated_at": change.at}
    change.store.update("sessions", session["id"], ended)
    change.store.update("rooms", session["room_id"], {"updated_at": change.at})
    ids = {"session_id": session["id"], "room_id": session["room_id"]}
    change.effect("session.ended", **ids, account_id=session["account_id"], ended_reason=reason)
    told = {"duration_secs": clock.secs_between(session["created_at"], change.at), "ended_reason": reason}
    room = _room_of(change.store, session)
    events.publish(change, "video.room.session.ended", events.audience(room), ids | told)


def _leave(change: Change, person: Row, reason: str) -> None:
    recordings.complete_those_of(change, person)
    left = {"left_at": change.at, "left_reason": reason, "updated_at": change.at}
    change.store.update("participants", person["id"], left)
    change.store.update("sessions", person["session_id"], {"updated_at": change.at})
    ids = {name: person[name] for name in ("session_id", "room_id")} | {"participant_id": person["id"]}
    change.effect("participant.left", **ids, account_id=person["account_id"], left_reason=reason)
    stayed_secs = clock.secs_between(person["joined_at"], change.at)
    told = {"context": person["context"], "duration_secs": stayed_secs, "left_reason": reason}
    room = _room_of(change.store, person)
    events.publish(change, "video.room.participant.left", events.audience(room), ids | told)


def _room_of(store: Store, row: Row) -> Row:
    """The room that a session or participant now present belongs to; it exists as long as they do."""
    room = store.by_id("rooms", row["room_id"])
    assert room is not None
    return room
