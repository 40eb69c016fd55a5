"""The whole state: shown, put, forgotten. What is shown by one simulator can be put into another."""

from typing import Any

from videobroker.simulator import (
    accounts,
    clock,
    compositions,
    ledger,
    participants,
    preloading,
    recordings,
    rooms,
)
from videobroker.simulator import sessions as session_views
from videobroker.simulator import settings as tempo
from videobroker.simulator.fields import Fields
from videobroker.simulator.settings import Settings
from videobroker.simulator.simulation import Simulation
from videobroker.simulator.store import Row

_FORGOTTEN = (
    "rooms",
    "sessions",
    "participants",
    "recordings",
    "compositions",
    "events",
    "deliveries",
    "delivery_attempts",
)


def shown(sim: Simulation) -> dict[str, Any]:
    """Everything, API keys and private keys included, each list in the order its members were made."""
    store = sim.store
    with store.transaction():
        return {
            "accounts": [_account(sim, account) for account in accounts.every(store)],
            "rooms": [_owned(row, rooms.shown(store, row)) for row in store.every("rooms")],
            "sessions": [_owned(row, session_views.shown(store, row)) for row in store.every("sessions")],
            "participants": [_owned(row, _participant(row)) for row in store.every("participants")],
            "recordings": [_owned(row, recordings.shown(sim, row)) for row in store.every("recordings")],
            "compositions": [
                _owned(row, compositions.shown(sim, row)) for row in store.every("compositions")
            ],
            "settings": sim.settings.shown(),
        }


def put(sim: Simulation, fields: Fields) -> None:
    """Merge a state into what is there, wholly or not at all. What an object does not name it keeps.

    No events are sent: a preloaded past is not news.
    """
    chosen = _settings(sim, fields)
    with sim.change() as change:
        preloading.preload(change, fields)
        change.effect("state.put")
        if chosen is not None:
            tempo.keep(sim.store, chosen)
    sim.apply(chosen or sim.settings)


def put_settings(sim: Simulation, fields: Fields) -> None:
    """Change the settings that are given, and keep them for the next start."""
    chosen = tempo.changed(sim.settings, fields)
    with sim.store.transaction():
        tempo.keep(sim.store, chosen)
    sim.apply(chosen)
    sim.rate_limits.forget()


def forget(sim: Simulation, with_accounts: bool) -> None:
    """Back to the beginning, with the accounts as they are or the first alone; no call is held any more."""
    sim.faults.clear()
    with sim.store.transaction():
        for table in _FORGOTTEN:
            sim.store.clear(table)
        ledger.forget(sim.store)
        if with_accounts:
            _forget_accounts(sim)
        tempo.keep(sim.store, Settings())
    sim.apply(Settings())
    sim.rate_limits.forget()


def _forget_accounts(sim: Simulation) -> None:
    sim.store.execute("DELETE FROM accounts WHERE seq != (SELECT min(seq) FROM accounts)")
    sim.store.execute("DELETE FROM api_keys WHERE account_id NOT IN (SELECT id FROM accounts)")


def _settings(sim: Simulation, fields: Fields) -> Settings | None:
    if fields.values.get("settings") is None:
        return None
    return tempo.changed(sim.settings, Fields(fields.values["settings"], "/settings"))


def _owned(row: Row, seen: dict[str, Any]) -> dict[str, Any]:
    return seen | {"account_id": row["account_id"]}


def _account(sim: Simulation, account: accounts.Account) -> dict[str, Any]:
    keys = accounts.keys_of(sim.store, account.id)
    return {
        "id": account.id,
        "api_key": keys[0] if keys else None,
        "api_keys": keys,
        "private_key": account.private_key,
        "public_key": account.public_key,
        "rate_limit": account.rate_limit,
    }


def _participant(row: Row) -> dict[str, Any]:
    expires = row["token_expires_at"]
    return participants.shown(row) | {
        "room_id": row["room_id"],
        "muted": bool(row["muted"]),
        "left_reason": row["left_reason"],
        "token_expires_at": clock.written_to_the_second(int(expires)) if expires is not None else None,
    }
