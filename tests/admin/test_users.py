"""Users, made and changed by operators."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import new_user
from tests.admin.forms import change_path, errors, send
from tests.cast import Company
from videobroker.tenants.models import AuditEntry, User

ADD = "admin:tenants_user_add"
PASSWORD = "a sentence nobody else knows"


def add(browser: Client, **values: Any) -> Any:
    return send(browser, reverse(ADD), password1=PASSWORD, password2=PASSWORD, **values)


def test_a_new_moderator_can_sign_in(olga: Client, acme: Company) -> None:
    answer = add(olga, username="ana", tenant=str(acme.row.pk), identity="ana", is_staff="on")
    assert answer.status_code == 302
    browser = Client()
    assert browser.post("/admin/login/", {"username": "ana", "password": PASSWORD}).status_code == 302
    assert browser.get("/admin/").status_code == 200
    entry = AuditEntry.objects.get(action="user.created")
    assert (entry.actor, entry.tenant, entry.subject) == ("olga", acme.row, "ana")
    assert PASSWORD not in str(entry.details)


def test_a_weak_password_is_refused(olga: Client, acme: Company) -> None:
    weak = {"password1": "password1234", "password2": "password1234"}
    answer = send(olga, reverse(ADD), username="ana", tenant=str(acme.row.pk), **weak)
    assert "password2" in errors(answer)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"is_staff": "on"}, "tenant"),
        ({"is_superuser": "on"}, "is_staff"),
        ({"is_staff": "on", "is_superuser": "on", "identity": "ana"}, "identity"),
    ],
)
def test_a_user_fits_into_the_house(values: dict[str, str], field: str, olga: Client, acme: Company) -> None:
    assert field in errors(add(olga, username="ana", **values))


def test_an_operator_belongs_to_no_tenant(olga: Client, acme: Company) -> None:
    answer = add(olga, username="ana", tenant=str(acme.row.pk), is_staff="on", is_superuser="on")
    assert "tenant" in errors(answer)


def test_two_users_of_one_identity_are_refused_at_the_form(olga: Client, acme: Company) -> None:
    new_user("bo", acme.row)
    assert errors(add(olga, username="bo2", tenant=str(acme.row.pk), identity="bo"))


def test_a_deactivated_user_is_out_at_once(olga: Client, ana: Client) -> None:
    user = User.objects.get(username="ana")
    assert ana.get("/admin/").status_code == 200
    send(olga, change_path("tenants_user", user), is_active=None)
    assert ana.get("/admin/").status_code == 302
    assert AuditEntry.objects.get(action="user.updated").details == {"changed": ["is_active"]}


def test_a_password_is_set_anew_and_audited(olga: Client, ana: Client) -> None:
    user = User.objects.get(username="ana")
    path = reverse("admin:auth_user_password_change", args=[user.pk])
    assert path in olga.get(change_path("tenants_user", user)).content.decode()
    form = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert olga.post(path, form).status_code == 302
    assert ana.get("/admin/").status_code == 302
    assert Client().post("/admin/login/", {"username": "ana", "password": PASSWORD}).status_code == 302
    assert AuditEntry.objects.get(action="user.updated").details == {"changed": ["password"]}


def test_a_moderator_cannot_set_anybodys_password(olga: Client, ana: Client) -> None:
    for username in ("ana", "olga"):
        path = reverse("admin:auth_user_password_change", args=[User.objects.get(username=username).pk])
        assert ana.get(path).status_code in {403, 404}
        assert ana.post(path, {"password1": PASSWORD, "password2": PASSWORD}).status_code in {403, 404}
    assert User.objects.get(username="olga").check_password("correct horse battery")


def test_operators_do_not_shut_themselves_out(olga: Client) -> None:
    user = User.objects.get(username="olga")
    send(olga, change_path("tenants_user", user), first_name="Olga", is_superuser=None, is_active=None)
    user.refresh_from_db()
    assert (user.first_name, user.is_superuser, user.is_active) == ("Olga", True, True)
