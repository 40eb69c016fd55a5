"""Tokens that are not what they seem: known attacks on JWTs, and thousands of mutants. None logs in."""

import base64
import hashlib
import hmac
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from tests.videobroker.outbound.servers import Server, answering, serving
from tests.videobroker.tenants.login_token_makers import (
    AUDIENCE,
    ED25519_KEY,
    ISSUER,
    KEY_SET,
    NOW,
    P256_KEY,
    RSA_JWK,
    RSA_KEY,
    SHARED_SECRET,
    b64,
    claims,
    header,
    jwk,
    seal,
    sign,
    token,
)
from videobroker import outbound
from videobroker.secret import Secret
from videobroker.tenants.jwks import JwksCache
from videobroker.tenants.login_tokens import LoginRefused, TrustedIssuer, peek, verify

ALGORITHMS = ["RS256", "ES256", "EdDSA", "HS256"]
MALLORYS_KEY = ed25519.Ed25519PrivateKey.generate()
MALLORYS_JWK = jwk(MALLORYS_KEY.public_key(), kid="ed-1")
PEM = RSA_KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
DER = RSA_KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)


class Attack(NamedTuple):
    pinned: Any
    token: str
    reason: str


def joined(head: Any, body: Any, signature: bytes | str) -> str:
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, body)]
    tail = signature if isinstance(signature, str) else b64(signature)
    return f"{b64(parts[0])}.{b64(parts[1])}.{tail}"


def signed_by(key: ed25519.Ed25519PrivateKey, head: dict[str, Any]) -> str:
    signing_input = joined(head, claims(), "").rstrip(".")
    return f"{signing_input}.{b64(key.sign(signing_input.encode()))}"


def resigned(algorithm: str, signature: bytes) -> str:
    return f"{token(algorithm).rpartition('.')[0]}.{b64(signature)}"


def der_signature() -> str:
    signing_input = token("ES256").rpartition(".")[0]
    return f"{signing_input}.{b64(P256_KEY.sign(signing_input.encode(), ec.ECDSA(hashes.SHA256())))}"


def with_header(**changes: Any) -> str:
    return seal(header("EdDSA", **changes), claims(), "EdDSA")


def confused(secret: bytes, algorithm: str = "HS256") -> str:
    return seal(header("RS256", alg=algorithm), claims(), "HS256", secret=secret)


def attacks(jku: str) -> Iterator[Attack]:
    """Every vector; `jku` is an address where Mallory serves her keys."""
    for none in ("none", "None", "NONE", "nOnE", "none ", ""):
        yield Attack("EdDSA", joined(header("EdDSA", alg=none), claims(), b"x"), "wrong_algorithm")
        yield Attack("EdDSA", joined(header("EdDSA", alg=none), claims(), ""), "malformed")
    for secret in (PEM, PEM.strip(), DER, json.dumps(RSA_JWK).encode(), RSA_JWK["n"].encode(), b""):
        yield Attack("RS256", confused(secret), "wrong_algorithm")
        yield Attack("RS256", confused(secret, "RS256"), "bad_signature")
    for other in ("HS384", "HS512", "RS384", "RS512", "PS256", "ES384", "ES256K", "rs256", "Ed25519", "dir"):
        yield Attack("RS256", seal(header("RS256", alg=other), claims(), "RS256"), "wrong_algorithm")
    odd_names: list[Any] = [None, 1, True, ["RS256"], {"RS256": 1}, ...]
    for odd in odd_names:
        yield Attack("RS256", seal(header("RS256", alg=odd), claims(), "RS256"), "wrong_algorithm")
    for pinned in ALGORITHMS:
        for used in ALGORITHMS:
            if used != pinned:
                yield Attack(pinned, token(used), "wrong_algorithm")
    yield from forged_signatures()
    yield from smuggled_headers(jku)
    yield from odd_key_names()
    yield from odd_shapes()


