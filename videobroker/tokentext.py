"""Opaque tokens as text: base62, with a checksum that tells a whole one from garbage."""

import secrets
import string
import zlib
from typing import Final

ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHECKSUM_CHARS: Final = 6


def random_text(length: int) -> str:
    """`length` random base62 characters (5.95 bits each) from the system's secure source."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def encode(number: int, length: int) -> str:
    """`number` in base62, padded with zeros to `length` characters. Raises `ValueError` if it does not fit."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    if number:
        raise ValueError(f"the number needs more than {length} base62 digits")
    return "".join(reversed(digits))


def decode(text: str) -> int:
    """The number that `encode` wrote. Raises `ValueError` for any other character."""
    number = 0
    for char in text:
        number = number * len(ALPHABET) + ALPHABET.index(char)
    return number


def with_checksum(text: str) -> str:
    """`text` and its CRC-32 behind it."""
    return text + encode(zlib.crc32(text.encode()), CHECKSUM_CHARS)


def has_valid_checksum(text: str) -> bool:
    """Whether the last characters are the checksum of the rest. Not a proof of anything but wholeness."""
    return text.isascii() and with_checksum(text[:-CHECKSUM_CHARS]) == text
