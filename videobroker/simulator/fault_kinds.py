"""The kinds of faults, what each is told, and when it strikes. The README has the same table for people."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from videobroker.simulator.errors import SHAPES
from videobroker.simulator.fields import Fields

Role = Literal["pause", "alter", "decide", "webhook"]
Where = Literal["before", "after"]
Reader = Callable[[Fields, str], Any]

LOST_HOW = ("reset", "close", "timeout", "status", "truncate")


@dataclass(frozen=True)
class Kind:
    """`pause` waits and goes on, `alter` changes the answer, `decide` replaces it, `webhook` strikes events.

    `where` is when it strikes unless told otherwise: before the effect (which then never happens, except
    after a pause) or after it.
    """

    role: Role
    where: Where
    reads: Mapping[str, Reader]
    required: tuple[str, ...] = ()
    where_may_change: bool = True


def _secs(fields: Fields, name: str) -> float:
    return fields.number(name, 0, 3600)


def _count(fields: Fields, name: str) -> int:
    return fields.integer(name, 1, 1000)


def _size(fields: Fields, name: str) -> int:
    return fields.integer(name, 0, 20_000_000_000)


def _http_status(fields: Fields, name: str) -> int:
    return fields.integer(name, 200, 599)


def _any(fields: Fields, name: str) -> Any:
    return fields.values[name]


def _string(fields: Fields, name: str) -> str:
    value = fields.values[name]
    if not isinstance(value, str):
        raise fields.wrong(name, "must be a string.")
    return value


def _line(fields: Fields, name: str) -> str:
    text = _string(fields, name)
    if not re.fullmatch(r"[\x20-\x7e]*", text):
        raise fields.wrong(name, "must be one line of ASCII, as HTTP headers are.")
    return text


def _headers(fields: Fields, name: str) -> dict[str, str]:
    headers = Fields(fields.given(name), f"{fields.at}/{name}")
    return {header: _line(headers, header) for header in headers.values}


def _shape(fields: Fields, name: str) -> str:
    return fields.choice(name, SHAPES)


def _how(fields: Fields, name: str) -> str:
    return fields.choice(name, LOST_HOW)


def _reset(fields: Fields, name: str) -> str | None:
    value = fields.values[name]
    if value is None:
        return None
    return _line(Fields({name: str(value)}, fields.at), name)


def _bytes(fields: Fields, name: str) -> bytes:
    try:
        return base64.b64decode(fields.text(name), validate=True)
    except (binascii.Error, ValueError) as error:
        raise fields.wrong(name, "must be base64.") from error


def _true(fields: Fields, name: str) -> bool:
    if not fields.boolean(name):
        raise fields.wrong(name, "is true or absent.")
    return True


_STATUS: dict[str, Reader] = {
    "status": _http_status,
    "code": _string,
    "shape": _shape,
    "detail": _string,
    "headers": _headers,
}

KINDS: dict[str, Kind] = {
    "latency": Kind("pause", "before", {"secs": _secs}, ("secs",)),
    "hold": Kind("pause", "before", {"secs": _secs}),
    "status": Kind("decide", "before", _STATUS, ("status",)),
    "rate_limit": Kind("decide", "before", {"reset": _reset}),
    "timeout": Kind("decide", "before", {"secs": _secs}),
    "reset": Kind("decide", "before", {}),
    "close": Kind("decide", "before", {}),
    "malformed": Kind(
        "decide",
        "before",
        {"body": _string, "body_base64": _bytes, "content_type": _line, "status": _http_status},
    ),
    "empty": Kind("decide", "before", {"status": _http_status}),
    "redirect": Kind("decide", "before", {"location": _line, "status": _http_status}, ("location",)),
    "gzip_bomb": Kind("decide", "before", {"bytes": _size}, ("bytes",)),
    "truncate": Kind("decide", "after", {"keep_bytes": _size}, where_may_change=False),
    "truncate_json": Kind("decide", "after", {"keep_bytes": _size}, where_may_change=False),
    "drip": Kind(
        "decide",
        "after",
        {"bytes_per_sec": lambda fields, name: fields.number(name, 0.01, 1_000_000)},
        ("bytes_per_sec",),
        where_may_change=False,
    ),
    "huge": Kind("decide", "after", {"bytes": _size}, ("bytes",)),
    "lost_answer": Kind(
        "decide", "after", {"how": _how, "secs": _secs} | _STATUS, ("how",), where_may_change=False
    ),
    "mutate": Kind(
        "alter",
        "after",
        {"field": Fields.text, "value": _any, "drop": _true},
        ("field",),
        where_may_change=False,
    ),
    "swap_id": Kind("alter", "after", {}, where_may_change=False),
    "webhook_drop": Kind("webhook", "after", {}, where_may_change=False),
    "webhook_duplicate": Kind("webhook", "after", {"copies": _count}, where_may_change=False),
    "webhook_delay": Kind("webhook", "after", {"secs": _secs}, ("secs",), where_may_change=False),
    "webhook_reorder": Kind(
        "webhook", "after", {"window": _count, "secs": _secs}, ("window",), where_may_change=False
    ),
    "webhook_forge": Kind("webhook", "after", {}, where_may_change=False),
}


def parameters(kind: Kind, fields: Fields) -> dict[str, Any]:
    """The parameters of a fault of this kind, read and checked."""
    for name in kind.required:
        fields.given(name)
    return {name: read(fields, name) for name, read in kind.reads.items() if name in fields}