def forged_signatures() -> Iterator[Attack]:
    for forged in (bytes(64), bytes(63) + b"\1", b"\xff" * 64, bytes(32) + b"\1" * 32, b"x", bytes(65)):
        yield Attack("ES256", resigned("ES256", forged), "bad_signature")
        yield Attack("EdDSA", resigned("EdDSA", forged), "bad_signature")
    yield Attack("ES256", der_signature(), "bad_signature")
    yield Attack("RS256", resigned("RS256", bytes(256)), "bad_signature")
    yield Attack("RS256", resigned("RS256", b"\0" + sign("RS256", b"x")), "bad_signature")
    yield Attack("HS256", resigned("HS256", bytes(32)), "bad_signature")
    yield Attack("HS256", seal(header("HS256"), claims(), "HS256", secret=b"secret"), "bad_signature")
    yield Attack("HS256", seal(header("HS256"), claims(), "HS256", secret=b""), "bad_signature")
    cut = hmac.new(SHARED_SECRET.encode(), b"x", hashlib.sha256).digest()[:16]
    yield Attack("HS256", resigned("HS256", cut), "bad_signature")
    yield Attack("EdDSA", signed_by(MALLORYS_KEY, header("EdDSA")), "bad_signature")
    other_body = token(sub="ana").split(".")[1]
    head, _, signature = token().split(".")
    yield Attack("EdDSA", f"{head}.{other_body}.{signature}", "bad_signature")


def smuggled_headers(jku: str) -> Iterator[Attack]:
    for name, value in {
        "jku": jku, "x5u": jku, "jwk": MALLORYS_JWK, "x5c": [base64.b64encode(DER).decode()], "crit": ["exp"],
        "b64": True, "cty": "JWT", "enc": "A256GCM", "zip": "DEF", "epk": MALLORYS_JWK, "p2c": 10**9, "p2s": "AA",
    }.items():  # fmt: skip
        yield Attack("EdDSA", with_header(**{name: value}), "forbidden_header")
        yield Attack("EdDSA", signed_by(MALLORYS_KEY, header("EdDSA", **{name: value})), "forbidden_header")
        yield Attack("EdDSA", with_header(**{name: None}), "forbidden_header")
    yield Attack("EdDSA", with_header(crit=["b64"], b64=False), "forbidden_header")
    yield Attack("EdDSA", with_header(crit=[]), "forbidden_header")


def odd_key_names() -> Iterator[Attack]:
    for kid in (
        "../../../../etc/passwd", "/dev/null", "' OR '1'='1", "x' UNION SELECT 'secret' --", "| whoami", "rsa-1",
        "https://mallory.example/key", "ED-1", "ed-1 ", "ed-1%00", "x" * 255, "0",
    ):  # fmt: skip
        yield Attack("EdDSA", with_header(kid=kid), "unknown_key")
    odd_kids: list[Any] = ["", "ed-1\0", "ed-1\n", "x" * 256, "\ud800", 1, 0, True, ["ed-1"], {"kid": "ed-1"}]
    for odd in odd_kids:
        yield Attack("EdDSA", with_header(kid=odd), "bad_claim")


