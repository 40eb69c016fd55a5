"""Scenes that many tests begin with: built once, and put back as they were for the tests that come next.

    @pytest.fixture
    @remembered
    def studio(acme: Company, simulator: Simulator) -> Studio: ...

Building one takes a hundred queries or more. What is put back is what it wrote, row by row, here and at the simulated
Telnyx, and only where building it would begin with the very same rows, settings and objects: a test that changes
anything before has its scene built. So does one that commits, and one that comes later than `FRESH_SECS`, so
that what was built "just now" still is.
"""

import copy
import functools
import hashlib
import inspect
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final, TypeVar

from django.apps import apps
from django.conf import UserSettingsHolder, settings
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model

from tests.simulated import Simulator
from videobroker.api import throttling
from videobroker.telnyx.allowances import Allowances
from videobroker.tenants.lines import transport

T = TypeVar("T")
FRESH_SECS: Final = 20
# Written by migrations alone.
_OF_DJANGO: Final = {ContentType, Permission}
# Whoever is in leaves when their token ends, and what is due is done: the simulator waits for both.
_WAITED_FOR: Final = {"participants", "compositions", "deliveries"}

# By table: each row as SQL writes it, and its key.
Rows = dict[str, dict[str, str]]


def remembered(build: Callable[..., T]) -> Callable[..., T]:
    """For what a fixture builds of other fixtures, the simulator or what knows it among them."""
    names = list(inspect.signature(build).parameters)

    @functools.wraps(build)
    def built(*args: Any, **kwargs: Any) -> T:
        given = [*args, *(kwargs[name] for name in names[len(args) :])]
        if not connection.in_atomic_block:
            return build(*given)
        return _again(f"{build.__module__}.{build.__qualname__}", build, given)

    return built


@dataclass(frozen=True)
class _Change:
    """What was written to one database. The rows are as SQL writes them."""

    gone: Rows
    come: Rows

    @classmethod
    def between(cls, before: Rows, after: Rows) -> "_Change":
        def beyond(these: Rows, those: Rows) -> Rows:
            more = {
                table: {row: key for row, key in rows.items() if row not in those[table]}
                for table, rows in these.items()
            }
            return {table: rows for table, rows in more.items() if rows}

        return cls(gone=beyond(before, after), come=beyond(after, before))

    @property
    def is_none(self) -> bool:
        return not (self.gone or self.come)

    def statements(self, tables: "_Tables") -> list[str]:
        """SQL that writes it again."""
        gone = [
            f"DELETE FROM {table} WHERE {tables.keys[table]} IN ({', '.join(rows.values())})"
            for table, rows in self.gone.items()
        ]
        come = [
            f"INSERT INTO {table} ({', '.join(tables.columns[table])}) VALUES ({'), ('.join(rows)})"
            for table, rows in self.come.items()
        ]
        return gone + come


class _Tables:
    """The tables of a database, each with its columns; the first of them is its key."""

    def __init__(self, columns: dict[str, list[str]], quote: str) -> None:
        self.columns = columns
        self.keys = {table: names[0] for table, names in columns.items()}
        self.asked = " UNION ALL ".join(
            f"SELECT '{table}', {quote.format(names[0])}, {self._written(names, quote)} FROM {table}"
            for table, names in columns.items()
        )

    def rows(self, found: Iterable[tuple[str, str, str]]) -> Rows:
        """All there is, as `asked` finds it."""
        rows: Rows = {table: {} for table in self.columns}
        for table, key, row in found:
            rows[table][row] = key
        return rows

    @staticmethod
    def _written(names: list[str], quote: str) -> str:
        return " || ', ' || ".join(quote.format(name) for name in names)


@dataclass(frozen=True)
class _World:
    """All rows, here and at the simulator."""

    here: Rows
    there: Rows


@dataclass(frozen=True)
class _Scene:
    """What building wrote and answered, and what it was given, as that was afterwards."""

    made_at: float
    here: _Change
    there: _Change
    given: list[Any]
    answered: Any

    def put_back(self, simulator: Simulator, given: list[Any]) -> Any:
        _forget()
        with connection.cursor() as cursor:
            for statement in self.here.statements(_ours()):
                cursor.execute(statement)
        if not self.there.is_none:
            with closing(_open(simulator)) as database:
                statements = self.there.statements(_theirs(simulator))
                database.executescript(";".join(["BEGIN IMMEDIATE", *statements, "COMMIT"]))
        if _WAITED_FOR & {*self.there.gone, *self.there.come}:
            simulator.settings()  # has it look again for what is due
        known = _kept_as_they_are(simulator, given)
        for kept, live in zip(self.given, given, strict=True):
            _follow(kept, live, known)
        return copy.deepcopy(self.answered, known)


_scenes: dict[str, _Scene] = {}


