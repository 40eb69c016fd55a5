"""What is read from a provider's JWK set, and what makes us refuse it."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.videobroker.tenants.login_token_makers import (
    ED25519_JWK,
    ED25519_KEY,
    KEY_SET,
    P256_JWK,
    P256_KEY,
    RSA_JWK,
    RSA_KEY,
    b64,
    jwk,
    number,
)
from videobroker.tenants.jwks import KeySet, KeySetRefused

WEAK_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
N = RSA_KEY.public_key().public_numbers().n
ENCRYPTION_KEY = jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), kid="enc", use="enc")


def without(entry: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


@pytest.mark.parametrize("document", [KEY_SET, json.dumps(KEY_SET), json.dumps(KEY_SET).encode()])
def test_a_key_is_found_by_its_kid_for_its_own_algorithm(document: Any) -> None:
    keys = KeySet.parse(document)
    assert keys.find("rsa-1", "RS256") == RSA_KEY.public_key()
    assert keys.find("ec-1", "ES256") == P256_KEY.public_key()
    assert keys.find("ed-1", "EdDSA") == ED25519_KEY.public_key()


@pytest.mark.parametrize(
    ("kid", "algorithm"),
    [("rsa-1", "ES256"), ("rsa-1", "RS512"), ("ed-1", "RS256"), ("", "RS256")],
)
def test_no_key_serves_another_algorithm_or_name(kid: str, algorithm: str) -> None:
    assert KeySet.parse(KEY_SET).find(kid, algorithm) is None


def test_without_a_kid_the_only_key_of_an_algorithm_is_meant() -> None:
    assert KeySet.parse(KEY_SET).find(None, "RS256") == RSA_KEY.public_key()
    two = {"keys": [RSA_JWK, RSA_JWK | {"kid": "rsa-2"}]}
    assert KeySet.parse(two).find(None, "RS256") is None


def test_a_named_key_is_not_replaced_by_one_without_a_name() -> None:
    assert KeySet.parse({"keys": [without(RSA_JWK, "kid")]}).find("rsa-1", "RS256") is None


@pytest.mark.parametrize(
    "entry",
    [
        ENCRYPTION_KEY,
        P256_JWK | {"kid": "x", "alg": "ES384"},
        P256_JWK | {"kid": "x", "crv": "P-384"},
        P256_JWK | {"kid": "x", "crv": "secp256k1"},
        RSA_JWK | {"kid": "x", "alg": "RS512"},
        RSA_JWK | {"kid": "x", "alg": "RSA-OAEP"},
        RSA_JWK | {"kid": "x", "alg": None},
        RSA_JWK | {"kid": "x", "use": "enc"},
        RSA_JWK | {"kid": "x", "key_ops": ["encrypt"]},
        RSA_JWK | {"kid": "x", "key_ops": "verify"},
        ED25519_JWK | {"kid": "x", "crv": "X25519"},
        ED25519_JWK | {"kid": "x", "crv": "Ed448"},
        {"kty": "AKP", "kid": "x"},
    ],
)
def test_a_key_for_another_purpose_is_passed_over(entry: dict[str, Any]) -> None:
    keys = KeySet.parse({"keys": [entry, ED25519_JWK]})
    assert all(keys.find(entry["kid"], algorithm) is None for algorithm in ("RS256", "ES256", "EdDSA"))
    assert keys.find("ed-1", "EdDSA") is not None
    with pytest.raises(KeySetRefused, match="no key for"):
        KeySet.parse({"keys": [entry]})


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"kty": "oct", "k": b64(b"x" * 32)}, "secret or private"),
        ({"kty": "oct"}, "secret or private"),
        (RSA_JWK | {"k": "AA"}, "secret or private"),
        (RSA_JWK | {"d": number(N - 2)}, "secret or private"),
        (P256_JWK | {"d": b64(b"x" * 32)}, "secret or private"),
        (ED25519_JWK | {"d": b64(b"x" * 32)}, "secret or private"),
        (ENCRYPTION_KEY | {"d": b64(b"x" * 32)}, "secret or private"),
        (jwk(WEAK_RSA), "2048"),
        (RSA_JWK | {"n": number(2**2047)}, "sound"),
        (RSA_JWK | {"n": number(2**9000 + 1)}, "8192"),
        (RSA_JWK | {"n": number(3)}, "2048"),
        (RSA_JWK | {"e": number(3)}, "sound"),
        (RSA_JWK | {"e": number(1)}, "sound"),
        (RSA_JWK | {"e": number(65538)}, "sound"),
        (RSA_JWK | {"e": number(2**64 + 1)}, "sound"),
        (RSA_JWK | {"e": ""}, "sound"),
        (without(RSA_JWK, "n"), "n is missing"),
        (RSA_JWK | {"n": 12345}, "n is missing or not a text"),
        (RSA_JWK | {"n": RSA_JWK["n"] + "="}, "base64url"),
        (RSA_JWK | {"n": "+" + RSA_JWK["n"][1:]}, "base64url"),
        (RSA_JWK | {"e": "AQAC "}, "base64url"),
        (RSA_JWK | {"e": "é"}, "base64url"),
        (P256_JWK | {"x": P256_JWK["y"], "y": P256_JWK["x"]}, "keys"),
        (P256_JWK | {"x": b64(b"\0" * 32), "y": b64(b"\0" * 32)}, "keys"),
        (P256_JWK | {"x": b64(b"\xff" * 32)}, "keys"),
        (P256_JWK | {"x": b64(b"x" * 31)}, "31 bytes"),
        (P256_JWK | {"x": b64(b"x" * 33)}, "33 bytes"),
        (without(P256_JWK, "y"), "y is missing"),
        (ED25519_JWK | {"x": b64(b"x" * 31)}, "31 bytes"),
        (without(ED25519_JWK, "x"), "x is missing"),
        (RSA_JWK | {"kid": 1}, "kid"),
        (RSA_JWK | {"kid": ""}, "kid"),
        (RSA_JWK | {"kid": "x" * 257}, "kid"),
        (RSA_JWK | {"kty": ["RSA"]}, "kty"),
        (without(RSA_JWK, "kty"), "kty"),
        (P256_JWK | {"crv": {}}, "crv"),
    ],
)
def test_a_set_with_a_dangerous_or_broken_key_is_refused_whole(entry: dict[str, Any], why: str) -> None:
    with pytest.raises(KeySetRefused, match=why) as refused:
        KeySet.parse({"keys": [jwk(ED25519_KEY.public_key(), kid="good"), entry]})
    assert str(refused.value).startswith("keys[1]: ")


@pytest.mark.parametrize("is_named", [True, False])
def test_two_keys_of_one_name_are_refused(is_named: bool) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    same_kid = [RSA_JWK, jwk(other, kid="rsa-1")]
    both_without = [without(RSA_JWK, "kid"), jwk(other)]
    with pytest.raises(KeySetRefused, match="another RS256 key has the same kid"):
        KeySet.parse({"keys": same_kid if is_named else both_without})


def test_at_most_twenty_keys_are_taken() -> None:
    entries = [ED25519_JWK | {"kid": str(number)} for number in range(21)]
    assert KeySet.parse({"keys": entries[:20]}).find("19", "EdDSA") is not None
    with pytest.raises(KeySetRefused, match="at most 20"):
        KeySet.parse({"keys": entries})


def test_a_document_above_64_kb_is_refused() -> None:
    padded = json.dumps(KEY_SET).ljust(64 * 1024)
    assert KeySet.parse(padded).find("ed-1", "EdDSA") == ED25519_KEY.public_key()
    with pytest.raises(KeySetRefused, match="larger"):
        KeySet.parse(padded + " ")


@pytest.mark.parametrize(
    "document",
    [
        "", "[]", "null", "1", "{}", '{"keys": null}', '{"keys": {}}', '{"keys": []}', '{"keys": [1]}',
        '{"keys": [[]]}', '{"keys": [{}]}', '{"keys": [], "keys": []}',
        '{"keys": [{"kty": "RSA", "kty": "EC"}]}',
        '{"keys": [NaN]}', '{"keys": [{"kty": Infinity}]}', "{'keys': []}", '\ufeff{"keys": []}',
        "{" * 20_000,
        "[" * 20_000, b"\xff\xfe", b'{"keys": "\xff"}', '{"keys": "\udc80"}', "1" * 5000, b"\0" * 100,
        json.dumps(KEY_SET).encode("utf-16"), [], None, 5, {"keys": "RSA"},
        {"keys": ({},)}, {1: 2},
    ],
)  # fmt: skip
def test_what_is_not_a_jwk_set_is_refused(document: Any) -> None:
    with pytest.raises(KeySetRefused):
        KeySet.parse(document)
