"""A JWT of a tenant's own identity provider, verified as RFC 8725 asks, without database or clock of its own.

The provider's registration says which algorithm and keys count. A token's header chooses nothing but which of
the provider's own keys to try.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import jwt

from videobroker.secret import Secret
from videobroker.tenants.jwks import (
    JwksCache,
    KeySet,
    KeySetRefused,
    KeysUnavailable,
    PublicKey,
    UnknownKey,
)
from videobroker.tenants.jwks.encoding import EncodingError, decode_base64url, strict_object
from videobroker.tenants.login_tokens import claims as claim
from videobroker.tenants.login_tokens.refusals import LoginRefused

Algorithm = Literal["RS256", "ES256", "EdDSA", "HS256"]

MOST_TOKEN_CHARS: Final = 8 * 1024
LEAST_SECRET_BYTES: Final = 32
# Headers that bring a key or a place to find one, or that change what is signed or how it is read.
_FORBIDDEN_HEADERS: Final = frozenset(
    {"jku", "jwk", "x5u", "x5c", "crit", "b64", "cty", "enc", "zip", "epk", "p2s", "p2c"}
)
_TOKEN_TYPES: Final = frozenset({"jwt", "at+jwt"})

_signatures: Final = jwt.PyJWS(algorithms=["RS256", "ES256", "EdDSA", "HS256"])


@dataclass(frozen=True)
class TrustedIssuer:
    """What a tenant registered about its identity provider.

    HS256 has a `secret` of at least 32 bytes; the other algorithms have `keys` (a JWK set) or `jwks_url`.
    `leeway_secs` allows for clocks that differ. With `max_lifetime_secs`, a token must have `iat` and end
    that soon after it.
    """

    issuer: str
    audience: str
    algorithm: Algorithm
    secret: Secret | None = None
    keys: Mapping[str, Any] | None = None
    jwks_url: str | None = None
    leeway_secs: int = 30
    max_lifetime_secs: int | None = None


@dataclass(frozen=True)
class UnverifiedAddress:
    """Whom a token claims to be from and for. Good for looking up a provider, for nothing else."""

    issuer: str
    audiences: tuple[str, ...]


@dataclass(frozen=True)
class Login:
    """Who logged in, proven. `expires_at` is the token's own end, in UTC."""

    identity: str
    name: str | None
    expires_at: datetime
    token_id: str | None


def peek(token: str) -> UnverifiedAddress:
    """What is needed to find the provider of `token`; raises LoginRefused. Nothing is verified yet."""
    _, claims = _read(token)
    return UnverifiedAddress(claim.text(claims, "iss", claim.MOST_ADDRESS_CHARS), claim.audiences(claims))


def verify(token: str, trusted: TrustedIssuer, *, now: datetime, jwks: JwksCache) -> Login:
    """The login that `token` proves under `trusted` at `now` (aware); raises LoginRefused, and nothing else.

    The signature is checked before any claim, so only the provider's own tokens learn what else is wrong.
    """
    header, claims = _read(token)
    _check_header(header, trusted)
    _check_signature(token, header, trusted, jwks)
    if claim.text(claims, "iss", claim.MOST_ADDRESS_CHARS) != trusted.issuer:
        raise LoginRefused("unknown_issuer", "the token's iss is not the registered issuer, to the letter")
    if trusted.audience not in claim.audiences(claims):
        raise LoginRefused("wrong_audience", "the token is not for us: its aud lacks the registered audience")
    return Login(
        identity=claim.subject(claims),
        name=claim.display_name(claims.get("name")),
        expires_at=_validity_end(claims, trusted, now),
        token_id=claim.text(claims, "jti", claim.MOST_SUBJECT_CHARS) if "jti" in claims else None,
    )


