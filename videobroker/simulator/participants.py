"""Participants as Telnyx shows them. It does not say who is muted; the control API does."""

from typing import Any

from videobroker.simulator import filters, listing
from videobroker.simulator.exchange import Call
from videobroker.simulator.filters import Condition
from videobroker.simulator.listing import Shown
from videobroker.simulator.simulation import Simulation
from videobroker.simulator.store import Row, Store

_OWN_FILTERS = {
    "date_joined_at": filters.on_date("joined_at"),
    "date_updated_at": filters.on_date("updated_at"),
    "date_left_at": filters.on_date("left_at"),
    "context": filters.equal("context"),
}
_FILTERS = _OWN_FILTERS | {"session_id": filters.identifier("session_id")}


def shown(row: Row) -> Shown:
    """A participant as Telnyx shows it."""
    return {
        "id": row["id"],
        "record_type": "room_participant",
        "session_id": row["session_id"],
        "context": row["context"],
        "joined_at": row["joined_at"],
        "updated_at": row["updated_at"],
        "left_at": row["left_at"],
    }


def of_session(store: Store, session_id: str) -> list[Row]:
    """Everyone who has been in the session, newest first."""
    sql = "SELECT * FROM participants WHERE session_id = ? ORDER BY joined_at DESC, seq DESC"
    return store.rows(sql, session_id)


def present_in(store: Store, session_id: str) -> list[Row]:
    """Everyone who is in the session now, in the order they came."""
    sql = "SELECT * FROM participants WHERE session_id = ? AND left_at IS NULL ORDER BY joined_at, seq"
    return store.rows(sql, session_id)


def list_room_participants(sim: Simulation, call: Call) -> Any:
    """A page of the account's participants."""
    wanted = [listing.of_account(call.caller.id), *filters.conditions(call.query, _FILTERS)]
    return listing.page_of(sim.store, "participants", call.query, wanted, shown)


def retrieve_list_room_participants(sim: Simulation, call: Call) -> Any:
    """A page of one session's participants."""
    session = listing.find(sim.store, "sessions", call.ids["room_session_id"], call.caller.id, "message")
    own = Condition("session_id = ?", (session["id"],))
    wanted = [listing.of_account(call.caller.id), own, *filters.conditions(call.query, _OWN_FILTERS)]
    return listing.page_of(sim.store, "participants", call.query, wanted, shown)


def view_room_participant(sim: Simulation, call: Call) -> Any:
    """One participant."""
    row = listing.find(sim.store, "participants", call.ids["room_participant_id"], call.caller.id)
    return {"data": shown(row)}
