"""The query of a list: `filter[…]`, `page[number]`, `page[size]` and `include_…`."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from videobroker.simulator import errors
from videobroker.simulator.errors import Refusal

DEFAULT_PAGE_SIZE = 20
LARGEST_PAGE = 250
_FILTER = re.compile(r"filter\[(\w+)\](?:\[(\w+)\])?")
_COMPARISONS = {"eq": "=", "gte": ">=", "lte": "<="}

Query = Mapping[str, str]


class Condition(NamedTuple):
    """A piece of a WHERE clause and the values for its marks."""

    sql: str
    values: tuple[object, ...]


Reader = Callable[[str, str | None], Condition]
"""Takes a filter's value and its operator, if any; raises ValueError when they mean nothing."""


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for; `number` counts from 1."""

    number: int
    size: int


def on_date(column: str) -> Reader:
    """Compares the day (UTC) of a time: `filter[x][eq|gte|lte]=2021-04-25`."""

    def read(value: str, operator: str | None) -> Condition:
        if operator not in _COMPARISONS:
            raise ValueError("takes the operators eq, gte and lte")
        day = date.fromisoformat(value).isoformat()
        return Condition(f"substr({column}, 1, 10) {_COMPARISONS[operator]} ?", (day,))

    return read


def equal(column: str) -> Reader:
    """The column is exactly this text."""
    return _plain(lambda value: Condition(f"{column} = ?", (value,)))


def identifier(column: str) -> Reader:
    """The column is this UUID."""
    return _plain(lambda value: Condition(f"{column} = ?", (str(uuid.UUID(value)),)))


def boolean(column: str) -> Reader:
    """The column is true or false; Python's spelling of them counts too."""
    return _plain(lambda value: Condition(f"{column} = ?", (truth(value),)))


def among(column: str, *words: str) -> Reader:
    """The column is one of a few known words."""

    def read(value: str) -> Condition:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return Condition(f"{column} = ?", (value,))

    return _plain(read)


def at_least(column: str) -> Reader:
    """The column is this whole number or more."""
    return _plain(lambda value: Condition(f"{column} >= ?", (whole(value),)))


def whole(value: str) -> int:
    """The whole number a text means. Raises ValueError, also for one the store cannot count to."""
    number = int(value)
    if abs(number) >= 2**63:
        raise ValueError("is too large a number")
    return number


def truth(value: str) -> bool:
    """What `true`, `True`, `false` and `False` mean. Raises ValueError for anything else."""
    if value not in ("true", "True", "false", "False"):
        raise ValueError("must be true or false")
    return value in ("true", "True")


def conditions(query: Query, known: Mapping[str, Reader]) -> list[Condition]:
    """The conditions of all `filter[…]` parameters. Refuses unknown filters and values without meaning."""
    found = []
    for name, value in query.items():
        if name == "filter" or name.startswith("filter["):
            found.append(_condition(name, value, known))
    return found


def page(query: Query) -> Page:
    """The page asked for, within Telnyx's limits."""
    number = _whole(query, "page[number]", 1, None, default=1)
    return Page(number, _whole(query, "page[size]", 1, LARGEST_PAGE, default=DEFAULT_PAGE_SIZE))


def included(query: Query, name: str) -> bool:
    """Whether `include_sessions` or `include_participants` asks for the embedded list."""
    try:
        return truth(query.get(name, "false"))
    except ValueError as error:
        raise Refusal(422, errors.BAD_REQUEST, f"{name} {error}.", parameter=name) from error


def _plain(read: Callable[[str], Condition]) -> Reader:
    def read_without_operator(value: str, operator: str | None) -> Condition:
        if operator is not None:
            raise ValueError("takes no operator")
        return read(value)

    return read_without_operator


def _condition(name: str, value: str, known: Mapping[str, Reader]) -> Condition:
    parts = _FILTER.fullmatch(name)
    if parts is None or parts[1] not in known:
        detail = f"There is no such filter here; known are {', '.join(sorted(known))}."
        raise Refusal(422, errors.BAD_FILTER, detail, parameter=name)
    try:
        return known[parts[1]](value, parts[2])
    except ValueError as error:
        raise Refusal(422, errors.BAD_FILTER, f"{name}: {error}.", parameter=name) from error


def _whole(query: Query, name: str, low: int, high: int | None, default: int) -> int:
    text = query.get(name, str(default))
    # Longer numbers lie beyond what any list, or SQLite, can count.
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Refusal(422, errors.BAD_REQUEST, f"{name} must be a whole number.", parameter=name)
    number = int(text)
    if number < low or (high is not None and number > high):
        limits = f"at least {low}" if high is None else f"from {low} to {high}"
        raise Refusal(422, errors.OUT_OF_RANGE, f"{name} must be {limits}.", parameter=name)
    return number
