"""API keys, made and revoked by operators, and shown once."""

import re
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.admin.crawling import pages
from tests.admin.forms import act_path, change_path, errors, send
from tests.asking import Asker
from tests.cast import Company
from videobroker.tenants.models import ApiKey, AuditEntry

KEY = re.compile(r"vbk_[0-9A-Za-z]{61}")


def make(olga: Client, acme: Company, **values: Any) -> Any:
    values = {"name": "shop", "scopes": ["rooms:read"], **values}
    return send(olga, reverse("admin:tenants_apikey_add"), tenant=str(acme.row.pk), **values)


def test_the_key_is_on_the_next_page_and_works_within_its_scopes(olga: Client, acme: Company) -> None:
    answer = make(olga, acme)
    assert "no-store" in answer["Cache-Control"]
    shop = Asker(KEY.findall(answer.content.decode())[0])
    assert shop.get("/v2/rooms").status == 200
    assert shop.post("/v2/rooms", {}).refusal == (403, "missing_scope")
    entry = AuditEntry.objects.get(action="api_key.created")
    assert (entry.actor, entry.tenant, entry.subject) == (
        "olga",
        acme.row,
        str(ApiKey.objects.get(name="shop").pk),
    )


def test_the_key_is_on_no_page_ever_after(olga: Client, acme: Company) -> None:
    key = KEY.findall(make(olga, acme).content.decode())[0]
    assert not [path for path, body in pages(olga, "/admin/tenants/") if key in body or key[16:] in body]


def test_a_key_without_scopes_is_refused_at_the_field(olga: Client, acme: Company) -> None:
    assert "scopes" in errors(make(olga, acme, scopes=[]))
    assert not ApiKey.objects.filter(name="shop").exists()


def test_a_key_that_would_be_over_already_is_refused_at_the_field(olga: Client, acme: Company) -> None:
    assert "expires_at" in errors(make(olga, acme, expires_at=timezone.now() - timedelta(days=1)))


def test_a_revoked_key_opens_nothing(olga: Client, acme: Company) -> None:
    shop = Asker(KEY.findall(make(olga, acme).content.decode())[0])
    row = ApiKey.objects.get(name="shop")
    olga.post(act_path("tenants_apikey", row, "revoke"))
    assert shop.get("/v2/rooms").refusal == (401, "key_revoked")
    assert AuditEntry.objects.get(action="api_key.revoked").subject == str(row.pk)
    assert olga.get(change_path("tenants_apikey", row)).context["acts"] == []


def test_what_a_key_may_do_is_not_changed(olga: Client, acme: Company) -> None:
    row = ApiKey.objects.get(tenant=acme.row)
    assert olga.post(change_path("tenants_apikey", row), {"scopes": ["audit:read"]}).status_code == 403


def test_keys_are_filtered_by_whether_they_hold(olga: Client, acme: Company) -> None:
    now = timezone.now()
    kinds: dict[str, dict[str, Any]] = {
        "active": {},
        "expired": {"expires_at": now},
        "revoked": {"revoked_at": now},
    }
    ApiKey.objects.all().delete()
    for name, values in kinds.items():
        ApiKey.objects.create(tenant=acme.row, name=name, lookup=name, scopes=["rooms:read"], **values)
    for state in kinds:
        shown = (
            olga.get(reverse("admin:tenants_apikey_changelist"), {"state": state}).context["cl"].result_list
        )
        assert [key.name for key in shown] == [state]
