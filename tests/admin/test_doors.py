"""Who gets into the console at all."""

import pytest
from django.test import Client
from django.urls import reverse

from rooms.models import Room
from tests.admin.conftest import new_user, sign_in
from tests.admin.forms import act_path, change_path
from tests.cast import Company
from videobroker.tenants.models import TenantStatus, User


def refused(browser: Client, path: str = "/admin/") -> bool:
    answer = browser.get(path)
    return answer.status_code == 302 and answer["Location"].startswith("/admin/login/")


def test_staff_without_a_tenant_see_nothing(demo: Room) -> None:
    nobody = sign_in(new_user("nobody", is_staff=True))
    assert refused(nobody)
    assert refused(nobody, change_path("rooms_room", demo))


def test_people_who_are_not_staff_are_not_let_in(acme: Company) -> None:
    assert refused(sign_in(new_user("bo", acme.row)))


def test_a_deactivated_moderator_is_not_let_in(acme: Company) -> None:
    assert refused(sign_in(new_user("ana", acme.row, is_staff=True, is_active=False)))


def test_strangers_are_sent_to_sign_in(db: None) -> None:
    assert refused(Client())


def test_a_superuser_of_a_tenant_is_no_operator(acme: Company, globex: Company) -> None:
    mixed = sign_in(new_user("mixed", acme.row, is_staff=True, is_superuser=True))
    assert mixed.get(reverse("admin:tenants_tenant_changelist")).status_code == 403
    assert "globex" not in mixed.get("/admin/").content.decode()


def test_permission_rows_change_nothing(acme: Company, demo: Room) -> None:
    user = new_user("cy", acme.row, is_staff=True)
    assert not user.user_permissions.exists()
    assert sign_in(user).get(change_path("rooms_room", demo)).status_code == 200


def test_staff_of_a_suspended_tenant_look_and_change_nothing(ana: Client, acme: Company, demo: Room) -> None:
    acme.change(status=TenantStatus.SUSPENDED)
    assert ana.get(change_path("rooms_room", demo)).status_code == 200
    assert ana.post(change_path("rooms_room", demo), {"unique_name": "other"}).status_code == 403
    assert ana.post(act_path("rooms_room", demo, "lock")).status_code == 403
    assert ana.get(reverse("admin:rooms_member_add")).status_code == 403
    demo.refresh_from_db()
    assert (demo.unique_name, demo.locked) == ("demo", False)


def test_a_button_needs_the_csrf_token(ana: Client, demo: Room) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="ana"), backend="django.contrib.auth.backends.ModelBackend")
    assert strict.post(act_path("rooms_room", demo, "lock")).status_code == 403
    demo.refresh_from_db()
    assert not demo.locked


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/"])
def test_browsers_may_send_the_origin_with_the_consoles_forms(path: str, ana: Client) -> None:
    """Under `no-referrer` they send `Origin: null`, and no form would pass the CSRF check."""
    browser = ana if path == "/admin/" else Client()
    assert browser.get(path)["Referrer-Policy"] == "same-origin"


def test_a_refusal_is_a_page_for_people(ana: Client) -> None:
    answer = ana.get(reverse("admin:tenants_tenant_changelist"))
    assert answer.status_code == 403
    assert answer["Content-Type"].startswith("text/html")
    assert "To the overview" in answer.content.decode()


def test_the_consoles_name_without_a_slash_leads_there(ana: Client) -> None:
    answer = ana.get("/admin")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
