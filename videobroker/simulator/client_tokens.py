"""Client tokens and refresh tokens: Ed25519 JSON Web Tokens as Telnyx writes them, and what makes one valid.

A token names an account and a room and nobody in particular; only its expiry or the end of its room voids it.
"""

import base64
import binascii
import json
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature

from videobroker.simulator import accounts
from videobroker.simulator.accounts import Account
from videobroker.simulator.clock import Clock
from videobroker.simulator.store import Store

Kind = Literal["access", "refresh"]
_AUTHORITY = "telnyx_access_token"
_ROOM = "telnyx:video:rooms:"
_USER = "telnyx:users:"


class InvalidTokenError(Exception):
    """A token that opens nothing; the message says why and never holds the token."""


@dataclass(frozen=True)
class Claim:
    """What a valid token says. `expires_at` counts seconds since 1970 on Telnyx's clock."""

    account: Account
    room_id: str
    expires_at: int


def sign(account: Account, room_id: str, kind: Kind, ttl_secs: int, clock: Clock) -> tuple[str, int]:
    """A new token for the room and the second at which it expires."""
    issued = int(clock.epoch_secs())
    expires = issued + ttl_secs
    claims = {
        "aud": _AUTHORITY,
        "exp": expires,
        "grants": [
            {"actions": ["join"], "resources": [_ROOM + room_id], "subjects": [_USER + account.id]},
        ],
        "grants_version": "1.0.0",
        "iat": issued,
        "iss": _AUTHORITY,
        "jti": str(uuid.uuid4()),
        "nbf": issued - 1,
        "sub": "null",
        "typ": kind,
    }
    signed = f"{_encoded({'alg': 'Ed25519', 'typ': 'JWT'})}.{_encoded(claims)}"
    signature = account.signing_key.sign(signed.encode())
    return f"{signed}.{_base64url(signature)}", expires


def verify(store: Store, clock: Clock, token: str, kind: Kind) -> Claim:
    """What the token grants, after its form, signature, kind and times have been checked.

    Whether the room still exists is the caller's question. Raises InvalidTokenError.
    """
    header, claims, signature = _decoded(token)
    if header.get("alg") != "Ed25519":
        raise InvalidTokenError("The token is not signed with Ed25519.")
    account_id, room_id = _granted(claims)
    account = accounts.get(store, account_id)
    if account is None:
        raise InvalidTokenError("The token was issued for an account that does not exist.")
    try:
        account.signing_key.public_key().verify(signature, token.rpartition(".")[0].encode())
    except InvalidSignature as error:
        raise InvalidTokenError("The token's signature is not valid.") from error
    if claims.get("typ") != kind:
        raise InvalidTokenError(f"The token is not of type {kind}.")
    return Claim(account, room_id, _expiry(claims, clock.epoch_secs()))


def _expiry(claims: dict[str, Any], now: float) -> int:
    expires, not_before = claims.get("exp"), claims.get("nbf")
    if not isinstance(expires, int) or not isinstance(not_before, int):
        raise InvalidTokenError("The token does not say when it is valid.")
    if now >= expires:
        raise InvalidTokenError("The token has expired.")
    if now < not_before:
        raise InvalidTokenError("The token is not valid yet.")
    return expires


def _granted(claims: dict[str, Any]) -> tuple[str, str]:
    """The account and the room of the token's one grant."""
    try:
        (grant,) = claims["grants"]
        (resource,), (subject,) = grant["resources"], grant["subjects"]
        joins = "join" in grant["actions"]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidTokenError("The token grants nothing.") from error
    named = isinstance(resource, str) and isinstance(subject, str)
    if not joins or not named or not resource.startswith(_ROOM) or not subject.startswith(_USER):
        raise InvalidTokenError("The token does not grant joining a room.")
    return subject.removeprefix(_USER), resource.removeprefix(_ROOM)


def _decoded(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    try:
        head, body, signature = (_from_base64url(part) for part in token.split("."))
        header, claims = json.loads(head), json.loads(body)
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InvalidTokenError("This is not a JSON Web Token.") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise InvalidTokenError("This is not a JSON Web Token.")
    return header, claims, signature


def _encoded(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_base64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
