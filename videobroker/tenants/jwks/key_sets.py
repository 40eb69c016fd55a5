"""A JWK set (RFC 7517), read strictly into the keys that can verify a login token.

A key is used for the one algorithm its kind belongs to: RSA for RS256, P-256 for ES256, Ed25519 for EdDSA.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from videobroker.tenants.jwks.encoding import EncodingError, decode_base64url, strict_object
from videobroker.tenants.jwks.errors import KeySetRefused

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

MOST_DOCUMENT_BYTES: Final = 64 * 1024
MOST_KEYS: Final = 20
MOST_KID_CHARS: Final = 256
_RSA_BITS: Final = range(2048, 8192 + 1)
# RFC 7518: what only the owner of a key may hold; `k` is a shared secret, the others are private halves.
_PRIVATE_PARAMETERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_ALGORITHM_OF_KIND: Final = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}


@dataclass(frozen=True)
class KeySet:
    """The keys of a provider that can verify a signature, by algorithm and `kid`."""

    _keys: Mapping[tuple[str, str | None], PublicKey]

    @classmethod
    def parse(cls, document: Mapping[str, Any] | str | bytes) -> "KeySet":
        """The usable keys of a JWK set; raises KeySetRefused.

        Keys for encryption or for algorithms we do not accept are passed over, as RFC 7517 asks. A set that
        holds a secret or private key, a weak or malformed key, two keys of one name, too many keys or none
        that is usable is refused as a whole: whoever publishes it has made a mistake to be told about.
        """
        keys: dict[tuple[str, str | None], PublicKey] = {}
        for number, jwk in enumerate(_entries(document)):
            try:
                named = _read_key(jwk)
            except ValueError as error:
                raise KeySetRefused(f"keys[{number}]: {error}") from error
            if named is None:
                continue
            name, key = named
            if name in keys:
                raise KeySetRefused(
                    f"keys[{number}]: another {name[0]} key has the same kid; give each its own"
                )
            keys[name] = key
        if not keys:
            raise KeySetRefused("no key for RS256, ES256 or EdDSA signatures is in this JWK set")
        return cls(keys)

    def find(self, kid: str | None, algorithm: str) -> PublicKey | None:
        """The key named `kid`; without a `kid`, the only key there is for `algorithm`."""
        if kid is not None:
            return self._keys.get((algorithm, kid))
        candidates = [key for (usable_with, _), key in self._keys.items() if usable_with == algorithm]
        return candidates[0] if len(candidates) == 1 else None


def _entries(document: object) -> Sequence[Mapping[str, Any]]:
    if isinstance(document, str | bytes):
        document = _read_document(document)
    entries = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise KeySetRefused('this is not a JWK set; it must be an object like {"keys": [{…}, …]}')
    if len(entries) > MOST_KEYS:
        raise KeySetRefused(f"the JWK set has {len(entries)} keys; at most {MOST_KEYS} are accepted")
    return entries


def _read_document(text: str | bytes) -> dict[str, Any]:
    data = text.encode(errors="replace") if isinstance(text, str) else text
    if len(data) > MOST_DOCUMENT_BYTES:
        raise KeySetRefused(f"the JWK set is larger than {MOST_DOCUMENT_BYTES} bytes")
    try:
        return strict_object(data)
    except EncodingError as error:
        raise KeySetRefused(f"this is not a JWK set: {error}") from error


def _read_key(jwk: Mapping[str, Any]) -> tuple[tuple[str, str | None], PublicKey] | None:
    """Name and key of one entry, or None if it is for a purpose other than the signatures we verify."""
    if jwk.get("kty") == "oct" or _PRIVATE_PARAMETERS.intersection(jwk):
        raise ValueError("this holds a secret or private key; publish public keys only, and replace this one")
    kid = jwk.get("kid")
    if kid is not None and not (isinstance(kid, str) and 1 <= len(kid) <= MOST_KID_CHARS):
        raise ValueError(f"kid must be a text of 1 to {MOST_KID_CHARS} characters")
    algorithm = _algorithm(jwk)
    return None if algorithm is None else ((algorithm, kid), _KEY_READERS[algorithm](jwk))


def _algorithm(jwk: Mapping[str, Any]) -> str | None:
    kind, curve = jwk.get("kty"), jwk.get("crv")
    if not isinstance(kind, str) or not isinstance(curve, str | None):
        raise EncodingError("kty (and crv, where it occurs) must be a text")
    algorithm = _ALGORITHM_OF_KIND.get((kind, curve))
    operations = jwk.get("key_ops", ["verify"])
    usable = (
        jwk.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and jwk.get("alg", algorithm) == algorithm
    )
    return algorithm if usable else None


def _rsa_key(jwk: Mapping[str, Any]) -> RSAPublicKey:
    modulus, exponent = (int.from_bytes(_number(jwk, name)) for name in ("n", "e"))
    if modulus.bit_length() not in _RSA_BITS:
        raise ValueError(
            f"an RSA key has {_RSA_BITS[0]} to {_RSA_BITS[-1]} bits, not {modulus.bit_length()}; replace it"
        )
    if modulus % 2 == 0 or exponent % 2 == 0 or not 65537 <= exponent < 2**32:
        raise ValueError("this is not a sound RSA key (odd modulus, odd exponent from 65537 up); replace it")
    return RSAPublicNumbers(exponent, modulus).public_key()


def _p256_key(jwk: Mapping[str, Any]) -> EllipticCurvePublicKey:
    x, y = (int.from_bytes(_number(jwk, name, size=32)) for name in ("x", "y"))
    return EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()


def _ed25519_key(jwk: Mapping[str, Any]) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(_number(jwk, "x", size=32))
    except UnsupportedAlgorithm as error:
        raise ValueError("this machine's OpenSSL has no Ed25519") from error


_KEY_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], PublicKey]]] = {
    "RS256": _rsa_key,
    "ES256": _p256_key,
    "EdDSA": _ed25519_key,
}


def _number(jwk: Mapping[str, Any], name: str, *, size: int | None = None) -> bytes:
    text = jwk.get(name)
    if not isinstance(text, str):
        raise EncodingError(f"{name} is missing or not a text")
    try:
        data = decode_base64url(text)
    except EncodingError as error:
        raise EncodingError(f"{name}: {error}") from error
    if size is not None and len(data) != size:
        raise ValueError(f"{name} has {len(data)} bytes and must have {size}")
    return data