def odd_shapes() -> Iterator[Attack]:
    good = token()
    head, body, signature = good.split(".")
    flattened = {"protected": head, "payload": body, "signature": signature}
    for text in (
        "", ".", "..", "...", "a.b.c", head, f"{head}.{body}", f"{head}.{body}.", f"{head}..{signature}",
        f".{body}.{signature}", f"{good}.", f".{good}", f"{good}.{signature}", f"{good}.{body}.{signature}",
        json.dumps(flattened), json.dumps({"payload": body, "signatures": [flattened]}),
        f" {good}", f"{good} ", f"{good}\n", f"{head}. {body}.{signature}", f"Bearer {good}", f"{good}=",
        f"{head}=.{body}.{signature}", f"{head}.{body}==.{signature}", good.replace(".", "\u2024"),
        good.replace(".", "%2e"), f"{good}\0", "é" + good, f"{good[:-1]}\u0661", "\ud800" + good,
        f"{head[:-1]}+.{body}.{signature}", f"{head[:-1]}/.{body}.{signature}",
        f"{good}.{'x' * 43}",
        joined(b"[]", claims(), b"x"), joined(b"null", claims(), b"x"), joined(b'"x"', claims(), b"x"),
        seal(b"\xff", claims(), "EdDSA"),
        seal(b"\xef\xbb\xbf" + json.dumps(header("EdDSA")).encode(), b"{}", "EdDSA"),
        seal(json.dumps(header("EdDSA")).encode("utf-16"), claims(), "EdDSA"),
        seal(b'{"alg": "none", "alg": "EdDSA"}', claims(), "EdDSA"),
        seal(b'{"alg": "EdDSA", "\\u0061lg": "EdDSA"}', claims(), "EdDSA"),
        seal(header("EdDSA"), b'{"sub": "bo", "sub": "ana"}', "EdDSA"),
        seal(header("EdDSA"), b'{"a": {"b": 1, "b": 2}}', "EdDSA"),
        seal(header("EdDSA"), b'{"exp": NaN}', "EdDSA"), seal(header("EdDSA"), b'{"exp": Infinity}', "EdDSA"),
        seal(header("EdDSA"), b'{"exp": ' + b"9" * 4400 + b"}", "EdDSA"), seal(header("EdDSA"), b"[]", "EdDSA"),
        seal(header("EdDSA"), b"[" * 5000, "EdDSA"), seal(header("EdDSA"), b'{"a":' * 1100, "EdDSA"),
        seal(header("EdDSA"), b"{}{}", "EdDSA"), seal(header("EdDSA"), b"", "EdDSA"),
    ):  # fmt: skip
        yield Attack("EdDSA", text, "malformed")
    yield Attack("EdDSA", "x" * 8193, "too_large")
    yield Attack("EdDSA", token(padding="x" * 8192), "too_large")


@pytest.fixture(scope="module")
def mallory() -> Iterator[Server]:
    """Where Mallory serves her own key set, hoping that somebody fetches it."""
    with serving(answering(json.dumps({"keys": [MALLORYS_JWK]}).encode())) as server:
        yield server


def trusted(algorithm: Any) -> TrustedIssuer:
    if algorithm == "HS256":
        return TrustedIssuer(ISSUER, AUDIENCE, algorithm, secret=Secret(SHARED_SECRET))
    return TrustedIssuer(ISSUER, AUDIENCE, algorithm, keys=KEY_SET)


LOCAL = outbound.AddressPolicy(schemes=frozenset({"http", "https"}), allow_private=True)
VECTORS = list(attacks("http://127.0.0.1:{port}/jwks"))


def test_the_corpus_is_large_and_varied() -> None:
    assert len({vector.token for vector in VECTORS}) >= 150
    assert len({vector.reason for vector in VECTORS}) >= 7


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_an_attack_is_refused_for_its_reason(vector: Attack) -> None:
    with pytest.raises(LoginRefused) as refused:
        verify(vector.token, trusted(vector.pinned), now=NOW, jwks=JwksCache(policy=LOCAL))
    assert refused.value.reason == vector.reason
    assert len(vector.token) < 8 or vector.token not in str(refused.value)


def test_no_address_in_a_token_is_ever_asked(mallory: Server) -> None:
    cache = JwksCache(policy=LOCAL)
    with serving(answering(json.dumps(KEY_SET).encode())) as honest:
        for vector in attacks(mallory.url("/jwks")):
            if vector.pinned != "HS256":
                issuer = TrustedIssuer(ISSUER, AUDIENCE, vector.pinned, jwks_url=honest.url("/jwks"))
                with pytest.raises(LoginRefused):
                    verify(vector.token, issuer, now=NOW, jwks=cache)
    assert (mallory.accepted, honest.accepted) == (0, 1)


def test_the_same_signature_is_refused_in_any_other_spelling() -> None:
    head, body, signature = token().split(".")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    accepted = []
    for char in last:
        try:
            verify(f"{head}.{body}.{signature[:-1]}{char}", trusted("EdDSA"), now=NOW, jwks=JwksCache())
        except LoginRefused:
            continue
        accepted.append(char)
    assert accepted == [signature[-1]]


