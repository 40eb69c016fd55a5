"""Telnyx's signatures on webhooks: Ed25519 over the timestamp and the raw body.

`telnyx-signature-ed25519` is the base64 of the signature over `<telnyx-timestamp>|<body>`. Only the bytes as
they arrived count; nothing is parsed before it is known who wrote it. videobroker signs its own webhooks
alike, so whoever can verify Telnyx's can verify ours.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE_HEADER: Final = "telnyx-signature-ed25519"
TIMESTAMP_HEADER: Final = "telnyx-timestamp"
TOLERANCE_SECS: Final = 300
"""How far Telnyx's own libraries let a timestamp be off."""

_TIMESTAMP: Final = re.compile("[0-9]{1,11}")
_SIGNATURE_BYTES: Final = 64
_PUBLIC_KEY_BYTES: Final = 32

Reason = Literal[
    "missing_header", "bad_timestamp", "stale", "bad_encoding", "no_key", "bad_key", "bad_signature"
]

_MEANINGS: Final[dict[Reason, str]] = {
    "missing_header": f"{SIGNATURE_HEADER} or {TIMESTAMP_HEADER} is missing",
    "bad_timestamp": f"{TIMESTAMP_HEADER} is not a number of seconds",
    "stale": "the timestamp is too far from now: the webhook was replayed, or a clock is wrong",
    "bad_encoding": f"{SIGNATURE_HEADER} is not the base64 of {_SIGNATURE_BYTES} bytes",
    "no_key": "no public key is known for this account: copy it from Telnyx's portal",
    "bad_key": f"a public key of this account is not the base64 of {_PUBLIC_KEY_BYTES} bytes: copy it anew",
    "bad_signature": "the signature is by none of the account's keys, or the body was changed on its way",
}


class SignatureRefused(Exception):
    """A webhook is not proven to be Telnyx's. `reason` is for programs, the message for people."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(_MEANINGS[reason])
        self.reason: Reason = reason


def verify(
    raw_body: bytes,
    signature: str | None,
    timestamp: str | None,
    public_keys: Sequence[str],
    now: datetime,
    tolerance_secs: int = TOLERANCE_SECS,
) -> None:
    """Returns if one of `public_keys` signed these very bytes within the tolerance of `now`.

    Takes the two headers as they came and the account's keys in base64: more than one while they are rotated.
    Raises `SignatureRefused` for anything else.
    """
    if not signature or not timestamp:
        raise SignatureRefused("missing_header")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureRefused("bad_timestamp")
    if abs(now.timestamp() - int(timestamp)) > tolerance_secs:
        raise SignatureRefused("stale")
    signed = _decoded(signature, _SIGNATURE_BYTES)
    if signed is None:
        raise SignatureRefused("bad_encoding")
    _verify_by_one_of(public_keys, signed, _signed_text(timestamp, raw_body))


def sign(raw_body: bytes, private_key: Ed25519PrivateKey, at: datetime) -> dict[str, str]:
    """The headers that go with a body sent at `at`."""
    timestamp = str(int(at.timestamp()))
    signature = private_key.sign(_signed_text(timestamp, raw_body))
    return {SIGNATURE_HEADER: base64.b64encode(signature).decode(), TIMESTAMP_HEADER: timestamp}


def generate_private_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def public_key_text(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """The public key as Telnyx writes it: base64 of 32 bytes."""
    public_key = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return base64.b64encode(public_key.public_bytes_raw()).decode()


def is_public_key(text: str) -> bool:
    """Whether a text can be one of the `public_keys` of `verify`."""
    return _public_key(text) is not None


def _verify_by_one_of(public_keys: Sequence[str], signature: bytes, signed_text: bytes) -> None:
    keys = [_public_key(text) for text in public_keys]
    if any(_is_by(key, signature, signed_text) for key in keys if key):
        return
    if not keys:
        raise SignatureRefused("no_key")
    raise SignatureRefused("bad_key" if None in keys else "bad_signature")


def _is_by(key: Ed25519PublicKey, signature: bytes, signed_text: bytes) -> bool:
    try:
        key.verify(signature, signed_text)
    except InvalidSignature:
        return False
    return True


def _signed_text(timestamp: str, raw_body: bytes) -> bytes:
    return timestamp.encode("ascii") + b"|" + raw_body


@lru_cache(maxsize=1024)
def _public_key(text: str) -> Ed25519PublicKey | None:
    decoded = _decoded(text, _PUBLIC_KEY_BYTES)
    return None if decoded is None else Ed25519PublicKey.from_public_bytes(decoded)


def _decoded(text: str, size: int) -> bytes | None:
    """The bytes of a base64 text that is written in the one proper way and holds exactly `size` of them."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    is_proper = len(decoded) == size and base64.b64encode(decoded).decode() == text
    return decoded if is_proper else None
