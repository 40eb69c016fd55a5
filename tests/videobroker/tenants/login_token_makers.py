"""An identity provider for tests: keys of each kind, its JWK set, and tokens good and bad, signed by hand."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER: Final = "https://login.acme.example/"
AUDIENCE: Final = "videobroker-acme"
NOW: Final = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW_SECS: Final = int(NOW.timestamp())
SHARED_SECRET: Final = "only acme and videobroker know this text"

RSA_KEY: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
P256_KEY: Final = ec.generate_private_key(ec.SECP256R1())
ED25519_KEY: Final = ed25519.Ed25519PrivateKey.generate()
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8))


def jwk(key: PublicKey, **more: Any) -> dict[str, Any]:
    """`key` as a JWK, with members added or replaced."""
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)} | more
    if isinstance(key, ec.EllipticCurvePublicKey):
        point = key.public_numbers()
        x, y = (b64(value.to_bytes((key.key_size + 7) // 8)) for value in (point.x, point.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y} | more
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(key.public_bytes_raw())} | more


RSA_JWK: Final = jwk(RSA_KEY.public_key(), kid="rsa-1", use="sig", alg="RS256")
P256_JWK: Final = jwk(P256_KEY.public_key(), kid="ec-1", use="sig")
ED25519_JWK: Final = jwk(ED25519_KEY.public_key(), kid="ed-1", key_ops=["verify"])
KEY_SET: Final = {"keys": [RSA_JWK, P256_JWK, ED25519_JWK]}
KIDS: Final = {"RS256": "rsa-1", "ES256": "ec-1", "EdDSA": "ed-1"}


def claims(**changes: Any) -> dict[str, Any]:
    """Bo's good claims with changes; a claim changed to Ellipsis is left out."""
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "bo", "iat": NOW_SECS - 10, "exp": NOW_SECS + 600}
    return {name: value for name, value in (good | changes).items() if value is not ...}


def sign(algorithm: str, data: bytes, *, secret: bytes = SHARED_SECRET.encode()) -> bytes:
    """The provider's signature over `data`; HS256 is made with `secret`."""
    if algorithm == "RS256":
        return RSA_KEY.sign(data, padding.PKCS1v15(), hashes.SHA256())
    if algorithm == "ES256":
        r, s = decode_dss_signature(P256_KEY.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    if algorithm == "EdDSA":
        return ED25519_KEY.sign(data)
    return hmac.new(secret, data, hashlib.sha256).digest()


def header(algorithm: str, **changes: Any) -> dict[str, Any]:
    """The good header of a token; a member changed to Ellipsis is left out."""
    good = {"alg": algorithm, "typ": "JWT"} | ({"kid": KIDS[algorithm]} if algorithm in KIDS else {})
    return {name: value for name, value in (good | changes).items() if value is not ...}


def seal(
    head: Mapping[str, Any] | bytes, body: Mapping[str, Any] | bytes, algorithm: str, **options: Any
) -> str:
    """A token of this very header and payload (bytes as they are), truly signed with `algorithm`."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, body)]
    signing_input = ".".join(b64(part) for part in parts)
    return f"{signing_input}.{b64(sign(algorithm, signing_input.encode(), **options))}"


def token(algorithm: str = "EdDSA", **changes: Any) -> str:
    """A well-made token of the provider with changed claims."""
    return seal(header(algorithm), claims(**changes), algorithm)
