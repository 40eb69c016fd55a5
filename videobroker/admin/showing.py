"""How values are shown: times the same everywhere, states in colours, and never more than they say."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

Column = Callable[[Any], Any]
EMPTY = "-"


def moment(attribute: str, label: str | None = None) -> Column:
    """A column with a time of the row, in UTC, to the second."""
    title = label or attribute.removesuffix("_at").replace("_", " ")

    @admin.display(ordering=attribute, description=title)
    def column(row: Any) -> SafeString | str:
        at: datetime | None = getattr(row, attribute)
        return time_of(at) if at else EMPTY

    column.__name__ = attribute
    return column


def time_of(at: datetime) -> SafeString:
    """A time for people and, in its `datetime`, for programs."""
    at = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}">{} <small>UTC</small></time>', at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S}"
    )


def state(attribute: str, tones: Mapping[str, str], label: str | None = None) -> Column:
    """A column with a state of the row, coloured by `tones` (good, warn, bad, busy; else plain)."""

    @admin.display(ordering=attribute, description=label or attribute)
    def column(row: Any) -> SafeString:
        value = str(getattr(row, attribute))
        return badge(value, tones.get(value, ""))

    column.__name__ = attribute
    return column


def badge(text: str, tone: str = "") -> SafeString:
    """A word in a coloured pill. The word says it all; the colour only helps."""
    return format_html('<span class="badge {}">{}</span>', tone, text)


def structure(attribute: str, label: str | None = None) -> Column:
    """A field with JSON, laid out to be read."""

    @admin.display(description=label or attribute)
    def column(row: Any) -> SafeString | str:
        value = attrgetter(attribute)(row)
        return (
            format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False)) if value else EMPTY
        )

    column.__name__ = attribute
    return column
