"""The login tokens of an honest provider: what is accepted, what is read, and which rules hold."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.videobroker.tenants.login_token_makers import (
    AUDIENCE,
    ISSUER,
    KEY_SET,
    NOW,
    NOW_SECS,
    SHARED_SECRET,
    claims,
    header,
    seal,
    token,
)
from videobroker import outbound
from videobroker.secret import Secret
from videobroker.tenants.jwks import JwksCache
from videobroker.tenants.login_tokens import Login, LoginRefused, TrustedIssuer, peek, verify

ALGORITHMS = ["RS256", "ES256", "EdDSA", "HS256"]


def no_fetch(url: str) -> bytes:
    raise outbound.Unreachable(outbound.shown(url), "the provider is down")


def trusted(algorithm: Any = "EdDSA", **changes: Any) -> TrustedIssuer:
    source = {"secret": Secret(SHARED_SECRET)} if algorithm == "HS256" else {"keys": KEY_SET}
    return TrustedIssuer(
        **({"issuer": ISSUER, "audience": AUDIENCE, "algorithm": algorithm} | source | changes)
    )


def log_in(text: str, issuer: TrustedIssuer | None = None, *, now: datetime = NOW) -> Login:
    return verify(text, issuer or trusted(), now=now, jwks=JwksCache(fetch=no_fetch))


def refusal(text: str, issuer: TrustedIssuer | None = None, *, now: datetime = NOW) -> str:
    with pytest.raises(LoginRefused) as refused:
        log_in(text, issuer, now=now)
    assert text not in str(refused.value)
    return refused.value.reason


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_the_provider_logs_its_subject_in(algorithm: str) -> None:
    login = log_in(token(algorithm, name="Bo", jti="t-1"), trusted(algorithm))
    assert login == Login("bo", "Bo", datetime.fromtimestamp(NOW_SECS + 600, UTC), "t-1")


def test_name_and_token_id_may_be_missing() -> None:
    login = log_in(token())
    assert (login.name, login.token_id) == (None, None)


def test_keys_are_taken_from_the_registered_address() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return json.dumps(KEY_SET).encode()

    issuer = trusted(keys=None, jwks_url="https://login.acme.example/jwks")
    assert verify(token(), issuer, now=NOW, jwks=JwksCache(fetch=fetch)).identity == "bo"
    assert asked == ["https://login.acme.example/jwks"]


def test_without_a_kid_the_providers_only_key_is_used() -> None:
    assert log_in(seal(header("EdDSA", kid=...), claims(), "EdDSA")).identity == "bo"


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "AT+JWT", ...])
def test_these_types_of_token_are_accepted(typ: Any) -> None:
    assert log_in(seal(header("EdDSA", typ=typ), claims(), "EdDSA")).identity == "bo"


@pytest.mark.parametrize(
    "typ", ["", "JWE", "JOSE", "dpop+jwt", "secevent+jwt", "logout+jwt", 1, None, ["JWT"], "JWT "]
)
def test_other_types_of_token_are_refused(typ: Any) -> None:
    assert refusal(seal(header("EdDSA", typ=typ), claims(), "EdDSA")) == "wrong_type"


@pytest.mark.parametrize("aud", [AUDIENCE, [AUDIENCE], ["other", AUDIENCE]])
def test_the_audience_is_a_text_or_in_a_list(aud: Any) -> None:
    assert log_in(token(aud=aud)).identity == "bo"
    assert AUDIENCE in peek(token(aud=aud)).audiences


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": ISSUER.rstrip("/")}, "unknown_issuer"),
        ({"iss": ISSUER.upper()}, "unknown_issuer"),
        ({"iss": ISSUER + "\x00"}, "bad_claim"),
        ({"iss": [ISSUER]}, "bad_claim"),
        ({"iss": ...}, "missing_claim"),
        ({"aud": "other"}, "wrong_audience"),
        ({"aud": AUDIENCE.upper()}, "wrong_audience"),
        ({"aud": AUDIENCE + "2"}, "wrong_audience"),
        ({"aud": []}, "wrong_audience"),
        ({"aud": ["a", "b"]}, "wrong_audience"),
        ({"aud": [AUDIENCE, 1]}, "bad_claim"),
        ({"aud": [[AUDIENCE]]}, "bad_claim"),
        ({"aud": {AUDIENCE: 1}}, "bad_claim"),
        ({"aud": [AUDIENCE] * 21}, "bad_claim"),
        ({"aud": ["\ud800"]}, "bad_claim"),
        ({"aud": ...}, "missing_claim"),
        ({"aud": None}, "missing_claim"),
        ({"sub": ...}, "missing_claim"),
        ({"sub": None}, "missing_claim"),
        ({"sub": ""}, "bad_claim"),
        ({"sub": 7}, "bad_claim"),
        ({"sub": ["bo"]}, "bad_claim"),
        ({"sub": "x" * 256}, "bad_claim"),
        ({"sub": "bo\x00"}, "bad_claim"),
        ({"sub": "b\no"}, "bad_claim"),
        ({"sub": "bo\u200b"}, "bad_claim"),
        ({"sub": "b\u200do"}, "bad_claim"),
        ({"sub": "\u202eob"}, "bad_claim"),
        ({"sub": "b\u2066o"}, "bad_claim"),
        ({"sub": "b\u00ado"}, "bad_claim"),
        ({"sub": "\ufeffbo"}, "bad_claim"),
        ({"sub": "bo\u2028"}, "bad_claim"),
        ({"sub": "bo\u3164"}, "bad_claim"),
        ({"sub": "bo\ufe0f"}, "bad_claim"),
        ({"sub": "bo\ud800"}, "bad_claim"),
        ({"sub": "bo\ue000"}, "bad_claim"),
        ({"sub": " bo"}, "bad_claim"),
        ({"sub": "bo\u00a0"}, "bad_claim"),
        ({"sub": "bjo\u0308rn"}, "bad_claim"),
        ({"sub": "\u212bngstrom"}, "bad_claim"),
        ({"jti": 7}, "bad_claim"),
        ({"jti": "a\nb"}, "bad_claim"),
        ({"exp": ...}, "missing_claim"),
        ({"exp": NOW_SECS - 30}, "expired"),
        ({"exp": 0}, "expired"),
        ({"exp": None}, "bad_claim"),
        ({"exp": str(NOW_SECS + 600)}, "bad_claim"),
        ({"exp": True}, "bad_claim"),
        ({"exp": [NOW_SECS + 600]}, "bad_claim"),
        ({"exp": -1}, "bad_claim"),
        ({"exp": 10**12}, "bad_claim"),
        ({"exp": 1e300}, "bad_claim"),
        ({"exp": 10**400}, "bad_claim"),
        ({"nbf": NOW_SECS + 31}, "not_yet_valid"),
        ({"nbf": "0"}, "bad_claim"),
        ({"iat": NOW_SECS + 31}, "not_yet_valid"),
        ({"iat": False}, "bad_claim"),
    ],
)
def test_a_claim_that_breaks_a_rule_refuses_the_login(changes: dict[str, Any], reason: str) -> None:
    assert refusal(token(**changes)) == reason


@pytest.mark.parametrize(
    "sub", ["x" * 255, "Åsa Öberg", "用户42", "auth0|5f7c8ec7c33c6c004bbafe82", "bo@acme.example"]
)
def test_a_subject_is_taken_to_the_letter(sub: str) -> None:
    assert log_in(token(sub=sub)).identity == sub


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW_SECS - 29},
        {"exp": NOW_SECS + 0.5},
        {"exp": 253_402_300_799},
        {"nbf": NOW_SECS + 30},
        {"iat": NOW_SECS + 30},
        {"iat": ...},
    ],
)
def test_clocks_may_differ_by_the_leeway(changes: dict[str, Any]) -> None:
    assert log_in(token(**changes)).identity == "bo"


def test_the_leeway_is_the_registered_one() -> None:
    text = token(exp=NOW_SECS)
    assert log_in(text, trusted(leeway_secs=1)).identity == "bo"
    assert refusal(text, trusted(leeway_secs=0)) == "expired"
    assert refusal(text, now=NOW + timedelta(seconds=30)) == "expired"


def test_a_registered_lifetime_limits_the_token() -> None:
    issuer = trusted(max_lifetime_secs=610)
    assert log_in(token(), issuer).identity == "bo"
    assert refusal(token(exp=NOW_SECS + 601), issuer) == "too_long_lived"
    assert refusal(token(iat=...), issuer) == "missing_claim"


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("  Bo   Ek ", "Bo Ek"),
        ("Bo\x00\n Ek", "Bo Ek"),
        ("\u202eBo\u2069", "Bo"),
        ("\u200bBo\ufeff", "Bo"),
        ("bjo\u0308rn", "björn"),
        ("می\u200cروم", "می\u200cروم"),
        ("x" * 101, "x" * 100),
        ("a\ud800b", "ab"),
        ("\u200b\u202e", None),
        ("\u200d", None),
        ("", None),
        (7, None),
        (["Bo"], None),
        (None, None),
    ],
)
def test_a_name_is_cleaned_for_showing(name: object, read: str | None) -> None:
    assert log_in(token(name=name)).name == read


def test_a_look_at_the_address_verifies_nothing() -> None:
    address = peek(seal(header("EdDSA", alg="none"), claims(iss="https://x.example"), "EdDSA"))
    assert (address.issuer, address.audiences) == ("https://x.example", (AUDIENCE,))


def test_a_key_that_is_not_the_providers_is_unknown() -> None:
    assert refusal(seal(header("EdDSA", kid="ed-9"), claims(), "EdDSA")) == "unknown_key"


def test_a_provider_that_is_down_is_told_as_such() -> None:
    issuer = trusted(keys=None, jwks_url="https://login.acme.example/jwks")
    assert refusal(token(), issuer) == "keys_unavailable"


@pytest.mark.parametrize(
    ("algorithm", "changes"),
    [
        ("EdDSA", {"keys": None}),
        ("EdDSA", {"keys": {"keys": []}}),
        ("EdDSA", {"keys": ["not a set"]}),
        ("EdDSA", {"keys": {"keys": [{"kty": "oct", "k": "AA"}]}}),
        ("HS256", {"secret": None}),
        ("HS256", {"secret": Secret("")}),
        ("HS256", {"secret": Secret("x" * 31)}),
        ("HS256", {"secret": Secret("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")}),
        ("HS256", {"secret": Secret('{"kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}')}),
    ],
)
def test_a_provider_registered_wrongly_logs_nobody_in(algorithm: str, changes: dict[str, Any]) -> None:
    assert refusal(token(algorithm), trusted(algorithm, **changes)) == "provider_misconfigured"


def test_neither_login_nor_registration_shows_the_secret() -> None:
    assert SHARED_SECRET not in repr(trusted("HS256"))
