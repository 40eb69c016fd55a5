"""Secrets at rest: AES-GCM under a ring of keys, each ciphertext bound to the place it is kept in."""

import base64
import os
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from videobroker.secret import Secret

VERSION: Final = "v1"
NONCE_BYTES: Final = 12
# It stands between the dots of every ciphertext.
KEY_ID: Final = re.compile(r"[0-9A-Za-z_-]+")


class KeyRingError(Exception):
    """The key ring is not usable, or a ciphertext does not open with it at this place."""


class KeyRing:
    """Keys by id. The first seals; every one opens, so keys can be rotated without a stop."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        if not keys:
            raise KeyRingError("KEY_RING is empty: give at least one `id:base64(32 bytes)`")
        self._keys = keys
        self.primary = next(iter(keys))

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"

    @classmethod
    def parse(cls, text: Secret) -> "KeyRing":
        """Read `id:base64(32 bytes),…`. Raises `KeyRingError` that names the entry, never its key."""
        keys: dict[str, bytes] = {}
        for number, entry in enumerate(filter(None, text.reveal().split(",")), start=1):
            key_id, _, encoded = entry.strip().partition(":")
            if not KEY_ID.fullmatch(key_id) or key_id in keys:
                raise KeyRingError(
                    f"KEY_RING: entry {number} needs an id of its own: letters, digits, `-` and `_` before a colon"
                )
            keys[key_id] = _key_bytes(encoded, number)
        return cls(keys)

    def seal(self, secret: Secret, *, bound_to: str) -> str:
        """Encrypt `secret` so that it opens only with the same `bound_to` (its table, row and field)."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(self._keys[self.primary]).encrypt(nonce, secret.reveal().encode(), bound_to.encode())
        return f"{VERSION}.{self.primary}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, bound_to: str) -> Secret:
        """The secret sealed for this place. Raises `KeyRingError` if the key is gone or the text was moved."""
        key_id, raw = _parts(sealed, bound_to)
        key = self._keys.get(key_id)
        if key is None:
            raise KeyRingError(
                f"KEY_RING has no key {key_id!r}, which {bound_to} is sealed with: add it back"
            )
        try:
            text = AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode())
        except (InvalidTag, ValueError) as error:  # ValueError: cut off within the nonce
            raise KeyRingError(f"what is stored at {bound_to} was not sealed for that place") from error
        return Secret(text.decode())

    def is_current(self, sealed: str) -> bool:
        """Whether `sealed` is under the first key, so that rotation may pass it by."""
        return sealed.split(".")[1] == self.primary

    def derive(self, purpose: str) -> Iterator[bytes]:
        """One 32-byte key per ring key for `purpose`, the primary's first (HKDF-SHA256, RFC 5869)."""
        for key in self._keys.values():
            yield HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key)


def _parts(sealed: str, place: str) -> tuple[str, bytes]:
    """The id of the key, and nonce with ciphertext."""
    try:
        version, key_id, encoded = sealed.split(".")
        raw = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise KeyRingError(f"what is stored at {place} was never sealed") from error
    if version != VERSION:
        raise KeyRingError(f"{place} is sealed as {version!r}, which this version cannot open")
    return key_id, raw


def _key_bytes(encoded: str, number: int) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise KeyRingError(f"KEY_RING: the key of entry {number} is not base64") from error
    if len(key) != 32:
        raise KeyRingError(f"KEY_RING: entry {number} has a key of {len(key)} bytes; it needs 32")
    return key


@cache
def keyring() -> KeyRing:
    """The process's key ring, read from the settings once."""
    return KeyRing.parse(settings.KEY_RING)


@cache
def derived_keys(purpose: str) -> tuple[bytes, ...]:
    """The ring's keys for `purpose`, the primary's first; derived once a process."""
    return tuple(keyring().derive(purpose))
