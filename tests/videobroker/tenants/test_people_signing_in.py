"""People of a tenant, signed in with the tenant's own identity provider."""

import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.exceptions import ValidationError

from tests.asking import Asker, Json
from tests.cast import Company
from tests.videobroker.outbound.servers import Authority, Server, answering, serving
from tests.videobroker.tenants.login_token_makers import ED25519_JWK, RSA_JWK
from videobroker import outbound
from videobroker.secret import Secret
from videobroker.tenants import authentication
from videobroker.tenants.models import IdentityProvider, User


def asked(bearer: str) -> tuple[int, str | None]:
    """Status and reason of a request with the bearer token."""
    answer = Asker(bearer).get("/v2/rooms")
    return answer.status, answer.body["errors"][0]["meta"]["reason"] if answer.status >= 400 else None


def test_the_subject_of_the_token_is_who_asks(acme: Company, demo_room: Json) -> None:
    listed = {who: acme.person(who).get("/v2/rooms").data for who in ("ana", "bo", "cy")}
    assert {who: len(rooms) for who, rooms in listed.items()} == {"ana": 1, "bo": 1, "cy": 0}


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://login.elsewhere.example"}, "unknown_issuer"),
        ({"aud": "somebody-else"}, "unknown_issuer"),
        ({"aud": []}, "unknown_issuer"),
        ({"exp": int(time.time()) - 3600}, "expired"),
        ({"nbf": int(time.time()) + 3600}, "not_yet_valid"),
        ({"sub": " ana"}, "bad_claim"),
        ({"sub": "an\u200ba"}, "bad_claim"),
        ({"sub": None}, "missing_claim"),
        ({"exp": None}, "bad_claim"),
    ],
)
def test_a_token_that_does_not_fit_lets_nobody_in(acme: Company, claims: dict[str, Any], reason: str) -> None:
    assert asked(acme.login_token("ana", **claims)) == (401, reason)


def test_a_provider_of_one_tenant_makes_nobody_of_another(acme: Company, globex: Company) -> None:
    claims = {"iss": "https://login.globex.example"}
    assert asked(acme.login_token("gus", **claims)) == (401, "bad_signature")


def test_the_same_subject_in_two_tenants_is_two_people(
    acme: Company, globex: Company, demo_room: Json
) -> None:
    path = f"/v2/rooms/{demo_room['id']}"
    assert acme.person("ana").get(path).status == 200
    assert globex.person("ana").get(path).status == 404


def test_a_provider_that_was_switched_off_lets_nobody_in(acme: Company) -> None:
    IdentityProvider.objects.update(is_active=False)
    assert asked(acme.login_token("ana")) == (401, "unknown_issuer")


def test_a_deactivated_person_is_refused_whatever_the_provider_says(
    acme: Company, globex: Company, demo_room: Json
) -> None:
    User.objects.create_user("ana", tenant=acme.row, identity="ana", is_active=False)
    assert asked(acme.login_token("ana")) == (401, "user_deactivated")
    assert asked(acme.login_token("bo")) == (200, None)
    assert asked(globex.login_token("ana")) == (200, None)


def test_an_issuer_and_audience_belong_to_one_tenant(acme: Company, globex: Company) -> None:
    twin = IdentityProvider(
        tenant=globex.row, issuer="https://login.acme.example", audience="videobroker", algorithm="HS256"
    )
    twin.secret = Secret("a shared secret that is long enough")
    with pytest.raises(ValidationError, match="already exists"):
        twin.full_clean()


@pytest.mark.parametrize(
    ("fields", "secret", "message"),
    [
        ({"algorithm": "HS256"}, "", "HS256 needs a shared secret"),
        ({"algorithm": "HS256"}, "short", "at least 32 bytes"),
        ({"algorithm": "HS256", "jwks_url": "https://a.example/keys"}, "s" * 32, "nothing else"),
        ({"algorithm": "RS256"}, "s" * 32, "either a JWK set or a JWKS address"),
        ({"algorithm": "RS256"}, "", "either a JWK set or a JWKS address"),
        ({"algorithm": "RS256", "jwks_url": "http://a.example/keys"}, "", "https://"),
        ({"algorithm": "RS256", "jwks_url": "https://a.example:22/keys"}, "", "port 22 is not for HTTP"),
        (
            {"algorithm": "RS256", "jwks_url": "https://a.example", "keys": {"keys": [RSA_JWK]}},
            "",
            "nothing else",
        ),
        ({"algorithm": "RS256", "keys": {"keys": "none"}}, "", "keys"),
        ({"algorithm": "none", "keys": {"keys": [ED25519_JWK]}}, "", "not a valid choice"),
    ],
)
def test_a_provider_with_the_wrong_kind_of_keys_is_not_registered(
    acme: Company, fields: dict[str, Any], secret: str, message: str
) -> None:
    provider = IdentityProvider(tenant=acme.row, issuer="https://new.example", audience="us", **fields)
    provider.secret = Secret(secret) if secret else None
    with pytest.raises(ValidationError, match=message):
        provider.full_clean()


@pytest.fixture
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def key_server(
    authority: Authority, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Server, Ed25519PrivateKey]]:
    """An https server on the loopback with the public half of a key, trusted like any other."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    monkeypatch.setattr("certifi.where", lambda: str(authority.ca_file))
    key = Ed25519PrivateKey.generate()
    published = {**jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "one"}
    document = json.dumps({"keys": [published]}).encode()
    outbound.connecting._context.cache_clear()
    authentication.jwks_cache.cache_clear()
    with serving(answering(document), authority.context_for("127.0.0.1")) as server:
        yield server, key
    authentication.jwks_cache.cache_clear()
    outbound.connecting._context.cache_clear()


def signed(key: Ed25519PrivateKey, kid: str = "one", **claims: Any) -> str:
    now = int(time.time())
    standard = {"iss": "https://keys.example", "aud": "us", "sub": "ana", "iat": now, "exp": now + 60}
    return jwt.encode({**standard, **claims}, key, "EdDSA", headers={"kid": kid})


def test_a_provider_may_publish_its_keys_at_an_https_address(
    acme: Company, key_server: tuple[Server, Ed25519PrivateKey]
) -> None:
    server, key = key_server
    provider = IdentityProvider(
        tenant=acme.row, issuer="https://keys.example", audience="us", algorithm="EdDSA",
        jwks_url=server.url("/keys", scheme="https"),
    )  # fmt: skip
    provider.full_clean()
    provider.save()
    assert asked(signed(key)) == (200, None)
    assert asked(signed(Ed25519PrivateKey.generate())) == (401, "bad_signature")
    assert asked(signed(key, kid="two")) == (401, "unknown_key")
    assert server.accepted == 1  # asked once, kept, and not asked again for every unknown kid


def test_a_provider_at_a_private_address_is_not_asked(
    acme: Company, key_server: tuple[Server, Ed25519PrivateKey], settings: Any
) -> None:
    server, key = key_server
    settings.ALLOW_PRIVATE_ADDRESSES = False
    authentication.jwks_cache.cache_clear()
    IdentityProvider.objects.create(
        tenant=acme.row, issuer="https://keys.example", audience="us", algorithm="EdDSA",
        jwks_url=server.url("/keys", scheme="https"),
    )  # fmt: skip
    assert asked(signed(key)) == (401, "keys_unavailable")
    assert server.accepted == 0
