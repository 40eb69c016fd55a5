"""The operator's commands: what they make, and what they say when they cannot."""

import base64
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from tests.asking import Asker
from tests.cast import Company
from tests.videobroker.tenants.commands import said_by
from tests.videobroker.tenants.login_token_makers import KEY_SET
from videobroker.secret import Secret
from videobroker.tenants.keyring import KeyRing
from videobroker.tenants.models import Account, ApiKey, AuditEntry, IdentityProvider, SigningKey, Tenant, User
from videobroker.tenants.scopes import SCOPES

PASSWORD = "a password that nobody guesses"
PROVIDER = ["--issuer", "https://login.new.example", "--audience", "us"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with a shared secret in it."""
    path = tmp_path / "secret"
    path.write_text("a shared secret of more than 32 bytes\n")
    return path


@pytest.mark.django_db
def test_a_tenant_on_the_houses_account(file: Path) -> None:
    said = said_by(
        "create_tenant", "initech", "--name", "Initech", "--origin", "https://app.initech.example",
        *PROVIDER, "--algorithm", "HS256", "--secret", str(file), "--recording-retention-days", "7",
    )  # fmt: skip
    tenant = Tenant.objects.get(slug="initech")
    assert tenant.recording_retention_days == 7
    assert said.splitlines() == [f"tenant initech {tenant.pk}", f"Telnyx account {tenant.account_id}"]
    assert (tenant.name, tenant.allowed_origins) == ("Initech", ["https://app.initech.example"])
    assert tenant.account.is_house
    assert IdentityProvider.objects.get().secret == Secret("a shared secret of more than 32 bytes")
    assert AuditEntry.objects.get().action == "tenant.created"


@pytest.mark.django_db
def test_a_tenant_with_an_account_and_published_keys_of_its_own(tmp_path: Path) -> None:
    telnyx_key, keys = tmp_path / "key", tmp_path / "jwks.json"
    telnyx_key.write_text("KEY0123456789\n")
    keys.write_text(json.dumps(KEY_SET))
    said_by(
        "create_tenant", "initech", "--telnyx-key", str(telnyx_key),
        *PROVIDER, "--algorithm", "RS256", "--jwks-file", str(keys),
    )  # fmt: skip
    account = Tenant.objects.get(slug="initech").account
    assert (account.is_house, account.api_key) == (False, Secret("KEY0123456789"))
    assert "KEY0123456789" not in repr(Account.objects.values())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Initech!"], "valid value"),
        (["initech", "--origin", "https://app.initech.example/"], "is not an origin"),
        (["initech", "--recording-retention-days", "0"], "recording_retention_days: .* greater than"),
        (
            ["initech", "--telnyx-key", "/nowhere/key"],
            "the Telnyx API key cannot be read from /nowhere/key: No such",
        ),
        (["initech", "--telnyx-key", "EMPTY"], "holds no Telnyx API key"),
        (["initech", "--telnyx-key", "BINARY"], "is not text: it should hold the Telnyx API key"),
        (["initech", "--telnyx-key", "GOOD", "--telnyx-public-key", "abc"], "this is not a public key"),
        (["initech", "--issuer", "https://a.example"], "needs --issuer, --audience and --algorithm"),
        (["initech", *PROVIDER, "--algorithm", "HS256"], "HS256 needs a shared secret"),
        (["initech", *PROVIDER, "--algorithm", "RS256", "--jwks-url", "http://a.example"], "https://"),
        (
            ["initech", *PROVIDER, "--algorithm", "RS256", "--jwks-file", "/nowhere"],
            "the JWK set cannot be read from",
        ),
        (["initech", *PROVIDER, "--algorithm", "RS256", "--jwks-file", "GOOD"], "is not JSON: give a file"),
    ],
)
def test_a_tenant_that_cannot_be_made_leaves_nothing_behind(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    contents = {"EMPTY": b"\n", "BINARY": b"\xff\xfe\x00", "GOOD": b"KEY0123456789"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    typed = [str(tmp_path / word) if word in contents else word for word in arguments]
    with pytest.raises(CommandError, match=message):
        said_by("create_tenant", *typed)
    assert not Tenant.objects.exists()
    assert not AuditEntry.objects.exists()
    assert not Account.objects.filter(is_house=False).exists()


def test_a_slug_and_a_telnyx_key_are_taken_once(acme: Company, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(acme.telnyx_key)
    with pytest.raises(CommandError, match="already exists"):
        said_by("create_tenant", "acme")
    with pytest.raises(CommandError, match="already exists"):
        said_by("create_tenant", "initech", "--telnyx-key", str(key))


def test_a_key_is_printed_once_and_works(acme: Company) -> None:
    key = said_by(
        "create_api_key", "acme", "--name", "reports", "--scope", "rooms:read", "--days", "7"
    ).strip()
    row = ApiKey.objects.get(name="reports")
    assert row.scopes == ["rooms:read"]
    assert row.expires_at is not None
    assert timedelta(days=6) < row.expires_at - timezone.now() <= timedelta(days=7)
    assert Asker(key).get("/v2/rooms").status == 200
    assert Asker(key).post("/v2/rooms", {}).refusal == (403, "missing_scope")
    assert AuditEntry.objects.get(action="api_key.created").subject == str(row.pk)


def test_a_key_has_every_scope_and_no_end_unless_told_otherwise(acme: Company) -> None:
    said_by("create_api_key", "acme", "--name", "all")
    row = ApiKey.objects.get(name="all")
    assert set(row.scopes) == set(SCOPES)
    assert row.expires_at is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["initech"], "there is no tenant 'initech': create it with create_tenant"),
        (["acme", "--scope", "rooms:everything"], "invalid choice"),
        (["acme", "--days", "0"], "1 or more"),
        (["acme", "--days", "-3"], "1 or more"),
        (["acme", "--days", "soon"], "1 or more"),
        (["acme", "--name", "n" * 101], "at most 100 characters"),
    ],
)
def test_a_key_that_cannot_be_made_is_not(acme: Company, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        said_by("create_api_key", *arguments)
    assert ApiKey.objects.count() == 1


def test_a_person_and_an_operator(acme: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD + "\n"))
    said_by("create_user", "ana", "--tenant", "acme", "--moderator")
    monkeypatch.setattr("sys.stdin", io.StringIO(PASSWORD))
    said_by("create_user", "olga")
    ana, olga = User.objects.get(username="ana"), User.objects.get(username="olga")
    assert (ana.tenant, ana.identity, ana.is_staff, ana.is_superuser) == (acme.row, "ana", True, False)
    assert (olga.tenant, olga.identity, olga.is_operator) == (None, "", True)
    assert ana.check_password(PASSWORD)
    assert olga.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("password", "arguments", "message"),
    [
        (PASSWORD, ["dot", "--tenant", "initech"], "there is no tenant 'initech'"),
        (PASSWORD, ["dot", "--tenant", "acme", "--identity", "an\u200ba"], "invisible"),
        (PASSWORD, ["d o t"], "valid username"),
        ("swordfish", ["dot"], "at least 12 characters"),
        ("password12345678", ["password1234567"], "too similar"),
        ("", ["dot"], "holds no password"),
    ],
)
def test_a_user_that_cannot_be_made_is_not(
    acme: Company, monkeypatch: pytest.MonkeyPatch, password: str, arguments: list[str], message: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(password))
    with pytest.raises(CommandError, match=message) as refused:
        said_by("create_user", *arguments)
    assert not User.objects.exists()
    assert not password or password not in str(refused.value)


def test_a_suspended_tenant_gets_nothing_until_it_is_lifted(acme: Company) -> None:
    room = acme.new_room({"bo": "participant"})
    path = f"/v2/rooms/{room['id']}/actions/generate_join_client_token"
    assert said_by("suspend_tenant", "acme").strip() == "tenant acme is suspended"
    assert acme.person("bo").post(path).refusal == (403, "tenant_suspended")
    assert said_by("suspend_tenant", "acme", "--lift").strip() == "tenant acme is active"
    assert acme.person("bo").post(path).status == 201
    with pytest.raises(CommandError, match="there is no tenant 'initech'"):
        said_by("suspend_tenant", "initech")


def test_a_new_signing_key_signs_and_the_old_one_is_still_published(acme: Company) -> None:
    room = acme.new_room({"bo": "participant"})
    path = f"/v2/rooms/{room['id']}/actions/generate_join_client_token"
    acme.person("bo").post(path)
    old = SigningKey.objects.get(purpose="context")
    said = said_by("rotate_signing_key", "context")
    new = SigningKey.objects.get(purpose="context", retired_at=None)
    assert said.strip() == f"context is signed with {new.pk}"
    published = {key["kid"] for key in Asker().get("/.well-known/jwks.json").body["keys"]}
    assert {str(old.pk), str(new.pk)} <= published
    assert acme.person("bo").post(path).status == 201
    with pytest.raises(CommandError, match="invalid choice"):
        said_by("rotate_signing_key", "everything")


def test_new_secrets_are_good_ones_and_new_each_time() -> None:
    pairs = [dict(line.split("=", 1) for line in said_by("new_secrets").splitlines()) for _ in range(2)]
    for pair in pairs:
        assert len(pair["SECRET_KEY"]) >= 50
        ring = KeyRing.parse(Secret(pair["KEY_RING"]))
        assert len(base64.b64decode(pair["KEY_RING"].partition(":")[2])) == 32
        assert ring.primary.startswith("k")
    assert pairs[0] != pairs[1]
