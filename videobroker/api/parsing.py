"""JSON bodies, read strictly.

Python's parser and DRF's let through, or answer 500 to: bodies of any depth (RecursionError), doubled keys (the
last wins, so a check may see another value than the act), lone surrogates and NUL (no database takes them),
integers larger than a column. Here each is a 4xx that says where.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import IO, Any, Final, NoReturn

from rest_framework.parsers import BaseParser

from videobroker.api.errors import too_large
from videobroker.api.problems import Fault, Problem, bad_request, escaped

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 32
MAX_INTEGER: Final = 2**53 - 1  # what JavaScript can say exactly (RFC 8259, section 6)
# Strings first, so that brackets in them do not count. One that never ends takes all the rest, and nothing is ever
# given back (`*+`): else every quote in it would be tried as another beginning, in time quadratic in the body.
BRACKETS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)
UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class StrictJSONParser(BaseParser):
    """`application/json`, UTF-8, at most 256 KB and 32 levels; an object at the top, or nothing at all."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise too_large()
        return parse(raw)


def parse(raw: bytes, *, mend_texts: bool = False) -> dict[str, Any]:
    """The JSON object in `raw`; an empty body is an empty object. Raises `Problem` (400 or 422).

    With `mend_texts`, what no database can keep is replaced (U+FFFD) and not refused: for bodies that pass on the words
    of somebody who is not the sender.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(f"byte {error.start} is not UTF-8") from error
    if not text.strip():
        return {}
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        raise _unreadable(f"{error.msg} at line {error.lineno}, column {error.colno}") from error
    if not isinstance(value, dict):
        raise bad_request("the body must be a JSON object: {…}", reason="not_an_object")
    if mend_texts:
        return {_mended(key): _mended(item) for key, item in value.items()}
    _check_texts(value, "")
    return value


def _unreadable(why: str) -> Problem:
    return bad_request(f"the body is not JSON: {why}", reason="invalid_json", code="10023")


def _check_depth(text: str) -> None:
    depth = 0
    for found in BRACKETS.finditer(text):
        depth += bool(found[1]) - bool(found[2])
        if depth > MAX_DEPTH:
            raise bad_request(
                f"the body is nested deeper than {MAX_DEPTH} levels", reason="too_deep", code="10023"
            )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known = dict(pairs)
    if len(known) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise _unreadable(f"the key {twice!r} stands twice in one object")
    return known


def _no_constant(name: str) -> NoReturn:
    raise _unreadable(f"{name} is not a JSON number")


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MAX_INTEGER:
        raise _unreadable("an integer is larger than 2^53 - 1")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise _unreadable("a number is too large")
    return number


def _check_texts(value: Any, pointer: str) -> None:
    """Refuse text that cannot be stored, keys included."""
    if isinstance(value, str):
        if UNSTORABLE.search(value):
            raise Problem(
                422, [Fault("10027", "NUL and lone surrogates are not text", "bad_text", pointer=pointer)]
            )
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key, pointer or "/")
            _check_texts(item, f"{pointer}/{escaped(key)}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_texts(item, f"{pointer}/{index}")


def _mended(value: Any) -> Any:
    """The value with text that can be stored, keys included."""
    if isinstance(value, str):
        return UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value
