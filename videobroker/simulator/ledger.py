"""The ledger: every call of Telnyx's API and every effect, in order, for tests that count exactly.

A call is entered when it arrives (`status` null) and completed when its answer is decided; an effect is
entered in the transaction that has it. Calls of the control API are no calls here, their effects are effects.
"""

import json
from typing import Any

from videobroker.simulator import filters
from videobroker.simulator.exchange import Call
from videobroker.simulator.filters import Condition, Query
from videobroker.simulator.store import Row, Store

KEPT_ENTRIES = 200_000
_MASK = "***"
_SECRET_NAMES = ("token", "refresh_token", "client_token", "api_key")


def enter_call(store: Store, call: Call, at: str) -> int:
    """Write down that a call arrived; answers its number."""
    row = {
        "at": at,
        "entry": "call",
        "account_id": call.account.id if call.account else None,
        "room_id": call.room_id,
        "method": call.method,
        "path": call.path,
        "operation": call.operation,
        "query": json.dumps(dict(call.query)),
        "body": _masked_body(call.raw),
        "ids": json.dumps(call.ids),
    }
    call_id = store.insert("ledger", row)
    # A simulator that runs for weeks beside a developer must not fill the disk.
    store.execute("DELETE FROM ledger WHERE id <= ?", call_id - KEPT_ENTRIES)
    return call_id


def complete_call(store: Store, call_id: int, status: int | None, fault: str | None) -> None:
    """Write down what the call is answered with; `status` None means it gets no answer."""
    store.execute("UPDATE ledger SET status = ?, fault = ? WHERE id = ?", status, fault, call_id)


def enter_effect(store: Store, at: str, effect: str, call_id: int | None, ids: dict[str, Any]) -> None:
    """Write down that something changed, and with which call (None: by itself or by the control API)."""
    row = {
        "at": at,
        "entry": "effect",
        "call_id": call_id,
        "account_id": ids.get("account_id"),
        "room_id": ids.get("room_id"),
        "effect": effect,
        "ids": json.dumps(ids),
    }
    store.insert("ledger", row)
    if call_id is not None:
        _mark_call(store, call_id, effect, ids)


def _mark_call(store: Store, call_id: int, effect: str, ids: dict[str, Any]) -> None:
    """The call's own entry names its first effect and all ids its effects brought."""
    row = store.row("SELECT effect, ids FROM ledger WHERE id = ?", call_id)
    if row is not None:
        merged = json.dumps(ids | json.loads(row["ids"]))
        sql = "UPDATE ledger SET effect = ?, ids = ?, room_id = COALESCE(room_id, ?) WHERE id = ?"
        store.execute(sql, row["effect"] or effect, merged, ids.get("room_id"), call_id)


def entries(store: Store, query: Query) -> list[dict[str, Any]]:
    """The entries in order, narrowed by operation, since, room_id, account_id, effect and entry."""
    wanted = _wanted(query)
    where = " AND ".join(condition.sql for condition in wanted) or "1"
    values = [value for condition in wanted for value in condition.values]
    sql = f"SELECT * FROM ledger WHERE {where} ORDER BY id"  # noqa: S608 (the conditions are ours)
    return [_shown(row) for row in store.rows(sql, *values)]


def summary(store: Store) -> dict[str, dict[str, int]]:
    """How many calls each operation had, by the status answered; `unanswered` for those without."""
    sql = """
        SELECT COALESCE(operation, 'unknown') AS operation, COALESCE(status, 'unanswered') AS status,
               count(*) AS calls FROM ledger WHERE entry = 'call' GROUP BY 1, 2 ORDER BY 1, 2
    """
    counts: dict[str, dict[str, int]] = {}
    for row in store.rows(sql):
        counts.setdefault(row["operation"], {})[str(row["status"])] = row["calls"]
    return counts


def forget(store: Store) -> None:
    """Empty the ledger. Its numbers go on, so that `since` never means two things."""
    store.execute("DELETE FROM ledger")


_FILTERS = {
    "operation": filters.equal("operation"),
    "room_id": filters.equal("room_id"),
    "account_id": filters.equal("account_id"),
    "effect": lambda value, _: Condition("entry = 'effect' AND effect = ?", (value,)),
    "entry": filters.among("entry", "call", "effect"),
    "since": lambda value, _: Condition("id > ?", (filters.whole(value),)),
}


def _wanted(query: Query) -> list[Condition]:
    return filters.conditions({f"filter[{name}]": value for name, value in query.items()}, _FILTERS)


def _shown(row: Row) -> dict[str, Any]:
    for name in ("query", "body", "ids"):
        row[name] = json.loads(row[name]) if row[name] else None
    return row


def _masked_body(raw: bytes) -> str | None:
    """The body as JSON text without its secrets; None when it is no JSON."""
    try:
        return json.dumps(_masked(json.loads(raw))) if raw else None
    except (ValueError, RecursionError):
        # Half a token in a broken body is still a token: what cannot be read is not written down.
        return None


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _MASK if name in _SECRET_NAMES else _masked(inner) for name, inner in value.items()}
    return [_masked(inner) for inner in value] if isinstance(value, list) else value
