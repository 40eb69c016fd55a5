"""The signed statement of who joins, which a client passes to Telnyx as `context`.

Everybody in a room can read and copy a context, so it proves nothing alone; it is bound to one grant, one room and a
time to join by, and the first participant that shows it claims it. It is a JWS (RFC 7515, EdDSA), so a browser can
check the names it shows with the keys at /.well-known/jwks.json.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import jwt

from rooms.doorkeeping import Named
from videobroker.tenants import signing

TYPE: Final = "vbc+jwt"
ALGORITHM: Final = "EdDSA"
MAX_CHARS: Final = 1024
# Clocks of Telnyx and ours may differ, and joining takes a moment after the token was good.
JOIN_LEEWAY: Final = timedelta(seconds=30)


class ContextRefused(Exception):
    """The context does not say credibly who joined. `reason`: missing, forged."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class Statement:
    """What a context says."""

    tenant_id: UUID
    room_id: UUID
    grant_id: UUID
    identity: str | None
    display_name: str
    role: str
    join_by_at: datetime
    nonce: str


def sign(statement: Statement) -> str:
    """The context for a client, at most 1 KB. What would not fit is cut: the name first, and the identity only where
    it alone is too long (the grant says whose it is all the same)."""
    for name in (statement.display_name, statement.display_name[:40], ""):
        text = _encode(statement, name)
        if len(text) <= MAX_CHARS:
            return text
    return _encode(statement, "", identity=False)


def new_nonce() -> str:
    """Makes two contexts of one grant differ."""
    return secrets.token_urlsafe(9)


def statement_in(text: str | None) -> Statement:
    """What a context says, if we signed it. Whether it came in time, and from whom, is for `attributing` to judge.
    Raises `ContextRefused`."""
    if not text:
        raise ContextRefused("missing", "joined without a context")
    return _verified(text)


def named_in(text: str) -> Named | None:
    """Whom a text names which somebody showed as a context, signed or not; None if it names nobody."""
    try:
        claims = jwt.decode(
            text, options={"verify_signature": False, "verify_exp": False, "verify_sub": False}
        )
    except (jwt.InvalidTokenError, ValueError):  # nothing of ours, so it names nobody in our way
        return None
    subject = claims.get("sub")
    return Named(subject, _time_in(claims.get("join_by"))) if isinstance(subject, str) else None


def _time_in(claim: object) -> datetime | None:
    """The time that a claim says, whoever wrote it; None if it says none."""
    if not isinstance(claim, int):
        return None
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _encode(statement: Statement, name: str, *, identity: bool = True) -> str:
    key_id, key = signing.current_key(signing.Purpose.CONTEXT)
    claims: dict[str, Any] = {
        "tenant": str(statement.tenant_id),
        "room": str(statement.room_id),
        "grant": str(statement.grant_id),
        "name": name,
        "role": statement.role,
        "join_by": int(statement.join_by_at.timestamp()),
        "nonce": statement.nonce,
    }
    if identity and statement.identity is not None:
        claims["sub"] = statement.identity  # a `sub` that is null is no JWT (RFC 7519, 4.1.2)
    return jwt.encode(claims, key, ALGORITHM, headers={"typ": TYPE, "kid": key_id})


def _verified(text: str) -> Statement:
    try:
        if len(text) > 2 * MAX_CHARS:
            raise ContextRefused("forged", "larger than any context of ours")
        header = jwt.get_unverified_header(text)
        if header.get("typ") != TYPE:
            raise ContextRefused("forged", "not a context of ours")
        key = signing.public_key(UUID(str(header.get("kid"))), signing.Purpose.CONTEXT)
        if key is None:
            raise ContextRefused("forged", "signed with a key that is not ours")
        claims = jwt.decode(text, key, algorithms=[ALGORITHM])
        return Statement(
            tenant_id=UUID(claims["tenant"]),
            room_id=UUID(claims["room"]),
            grant_id=UUID(claims["grant"]),
            identity=claims.get("sub"),
            display_name=claims["name"],
            role=claims["role"],
            join_by_at=datetime.fromtimestamp(claims["join_by"], UTC),
            nonce=claims["nonce"],
        )
    except (jwt.InvalidTokenError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ContextRefused("forged", "not a context that we signed") from error
