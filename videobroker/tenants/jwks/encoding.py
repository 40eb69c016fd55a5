"""JSON and base64url as JOSE uses them, read strictly: whatever has two readings or spellings is refused."""

import base64
import json
from typing import Any


class EncodingError(ValueError):
    """Text that is not what it should be when read strictly."""


def strict_object(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`, in UTF-8; raises EncodingError for duplicate names, NaN and the like."""
    try:
        parsed = json.loads(data.decode(), object_pairs_hook=_unique_names, parse_constant=_no_constant)
    except EncodingError:
        raise
    except (ValueError, RecursionError) as error:
        raise EncodingError("it is not JSON in UTF-8, or has numbers too long or nesting too deep") from error
    if not isinstance(parsed, dict):
        raise EncodingError("it is not a JSON object")
    return parsed


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise EncodingError("a name occurs twice in one object")
    return found


def _no_constant(name: str) -> float:
    raise EncodingError(f"{name} is not JSON")


def decode_base64url(text: str) -> bytes:
    """The bytes of unpadded base64url (RFC 7515, 2); raises EncodingError for any other spelling."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise EncodingError("it is not base64url") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != text:
        raise EncodingError("it is not base64url in its only valid spelling")
    return data
