"""No secret, and nothing made of one, is on any page."""

import pytest
from django.test import Client

from rooms.models import Room
from tests.admin.crawling import pages
from tests.admin.filling import fill
from tests.cast import Company
from tokens.models import Grant
from videobroker.secret import Secret
from videobroker.tenants import signing
from videobroker.tenants.models import Account, ApiKey, IdentityProvider, SigningKey, User


@pytest.fixture
def secrets(acme: Company, demo: Room) -> dict[str, str]:
    """Everything secret that there is, by what it is."""
    minted = acme.person("bo").post(f"/v2/rooms/{demo.pk}/actions/generate_join_client_token").data
    grant = Grant.objects.get(pk=minted["grant_id"])
    grant.upstream_refresh_token = Secret("canary-of-telnyx-refresh-token")
    grant.save()
    fill(acme, "more", demo)
    signing.current_key(signing.Purpose.WEBHOOK)
    account, provider = (
        Account.objects.get(pk=acme.row.account_id),
        IdentityProvider.objects.get(tenant=acme.row),
    )
    key = ApiKey.objects.get(tenant=acme.row)
    found = {
        "Telnyx key": acme.telnyx_key,
        "sealed Telnyx key": account.sealed_api_key,
        "fingerprint of the Telnyx key": str(account.api_key_fingerprint),
        "provider's secret": acme.provider_secret,
        "sealed provider's secret": provider.sealed_secret,
        "API key": acme.api_key,
        "hash of the API key": key.secret_hash,
        "client token": minted["token"],
        "refresh token": minted["refresh_token"],
        "hash of the refresh token": grant.refresh_hash,
        "Telnyx's refresh token": "canary-of-telnyx-refresh-token",
        "sealed refresh token": grant.sealed_upstream_refresh_token,
    }
    found |= {f"signing key {key.purpose}": key.sealed_private_key for key in SigningKey.objects.all()}
    return found


def test_an_operator_who_opens_every_page_sees_no_secret(
    olga: Client, ana: Client, secrets: dict[str, str]
) -> None:
    assert all(secrets.values())
    secrets |= {f"password of {user.username}": user.password for user in User.objects.all()}
    walked = dict(pages(olga))
    assert len(walked) > 50
    for path, body in walked.items():
        assert not [what for what, secret in secrets.items() if secret in body], path


def test_a_moderator_who_opens_every_page_sees_no_secret(ana: Client, secrets: dict[str, str]) -> None:
    for path, body in pages(ana):
        assert not [what for what, secret in secrets.items() if secret in body], path


def test_pages_are_kept_out_of_caches(olga: Client, ana: Client, demo: Room) -> None:
    for path in ("/admin/", "/admin/rooms/room/", f"/admin/rooms/room/{demo.pk}/change/"):
        assert "no-store" in ana.get(path)["Cache-Control"]