def _again(name: str, build: Callable[..., T], given: list[Any]) -> T:
    simulator = next(found for each in given if (found := _simulator_of(each)) is not None)
    if simulator.is_faulty:
        return build(*given)
    before = _world(simulator)
    beginning = _digest(name, before, given)
    scene = _scenes.get(beginning)
    if scene is not None and 0 <= time.time() - scene.made_at < FRESH_SECS:
        answered: T = scene.put_back(simulator, given)
        return answered
    made_at = time.time()
    made = build(*given)
    after = _world(simulator)
    for stale in [each for each, scene in _scenes.items() if not 0 <= made_at - scene.made_at < FRESH_SECS]:
        del _scenes[stale]
    kept_given, kept = copy.deepcopy((given, made), _kept_as_they_are(simulator, given))
    here, there = (_Change.between(before.here, after.here), _Change.between(before.there, after.there))
    _scenes[beginning] = _Scene(made_at, here, there, kept_given, kept)
    return made


def _forget() -> None:
    """Whoever is put back meets a process that has counted nothing of theirs, nor heard of their limits."""
    throttling._counter_in.cache_clear()
    transport().allowances = Allowances()


def _world(simulator: Simulator) -> _World:
    with connection.cursor() as cursor, closing(_open(simulator)) as database:
        cursor.execute(_ours().asked)
        found = database.execute(_theirs(simulator).asked).fetchall()
        return _World(_ours().rows(cursor.fetchall()), _theirs(simulator).rows(found))


def _digest(name: str, world: _World, given: list[Any]) -> str:
    """Names what building begins with. Of the objects only those that are no rows count: those are in the world."""
    told = [repr(each) for each in given if isinstance(each, str | dict | list | tuple)]
    beginning = repr((name, world, told, _settings()))
    return hashlib.sha256(beginning.encode()).hexdigest()


def _settings() -> list[str]:
    """What this test has set of Django's settings."""
    found, layer = [], settings._wrapped
    while isinstance(layer, UserSettingsHolder):
        found += sorted(f"{name}={value!r}" for name, value in vars(layer).items() if name.isupper())
        layer = layer.default_settings
    return found


def _simulator_of(given: Any) -> Simulator | None:
    found = given if isinstance(given, Simulator) else getattr(given, "simulator", None)
    if found is None and hasattr(given, "gathering"):
        found = given.gathering.simulator
    return found


def _kept_as_they_are(simulator: Simulator, given: list[Any]) -> dict[int, Any]:
    """What a copy shares with what it is copied from: the simulator, the settings, whatever else is no value."""
    return {id(each): each for each in (simulator, *given) if not _is_value(each)}


def _is_value(found: Any) -> bool:
    return isinstance(found, Model | set | dict | list) or is_dataclass(found)


def _follow(kept: Any, live: Any, known: dict[int, Any]) -> None:
    """Let a live object become what its kept likeness became, and stand for it in what is copied."""
    known[id(kept)] = live
    if isinstance(kept, Model):
        for name, value in vars(kept).items():
            if name != "_state":
                setattr(live, name, copy.deepcopy(value))
        for name, row in kept._state.fields_cache.items():
            _follow_or_take(row, live._state.fields_cache, name, known)
    elif is_dataclass(kept) and not isinstance(kept, type):
        for name in (field.name for field in fields(kept)):
            _follow_or_take(getattr(kept, name), vars(live), name, known)
    elif isinstance(kept, set | dict):
        live.clear()
        live.update(copy.deepcopy(kept))
    elif isinstance(kept, list):
        live[:] = copy.deepcopy(kept)


def _follow_or_take(kept: Any, of: dict[str, Any], name: str, known: dict[int, Any]) -> None:
    live = of.get(name)
    if type(live) is type(kept) and _is_value(kept):
        _follow(kept, live, known)
    else:
        of[name] = copy.deepcopy(kept, known)


def _open(simulator: Simulator) -> sqlite3.Connection:
    return sqlite3.connect(simulator.data_dir / "simulator.sqlite3", isolation_level=None, timeout=20)


@functools.cache
def _ours() -> _Tables:
    models = [model for model in apps.get_models(include_auto_created=True) if model not in _OF_DJANGO]
    columns = {model._meta.db_table: [f'"{column}"' for column in _columns(model)] for model in models}
    return _Tables(columns, "quote({})" if connection.vendor == "sqlite" else "quote_nullable({}::text)")


def _columns(model: type[Model]) -> list[str]:
    key = model._meta.pk.column
    return [key, *(each.column for each in model._meta.local_concrete_fields if each.column != key)]


@functools.cache
def _theirs(simulator: Simulator) -> _Tables:
    with closing(_open(simulator)) as database:
        tables = database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
        columns = {
            table: [each[1] for each in database.execute(f"PRAGMA table_info({table})")]
            for (table,) in tables
        }
    return _Tables(columns, "quote({})")
