"""Buttons on a row's page that do one thing each: they ask once, say what will happen, and tell what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from videobroker.tenants.callers import Caller


def _always(row: Any) -> bool:
    return True


@dataclass(frozen=True)
class Act:
    """One button. `perform` is the one call behind it; it answers a sentence for who pressed.

    `asks` names what will happen; `{row}` in it is the row. `offered` says for which rows there is such a button.
    A grave act cannot be taken back and is coloured so; after one that `leaves`, the row's page is gone. Some are
    `for_operators` alone.
    """

    name: str
    label: str
    asks: str
    perform: Callable[[Caller, Any, datetime], str]
    offered: Callable[[Any], bool] = _always
    is_grave: bool = False
    leaves: bool = False
    for_operators: bool = False

    def question(self, row: Any) -> str:
        """What the person is asked to confirm."""
        return self.asks.format(row=row)
