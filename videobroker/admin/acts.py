"""Buttons on a row's page that do one thing each: they ask once, say what will happen, and tell what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms


def _always(row: Any) -> bool:
    return True


@dataclass(frozen=True)
class Act:
    """One button. `perform` is the one call behind it: given the caller, the row and the time, and by name what the
    person filled into `form` if there is one, it answers a sentence for who pressed.

    `asks` names what will happen; `{row}` in it is the row, or it makes the question of the row itself. `offered` says
    for which rows there is such a button. A grave act cannot be taken back and is coloured so; after one that `leaves`,
    the row's page is gone. Some are `for_operators` alone. What `audits_refusals` sees to its own transactions: around
    it, one that is rolled back would take the entry with it.
    """

    name: str
    label: str
    asks: str | Callable[[Any], str]
    perform: Callable[..., str]
    offered: Callable[[Any], bool] = _always
    form: type[forms.Form] | None = None
    is_grave: bool = False
    leaves: bool = False
    for_operators: bool = False
    audits_refusals: bool = False

    def question(self, row: Any) -> str:
        """What the person is asked to confirm."""
        return self.asks.format(row=row) if isinstance(self.asks, str) else self.asks(row)
