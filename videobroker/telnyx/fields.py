"""Reading the fields of Telnyx's JSON: tolerant of what is new or left out, strict about what is there.

A field that is absent or null is None where the method is named `maybe_`. Anything of another type than
promised is a `ShapeError`, which names the field but never its value: it may be a token.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

from videobroker.secret import Secret

T = TypeVar("T")

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_MAX_WHOLE: Final = 2**31 - 1


class ShapeError(ValueError):
    """An answer is not of the promised shape: `where` in it, and what was expected there."""

    def __init__(self, where: str, expected: str) -> None:
        super().__init__(f"{where or 'the answer'} is not {expected}")


def as_id(value: object) -> str | None:
    """The canonical (lower case) text of a UUID, or None if the value is not one."""
    text = str(value).lower()
    return text if _UUID.fullmatch(text) else None


def as_moment(text: str) -> datetime | None:
    """The time in UTC that an ISO 8601 text says, or None if it says none that has one: near the first and the last
    year an offset leads out of all years, and no database could give such a time back. Telnyx writes `Z`, seen with a
    space instead of the T; a time without a zone is taken to be UTC too."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class Fields:
    """A JSON object being read. `where` is its place in the answer, for messages."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise ShapeError(where, "an object")
        self._values = value
        self._where = where

    def __repr__(self) -> str:
        return f"Fields({self._where})"

    def maybe_text(self, name: str) -> str | None:
        """Text that any database can keep: no NUL, no half of a surrogate pair."""
        value = self._values.get(name)
        if value is not None and (not isinstance(value, str) or _UNSTORABLE.search(value)):
            raise self._mismatch(name, "text")
        return value

    def maybe_free_text(self, name: str) -> str | None:
        """Text that somebody in a room wrote. What no database can keep is replaced (U+FFFD): else one participant
        could make what Telnyx says of a whole room unreadable to us."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, str):
            raise self._mismatch(name, "text")
        return None if value is None else _UNSTORABLE.sub("\ufffd", value)

    def text(self, name: str) -> str:
        return self._present(name, self.maybe_text(name))

    def maybe_id(self, name: str) -> str | None:
        text = self.maybe_text(name)
        if text is None:
            return None
        identifier = as_id(text)
        if identifier is None:
            raise self._mismatch(name, "a UUID")
        return identifier

    def id(self, name: str) -> str:
        return self._present(name, self.maybe_id(name))

    def maybe_secret(self, name: str) -> Secret | None:
        text = self.maybe_text(name)
        return None if text is None else Secret(text)

    def secret(self, name: str) -> Secret:
        secret = self._present(name, self.maybe_secret(name))
        if not secret:
            raise self._mismatch(name, "there: it is empty")
        return secret

    def maybe_whole(self, name: str) -> int | None:
        value = self._values.get(name)
        if value is not None and (type(value) is not int or abs(value) > _MAX_WHOLE):
            raise self._mismatch(name, "a whole number in range")
        return value

    def whole(self, name: str) -> int:
        return self._present(name, self.maybe_whole(name))

    def maybe_number(self, name: str) -> float | None:
        value = self._values.get(name)
        if value is None:
            return None
        if type(value) not in {int, float} or not abs(value) <= _MAX_WHOLE:
            raise self._mismatch(name, "a number in range")
        return float(value)

    def maybe_flag(self, name: str) -> bool | None:
        value = self._values.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._mismatch(name, "true or false")
        return value

    def flag(self, name: str) -> bool:
        return self._present(name, self.maybe_flag(name))

    def maybe_moment(self, name: str) -> datetime | None:
        """An ISO 8601 time, in UTC."""
        text = self.maybe_text(name)
        if not text:
            return None
        moment = as_moment(text)
        if moment is None:
            raise self._mismatch(name, "an ISO 8601 time")
        return moment

    def moment(self, name: str) -> datetime:
        return self._present(name, self.maybe_moment(name))

    def maybe_each(self, name: str, read: Callable[["Fields"], T]) -> tuple[T, ...] | None:
        """A list of objects, each read by `read`."""
        if (value := self._values.get(name)) is None:
            return None
        return read_each(value, self._at(name), read)

    def maybe_named(self, name: str, read: Callable[["Fields"], T]) -> dict[str, T] | None:
        """An object whose values are objects, each read by `read`."""
        if (value := self._values.get(name)) is None:
            return None
        if not isinstance(value, dict):
            raise self._mismatch(name, "an object")
        return {key: read(Fields(one, f"{self._at(name)}.*")) for key, one in value.items()}

    def maybe_ids_or_star(self, name: str) -> tuple[str, ...] | str | None:
        """A list of UUIDs, or `*` for all there are, by itself or alone in a list."""
        value = self._values.get(name)
        if value is None or value == "*":
            return value
        if value == ["*"]:
            return ("*",)
        if not isinstance(value, list) or None in (ids := [as_id(one) for one in value]):
            raise self._mismatch(name, 'a list of UUIDs or "*"')
        return tuple(identifier for identifier in ids if identifier)

    def _at(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name

    def _mismatch(self, name: str, expected: str) -> ShapeError:
        return ShapeError(self._at(name), expected)

    def _present(self, name: str, value: T | None) -> T:
        if value is None:
            raise self._mismatch(name, "there")
        return value


def read_each(value: object, where: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
    if not isinstance(value, list):
        raise ShapeError(where, "a list")
    return tuple(read(Fields(one, f"{where}[{place}]")) for place, one in enumerate(value))
