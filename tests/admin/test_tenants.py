"""Tenants, accounts, identity providers and users, kept by operators."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rooms.models import Room
from tests.admin.forms import act_path, change_path, errors, send
from tests.cast import Company
from videobroker.secret import Secret
from videobroker.tenants.models import Account, AuditEntry, IdentityProvider, Tenant


def audited(action: str) -> AuditEntry:
    return AuditEntry.objects.get(action=action, actor_kind="operator", actor="olga")


def test_a_suspended_tenant_mints_nothing_until_it_is_resumed(
    olga: Client, acme: Company, demo: Room
) -> None:
    mint = f"/v2/rooms/{demo.pk}/actions/generate_join_client_token"
    olga.post(act_path("tenants_tenant", acme.row, "suspend"))
    assert acme.person("bo").post(mint).refusal == (403, "tenant_suspended")
    olga.post(act_path("tenants_tenant", acme.row, "resume"))
    assert acme.person("bo").post(mint).status == 201
    assert audited("tenant.suspended").tenant == audited("tenant.resumed").tenant == acme.row


def test_a_tenants_rules_are_changed_and_the_names_of_what_changed_are_audited(
    olga: Client, acme: Company
) -> None:
    origins = "https://app.acme.example\nhttps://two.acme.example:8443"
    answer = send(
        olga,
        change_path("tenants_tenant", acme.row),
        allowed_origins=origins,
        identity_mode="enforce",
        max_rooms=3,
    )
    assert answer.status_code == 302
    acme.row.refresh_from_db()
    assert acme.row.allowed_origins == origins.split()
    assert (acme.row.identity_mode, acme.row.max_rooms) == ("enforce", 3)
    assert audited("tenant.updated").details == {"changed": ["allowed_origins", "identity_mode", "max_rooms"]}


def test_saving_a_tenant_as_it_is_audits_nothing(olga: Client, acme: Company) -> None:
    assert send(olga, change_path("tenants_tenant", acme.row)).status_code == 302
    assert not AuditEntry.objects.filter(action="tenant.updated").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_origins", "*"),
        ("allowed_origins", "https://app.acme.example/path"),
        ("client_token_ttl_secs", 9),
        ("grant_ttl_secs", 604801),
        ("recording_retention_days", 0),
        ("recording_retention_days", 36501),
    ],
)
def test_a_rule_that_does_not_do_is_refused_at_its_field_and_changes_nothing(
    field: str, value: Any, olga: Client, acme: Company
) -> None:
    before = getattr(acme.row, field)
    assert field in errors(send(olga, change_path("tenants_tenant", acme.row), **{field: value}))
    acme.row.refresh_from_db()
    assert getattr(acme.row, field) == before


def test_a_new_tenant_is_made_on_an_account(olga: Client, acme: Company) -> None:
    account = str(acme.row.account_id)
    answer = send(olga, reverse("admin:tenants_tenant_add"), slug="initech", name="Initech", account=account)
    assert answer.status_code == 302
    assert Tenant.objects.get(slug="initech").account == acme.row.account
    assert audited("tenant.created").tenant == Tenant.objects.get(slug="initech")


def test_an_accounts_key_is_replaced_and_not_shown(olga: Client, acme: Company) -> None:
    path = change_path("tenants_account", acme.row.account)
    assert send(olga, path, new_api_key="KEY-brand-new").status_code == 302
    account = Account.objects.get(pk=acme.row.account_id)
    assert account.api_key == Secret("KEY-brand-new")
    assert "KEY-brand-new" not in olga.get(path).content.decode()
    assert audited("account.updated").details == {"changed": ["new_api_key"]}


def test_an_empty_key_keeps_the_one_there_is(olga: Client, acme: Company) -> None:
    send(olga, change_path("tenants_account", acme.row.account), name="renamed")
    account = Account.objects.get(pk=acme.row.account_id)
    assert (account.name, account.api_key) == ("renamed", Secret(acme.telnyx_key))


def test_a_key_of_another_account_is_refused_without_saying_it(
    olga: Client, acme: Company, globex: Company
) -> None:
    answer = send(olga, change_path("tenants_account", acme.row.account), new_api_key=globex.telnyx_key)
    assert "belongs to the account globex already" in errors(answer)["new_api_key"][0]
    assert globex.telnyx_key not in answer.content.decode()
    assert Account.objects.get(pk=acme.row.account_id).api_key == Secret(acme.telnyx_key)


def test_the_houses_key_is_not_set_here(olga: Client, db: None) -> None:
    answer = send(olga, change_path("tenants_account", Account.house()), new_api_key="KEY-of-the-house")
    assert "TELNYX_API_KEY" in errors(answer)["new_api_key"][0]


def test_a_public_key_that_is_none_is_refused_at_its_field(olga: Client, acme: Company) -> None:
    assert "public_key" in errors(
        send(olga, change_path("tenants_account", acme.row.account), public_key="nonsense")
    )


def test_a_shared_secret_is_replaced_and_not_shown(olga: Client, acme: Company, demo: Room) -> None:
    provider = IdentityProvider.objects.get(tenant=acme.row)
    old = acme.person("bo")
    path = change_path("tenants_identityprovider", provider)
    assert send(olga, path, new_secret="n3w-" * 10).status_code == 302
    assert "n3w-" not in olga.get(path).content.decode()
    acme.provider_secret = "n3w-" * 10
    assert acme.person("bo").get(f"/v2/rooms/{demo.pk}").status == 200
    assert old.get(f"/v2/rooms/{demo.pk}").status == 401
    assert audited("identity_provider.updated").tenant == acme.row


def test_a_short_secret_is_refused_and_not_shown_again(olga: Client, acme: Company) -> None:
    provider = IdentityProvider.objects.get(tenant=acme.row)
    answer = send(olga, change_path("tenants_identityprovider", provider), new_secret="tooshort-canary")
    assert "at least 32 bytes" in errors(answer)["__all__"][0]
    assert "tooshort-canary" not in answer.content.decode()


def test_another_algorithm_forgets_the_shared_secret(olga: Client, acme: Company) -> None:
    provider = IdentityProvider.objects.get(tenant=acme.row)
    answer = send(
        olga,
        change_path("tenants_identityprovider", provider),
        algorithm="RS256",
        jwks_url="https://login.acme.example/keys",
    )
    assert answer.status_code == 302
    provider.refresh_from_db()
    assert provider.sealed_secret == ""


def test_a_provider_that_is_switched_off_lets_nobody_in(olga: Client, acme: Company, demo: Room) -> None:
    provider = IdentityProvider.objects.get(tenant=acme.row)
    send(olga, change_path("tenants_identityprovider", provider), is_active=None)
    assert acme.person("bo").get(f"/v2/rooms/{demo.pk}").refusal == (401, "unknown_issuer")
