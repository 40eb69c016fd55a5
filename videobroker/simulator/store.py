"""The durable store: one SQLite file, one connection, one lock; commits survive any end of the process."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from videobroker.simulator.schema import SCHEMA

Row = dict[str, Any]


def _as_dict(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


class Store:
    """Rows in, rows out. Safe to use from many threads. Table and column names are this package's own."""

    def __init__(self, path: Path) -> None:
        """Open (or make) the file at `path`; its folder is made if it is missing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # There are API keys and signing keys in it.
        path.touch(mode=0o600)
        self._lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = _as_dict
        self._connection.execute("PRAGMA journal_mode = WAL")
        # A commit then survives the end of the process, though not of the machine: enough for a simulator.
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and alone: other threads wait. An inner transaction is part of the outer one."""
        with self._lock:
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("COMMIT")

    def rows(self, sql: str, *values: object) -> list[Row]:
        """All rows the query finds."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> Row | None:
        """The first row the query finds, or None."""
        with self._lock:
            found: Row | None = self._connection.execute(sql, values).fetchone()
            return found

    def count(self, sql: str, *values: object) -> int:
        """The number a `SELECT count(*)` answers."""
        found = self.row(sql, *values)
        return int(next(iter(found.values()))) if found else 0

    def by_id(self, table: str, row_id: str) -> Row | None:
        """The row with this id, or None."""
        return self.row(f"SELECT * FROM {table} WHERE id = ?", row_id)  # noqa: S608 (names are ours)

    def every(self, table: str) -> list[Row]:
        """All rows in the order they were added."""
        return self.rows(f"SELECT * FROM {table} ORDER BY seq")  # noqa: S608 (names are ours)

    def delete(self, table: str, row_id: str) -> None:
        """Take the row with this id away."""
        self.execute(f"DELETE FROM {table} WHERE id = ?", row_id)  # noqa: S608 (names are ours)

    def clear(self, table: str) -> None:
        """Take all rows away."""
        self.execute(f"DELETE FROM {table}")  # noqa: S608 (names are ours)

    def execute(self, sql: str, *values: object) -> int:
        """Run a statement; answers how many rows it changed."""
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, row: Row) -> int:
        """Add a row; answers its number. Raises sqlite3.IntegrityError when it would not be unique."""
        marks = ", ".join("?" * len(row))
        sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"  # noqa: S608 (names are ours)
        with self._lock:
            return self._connection.execute(sql, tuple(row.values())).lastrowid or 0

    def update(self, table: str, row_id: str, changes: Row) -> None:
        """Change columns of the row whose `id` is `row_id`."""
        assignments = ", ".join(f"{name} = ?" for name in changes)
        sql = f"UPDATE {table} SET {assignments} WHERE id = ?"  # noqa: S608 (names are ours)
        self.execute(sql, *changes.values(), row_id)

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        with self._lock:
            self._connection.close()
