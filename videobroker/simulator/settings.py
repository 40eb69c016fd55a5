"""What can be set while the simulator runs: tempo, limits and the clock. Kept in the store."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from videobroker.simulator.fields import Fields
from videobroker.simulator.store import Store

_KEPT_AS = "settings"


@dataclass(frozen=True)
class Settings:
    """All settings with their defaults; the README's table says what each does."""

    composition_secs: float = 0.2
    webhook_retry_secs: tuple[float, ...] = (0.5, 1.0, 2.0)
    rate_limit: dict[str, Any] | None = None
    expire_participants: bool = False
    expire_grace_secs: float = 0.0
    clock_offset_secs: float = 0.0

    def shown(self) -> dict[str, Any]:
        """As the control API shows it."""
        return asdict(self) | {"webhook_retry_secs": list(self.webhook_retry_secs)}


def rate_limit(fields: Fields, name: str) -> dict[str, Any] | None:
    """`{"limit": calls, "per_secs": seconds}`, or null for no limit."""
    if fields.values.get(name) is None:
        return None
    limit = Fields(fields.values[name], f"{fields.at}/{name}")
    limit.only(("limit", "per_secs"))
    per_secs = limit.number("per_secs", low=0.05) if "per_secs" in limit else 1.0
    return {"limit": limit.integer("limit", low=0), "per_secs": per_secs}


def _retry_secs(fields: Fields, name: str) -> tuple[float, ...]:
    pauses = Fields(dict(enumerate_names(fields.listed(name))), f"{fields.at}/{name}")
    return tuple(pauses.number(place, 0, 86_400) for place in pauses.values)


def enumerate_names(values: list[Any]) -> list[tuple[str, Any]]:
    """The members of a list under their places as names, as a JSON pointer names them."""
    return [(str(place), value) for place, value in enumerate(values)]


_READERS: dict[str, Callable[[Fields, str], Any]] = {
    "composition_secs": lambda fields, name: fields.number(name, 0, 3600),
    "webhook_retry_secs": _retry_secs,
    "rate_limit": rate_limit,
    "expire_participants": lambda fields, name: fields.boolean(name),
    "expire_grace_secs": lambda fields, name: fields.number(name, 0, 86_400),
    "clock_offset_secs": lambda fields, name: fields.number(name, -10_000_000_000, 10_000_000_000),
}


def changed(settings: Settings, fields: Fields) -> Settings:
    """The settings with the given fields in place; refuses unknown ones and values out of range."""
    fields.only(_READERS)
    return replace(settings, **{name: _READERS[name](fields, name) for name in fields.values})


def load(store: Store) -> Settings:
    """The settings as they were kept last, or the defaults."""
    row = store.row("SELECT value FROM kept WHERE name = ?", _KEPT_AS)
    return changed(Settings(), Fields(json.loads(row["value"]))) if row else Settings()


def keep(store: Store, settings: Settings) -> None:
    """Keep the settings for the next start."""
    value = json.dumps(settings.shown())
    store.execute("INSERT OR REPLACE INTO kept (name, value) VALUES (?, ?)", _KEPT_AS, value)