def mutants(source: random.Random, good: str) -> Iterator[str]:
    """Endless variations of `good`: changed characters, parts, headers and claims; the signature never fits."""
    head, body, signature = good.split(".")
    values: list[Any] = [
        None,
        "",
        0,
        -1,
        1e308,
        [],
        {},
        True,
        "none",
        "HS256",
        "../x",
        "\ud800",
        "x" * 300,
        [[[]]],
    ]
    while True:
        kind = source.randrange(6)
        if kind == 0:
            place = source.randrange(len(good))
            yield (
                good[:place]
                + chr(source.choice([source.randrange(128), source.randrange(0x3000)]))
                + good[place + 1 :]
            )
        elif kind == 1:
            start = source.randrange(len(good))
            yield good[:start] + good[start + source.randrange(1, 9) :]
        elif kind == 2:
            yield ".".join(source.choices([head, body, signature, "", "e30"], k=source.randrange(1, 6)))
        elif kind == 3:
            changed = header("EdDSA") | {
                source.choice(["alg", "typ", "kid", "jku", "x", "crit"]): source.choice(values)
            }
            yield f"{b64(json.dumps(changed).encode())}.{body}.{signature}"
        elif kind == 4:
            changed = claims() | {
                source.choice(["iss", "aud", "sub", "exp", "nbf", "iat"]): source.choice(values)
            }
            yield f"{head}.{b64(json.dumps(changed).encode())}.{signature}"
        else:
            raw = bytearray(json.dumps(claims()).encode())
            raw[source.randrange(len(raw))] = source.randrange(256)
            yield f"{head}.{b64(bytes(raw))}.{signature}"


def test_no_mutant_of_a_good_token_logs_in_or_breaks_the_verifier() -> None:
    good = token()
    issuer, cache = trusted("EdDSA"), JwksCache()
    variations = mutants(random.Random(11), good)
    reasons: Counter[str] = Counter()
    while reasons.total() < 10_000:
        mutant = next(variations)
        if mutant == good:
            continue
        with pytest.raises(LoginRefused) as refused:
            verify(mutant, issuer, now=NOW, jwks=cache)
        reasons[refused.value.reason] += 1
    assert {
        "malformed",
        "bad_signature",
        "wrong_algorithm",
        "unknown_key",
        "forbidden_header",
    } <= reasons.keys()


def test_no_mutated_claim_breaks_the_verifier_even_when_truly_signed() -> None:
    source = random.Random(12)
    values: list[Any] = [
        None,
        "",
        0,
        -1,
        1e308,
        10**400,
        [],
        {},
        True,
        "\ud800",
        "x" * 600,
        [[[]]],
        {"a": [None]},
        ["\0"],
    ]
    names = ["iss", "aud", "sub", "exp", "nbf", "iat", "jti"]
    reasons: Counter[str] = Counter()
    for _ in range(2_000):
        changes = {name: source.choice(values) for name in source.sample(names, source.randrange(1, 4))}
        text = seal(header("HS256"), claims(**changes), "HS256")
        reasons[outcome(text)] += 1
    assert {"bad_claim", "missing_claim", "wrong_audience", "unknown_issuer", "expired"} >= reasons.keys() - {
        "in"
    }
    assert reasons["bad_claim"] > 0


def outcome(text: str) -> str:
    """The reason why a token of the shared secret is refused, or "in"."""
    try:
        peek(text)
        verify(text, trusted("HS256"), now=NOW, jwks=JwksCache())
    except LoginRefused as refused:
        return refused.reason
    return "in"


def test_a_signature_of_the_shared_secret_says_nothing_for_other_keys() -> None:
    assert ED25519_KEY.public_key().public_bytes_raw() != SHARED_SECRET.encode()
    text = seal(header("EdDSA"), claims(), "HS256", secret=ED25519_KEY.public_key().public_bytes_raw())
    with pytest.raises(LoginRefused, match="signature"):
        verify(text, trusted("EdDSA"), now=NOW, jwks=JwksCache())
