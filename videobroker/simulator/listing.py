"""Lists and single objects as Telnyx answers them: newest first, in pages, never another account's."""

from collections.abc import Callable, Sequence
from typing import Any

from videobroker.simulator import filters
from videobroker.simulator.errors import Shape, not_found
from videobroker.simulator.filters import Condition, Query
from videobroker.simulator.store import Row, Store

Shown = dict[str, Any]


def find(store: Store, table: str, row_id: str, account_id: str, shape: Shape = "bare") -> Row:
    """The row of this account with this id. Refused with 404 when there is none."""
    sql = f"SELECT * FROM {table} WHERE id = ? AND account_id = ?"  # noqa: S608 (the table's name is ours)
    row = store.row(sql, row_id, account_id)
    if row is None:
        raise not_found(table.removesuffix("s"), shape)
    return row


def matching(store: Store, table: str, wanted: Sequence[Condition]) -> list[Row]:
    """All rows that meet every condition, newest first."""
    sql, values = _clauses(table, wanted)
    return store.rows(f"SELECT * {sql} {_newest_first(table)}", *values)


def page_of(
    store: Store, table: str, query: Query, wanted: Sequence[Condition], shown: Callable[[Row], Shown]
) -> dict[str, Any]:
    """One page in Telnyx's envelope; a page past the end is empty."""
    page = filters.page(query)
    sql, values = _clauses(table, wanted)
    total = store.count(f"SELECT count(*) {sql}", *values)
    offset = (page.number - 1) * page.size
    rows = store.rows(f"SELECT * {sql} {_newest_first(table)} LIMIT ? OFFSET ?", *values, page.size, offset)
    meta = {
        "page_number": page.number,
        "page_size": page.size,
        "total_pages": -(-total // page.size),
        "total_results": total,
    }
    return {"data": [shown(row) for row in rows], "meta": meta}


def of_account(account_id: str) -> Condition:
    """Every list begins with this: one account never sees another's objects."""
    return Condition("account_id = ?", (account_id,))


def _newest_first(table: str) -> str:
    return f"ORDER BY {'joined_at' if table == 'participants' else 'created_at'} DESC, seq DESC"


def _clauses(table: str, wanted: Sequence[Condition]) -> tuple[str, tuple[object, ...]]:
    where = " AND ".join(condition.sql for condition in wanted)
    values = tuple(value for condition in wanted for value in condition.values)
    return f"FROM {table} WHERE {where}", values
