"""Reading the fields of a JSON object within their limits; what does not hold is refused with a pointer."""

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from videobroker.simulator import clock, errors
from videobroker.simulator.errors import Refusal


class Fields:
    """A JSON object and where it stands in the body (`at`, a JSON pointer)."""

    def __init__(self, values: object, at: str = "") -> None:
        if not isinstance(values, Mapping):
            raise Refusal(422, errors.UNPROCESSABLE, "An object is expected here.", pointer=at or "/")
        self.values: Mapping[str, Any] = values
        self.at = at

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def wrong(self, name: str, detail: str, code: str = errors.UNPROCESSABLE) -> Refusal:
        """The refusal of one field."""
        return Refusal(422, code, f"{name} {detail}", pointer=f"{self.at}/{name}")

    def only(self, names: Collection[str]) -> None:
        """Refuse any field not in `names`, so that a slip of the pen is not silently ignored."""
        for name in self.values:
            if name not in names:
                raise self.wrong(name, f"is not known here; known are {', '.join(sorted(names))}.")

    def given(self, name: str) -> Any:
        """The value of a field that must be there."""
        if self.values.get(name) is None:
            raise self.wrong(name, "is required.")
        return self.values[name]

    def text(self, name: str) -> str:
        """A string that is not empty."""
        value = self.given(name)
        if not isinstance(value, str) or not value:
            raise self.wrong(name, "must be a string that is not empty.")
        return value

    def boolean(self, name: str) -> bool:
        """`true` or `false`, not their names."""
        value = self.given(name)
        if not isinstance(value, bool):
            raise self.wrong(name, "must be true or false.")
        return value

    def integer(self, name: str, low: int | None = None, high: int | None = None) -> int:
        """A whole number from `low` to `high`, both included."""
        value = self.given(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(name, "must be a whole number.")
        self._within(name, value, low, high)
        return value

    def number(self, name: str, low: float | None = None, high: float | None = None) -> float:
        """A number from `low` to `high`, both included."""
        value = self.given(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, "must be a number.")
        self._within(name, value, low, high)
        return float(value)

    def choice(self, name: str, choices: Collection[str]) -> str:
        """One of the named words."""
        value = self.given(name)
        if value not in choices:
            raise self.wrong(name, f"must be one of {', '.join(choices)}.")
        return str(value)

    def identifier(self, name: str) -> str:
        """A UUID, in the form Telnyx writes it: lower case with hyphens."""
        return self._uuid(name, self.given(name))

    def identifiers(self, name: str) -> list[str]:
        """A list of UUIDs."""
        return [self._uuid(f"{name}/{place}", value) for place, value in enumerate(self.listed(name))]

    def listed(self, name: str) -> list[Any]:
        """A list of anything."""
        value = self.given(name)
        if not isinstance(value, list):
            raise self.wrong(name, "must be a list.")
        return value

    def url(self, name: str) -> str:
        """An http or https URL with a host, or the empty string for none."""
        value = self.given(name)
        if value == "":
            return ""
        parts = _split(value) if isinstance(value, str) else None
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise self.wrong(name, "must be a URL that begins with http:// or https://.")
        return str(value)

    def moment(self, name: str) -> datetime:
        """An ISO 8601 time; without a zone it is UTC."""
        try:
            return clock.read(self.text(name))
        except ValueError as error:
            raise self.wrong(name, "must be an ISO 8601 time such as 2021-04-25T10:00:00Z.") from error

    def _within(self, name: str, value: float, low: float | None, high: float | None) -> None:
        if (low is not None and value < low) or (high is not None and value > high):
            limits = f"at least {low}" if high is None else f"from {low} to {high}"
            raise self.wrong(name, f"must be {limits}.", errors.OUT_OF_RANGE)

    def _uuid(self, name: str, value: object) -> str:
        try:
            return str(uuid.UUID(value if isinstance(value, str) else ""))
        except ValueError as error:
            raise self.wrong(name, "must be a UUID.", errors.BAD_ID) from error


def _split(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError:
        # A bracket without its partner is no URL; the caller says so.
        return None
