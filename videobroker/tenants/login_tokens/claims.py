"""The claims of a login token, each read by what it must be. All of these raise LoginRefused."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from videobroker.tenants.identities import ERASED
from videobroker.tenants.login_tokens.refusals import LoginRefused

MOST_SUBJECT_CHARS: Final = 255
MOST_NAME_CHARS: Final = 100
MOST_ADDRESS_CHARS: Final = 500
MOST_AUDIENCES: Final = 20
_END_OF_YEAR_9999: Final = 253_402_300_799
# Control, format (bidi marks, zero widths), surrogate, private and unassigned characters, line separators.
_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks by category, yet drawn as nothing: fillers, the grapheme joiner, variation selectors.
_INVISIBLE: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0]")
# Persian and Indic names, and some emoji, are written with these two.
_JOINERS: Final = frozenset("\u200c\u200d")


def time(claims: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate (RFC 7519, 2) up to the year 9999, None if the claim is absent."""
    if name not in claims:
        return None
    value = claims[name]
    if type(value) not in (int, float) or not 0 <= value <= _END_OF_YEAR_9999:
        raise LoginRefused("bad_claim", f"the token's {name} must be a number of seconds since 1970")
    return float(value)


def audiences(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The `aud` claim, a text or a list of them (RFC 7519, 4.1.3)."""
    value = claims.get("aud")
    listed = value if isinstance(value, list) else [text(claims, "aud", MOST_ADDRESS_CHARS)]
    if len(listed) > MOST_AUDIENCES or not all(_is_plain(entry, MOST_ADDRESS_CHARS) for entry in listed):
        raise LoginRefused(
            "bad_claim", f"the token's aud must be a text or a list of at most {MOST_AUDIENCES}"
        )
    return tuple(listed)


def subject(claims: Mapping[str, Any]) -> str:
    """The `sub` claim. Two that look alike must be alike, so it is visible, untrimmed and in NFC."""
    subject = text(claims, "sub", MOST_SUBJECT_CHARS)
    if (
        subject != subject.strip()
        or _INVISIBLE.search(subject)
        or not unicodedata.is_normalized("NFC", subject)
    ):
        raise LoginRefused(
            "bad_claim", "the token's sub must be visible text in Unicode NFC, without outer spaces"
        )
    if subject.startswith(ERASED):
        raise LoginRefused(
            "bad_claim", f"the token's sub begins with {ERASED!r}, which stands for erased people"
        )
    return subject


def text(claims: Mapping[str, Any], name: str, most_chars: int) -> str:
    """A required claim, or a header, that is visible text of 1 to `most_chars` characters."""
    if claims.get(name) is None:
        raise LoginRefused("missing_claim", f"the token has no {name}")
    value = claims[name]
    if not _is_plain(value, most_chars):
        raise LoginRefused(
            "bad_claim", f"the token's {name} must be 1 to {most_chars} characters, none of them invisible"
        )
    return str(value)


def _is_plain(value: object, most_chars: int) -> bool:
    return (
        isinstance(value, str)
        and 1 <= len(value) <= most_chars
        and _INVISIBLE_CATEGORIES.isdisjoint(map(unicodedata.category, value))
    )


def display_name(value: object) -> str | None:
    """What can be shown of the `name` claim. It proves nothing, so what is odd in it is left out."""
    if not isinstance(value, str):
        return None
    shown = "".join(char for char in value if char in _JOINERS or _is_plain(char, 1))
    name = unicodedata.normalize("NFC", " ".join(shown.split()))[:MOST_NAME_CHARS].strip()
    return name if any(char not in _JOINERS for char in name) else None