def _read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWS in compact form, its three parts in strict spelling."""
    if len(token) > MOST_TOKEN_CHARS:
        raise LoginRefused("too_large", f"the token is longer than {MOST_TOKEN_CHARS} characters")
    parts = token.split(".")
    if len(parts) != 3 or not all(parts):
        raise LoginRefused(
            "malformed",
            "a login token is a signed JWT: three parts joined by dots, neither encrypted nor detached",
        )
    try:
        header, claims, _ = (decode_base64url(part) for part in parts)
        return strict_object(header), strict_object(claims)
    except EncodingError as error:
        raise LoginRefused("malformed", f"a part of the token cannot be read: {error}") from error


def _check_header(header: Mapping[str, Any], trusted: TrustedIssuer) -> None:
    if forbidden := sorted(_FORBIDDEN_HEADERS.intersection(header)):
        raise LoginRefused("forbidden_header", f"the token's header must not have {', '.join(forbidden)}")
    if header.get("alg") != trusted.algorithm:
        raise LoginRefused(
            "wrong_algorithm", f"the token must be signed with {trusted.algorithm}, as registered"
        )
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TOKEN_TYPES:
        raise LoginRefused("wrong_type", "the token's typ must be JWT or at+jwt")


def _check_signature(token: str, header: Mapping[str, Any], trusted: TrustedIssuer, jwks: JwksCache) -> None:
    kid = claim.text(header, "kid", claim.MOST_SUBJECT_CHARS) if "kid" in header else None
    key = _shared_secret(trusted) if trusted.algorithm == "HS256" else _public_key(kid, trusted, jwks)
    try:
        _signatures.decode(token, key, algorithms=[trusted.algorithm])
    except jwt.InvalidKeyError as error:
        raise LoginRefused("provider_misconfigured", "the registered key or secret cannot be used") from error
    except jwt.PyJWTError as error:
        raise LoginRefused(
            "bad_signature", "the token's signature is not the registered provider's"
        ) from error


def _shared_secret(trusted: TrustedIssuer) -> bytes:
    secret = trusted.secret.reveal().encode(errors="replace") if trusted.secret is not None else b""
    if len(secret) < LEAST_SECRET_BYTES:
        raise LoginRefused(
            "provider_misconfigured",
            f"HS256 needs a registered secret of at least {LEAST_SECRET_BYTES} bytes",
        )
    return secret


def _public_key(kid: str | None, trusted: TrustedIssuer, jwks: JwksCache) -> PublicKey:
    try:
        if trusted.keys is not None:
            return _registered_key(kid, trusted.keys, trusted.algorithm)
        if trusted.jwks_url is not None:
            return jwks.key(trusted.jwks_url, kid, trusted.algorithm)
    except UnknownKey as error:
        raise LoginRefused("unknown_key", str(error)) from error
    except KeysUnavailable as error:
        raise LoginRefused("keys_unavailable", str(error)) from error
    except KeySetRefused as error:
        raise LoginRefused(
            "provider_misconfigured", f"the registered keys cannot be used: {error}"
        ) from error
    raise LoginRefused("provider_misconfigured", "the provider is registered without keys or a JWKS address")


def _registered_key(kid: str | None, document: Mapping[str, Any], algorithm: Algorithm) -> PublicKey:
    key = KeySet.parse(document).find(kid, algorithm)
    if key is None:
        raise UnknownKey(
            f"the registered keys have no {algorithm} key of the token's kid; register the new key"
        )
    return key


def _validity_end(claims: Mapping[str, Any], trusted: TrustedIssuer, now: datetime) -> datetime:
    ends, at, leeway = claim.time(claims, "exp"), now.timestamp(), trusted.leeway_secs
    if ends is None:
        raise LoginRefused("missing_claim", "the token has no exp; tokens without an end are not accepted")
    if at >= ends + leeway:
        raise LoginRefused("expired", "the token has expired; log in again")
    for name in ("nbf", "iat"):
        begins = claim.time(claims, name)
        if begins is not None and at < begins - leeway:
            raise LoginRefused("not_yet_valid", f"the token's {name} lies in the future; check the clocks")
    _check_lifetime(claim.time(claims, "iat"), ends, trusted.max_lifetime_secs)
    return datetime.fromtimestamp(ends, UTC)


def _check_lifetime(issued: float | None, ends: float, most_secs: int | None) -> None:
    if most_secs is None:
        return
    if issued is None:
        raise LoginRefused(
            "missing_claim", "the token has no iat, and its lifetime is limited by its provider"
        )
    if ends - issued > most_secs:
        raise LoginRefused(
            "too_long_lived", f"the token is valid for more than {most_secs} s; issue shorter ones"
        )
