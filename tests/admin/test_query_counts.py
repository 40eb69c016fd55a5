"""No page asks the database more often because there is more in it."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rooms.models import Room
from tests.admin.conftest import new_user
from tests.admin.filling import fill
from tests.admin.forms import change_path
from tests.cast import Company
from videobroker.tenants import api_keys
from videobroker.tenants.models import Account, IdentityProvider, Tenant

ROOMS_LISTS = ["rooms_room", "rooms_member", "rooms_ban", "rooms_operation", "tokens_grant"]
HOUSE_LISTS = [
    "tenants_tenant",
    "tenants_account",
    "tenants_identityprovider",
    "tenants_apikey",
    "tenants_user",
    "tenants_auditentry",
]


def queries(browser: Client, path: str) -> int:
    browser.get(path)  # what is asked for once a process has been asked for now
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


def counts(browser: Client, paths: list[str]) -> dict[str, int]:
    return {path: queries(browser, path) for path in paths}


def crowd(acme: Company, demo: Room, rows: int) -> None:
    """So many more rows in every table."""
    for number in range(rows):
        demo.refresh_from_db()
        fill(acme, "crowd", demo)
        Room.objects.create(tenant=acme.row, account=acme.row.account, unique_name=f"room {rows} {number}")
        name = f"{rows}-{number}"
        account = Account.objects.create(name=name)
        tenant = Tenant.objects.create(slug=name, name=name, account=account)
        IdentityProvider.objects.create(tenant=tenant, issuer=name, audience="x", algorithm="HS256")
        api_keys.create(tenant, name=name, scopes=["rooms:read"])
        new_user(name, tenant)


def test_fifty_rows_take_as_many_queries_as_five(
    ana: Client, olga: Client, acme: Company, demo: Room
) -> None:
    pages = ["/admin/", change_path("rooms_room", demo), reverse("admin:rooms_room_history", args=[demo.pk])]
    pages += [reverse(f"admin:{name}_changelist") for name in ROOMS_LISTS]
    house = [reverse(f"admin:{name}_changelist") for name in HOUSE_LISTS]
    crowd(acme, demo, 5)
    few = counts(ana, pages), counts(olga, pages + house)
    crowd(acme, demo, 45)
    assert (counts(ana, pages), counts(olga, pages + house)) == few
    assert max(*few[0].values(), *few[1].values()) <= 30
