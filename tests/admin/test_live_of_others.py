"""A live page that is left open: what its fragments tell, and to whom, once something has changed."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from rooms.models import Ban, Operation
from tests.admin.conftest import new_user, sign_in
from tests.admin.forms import act_path
from tests.admin.meetings import Meeting, live_path
from tests.cast import Company
from videobroker.tenants.models import TenantStatus, User


def test_no_cache_between_keeps_a_fragment_for_somebody_else(ana: Client, meeting: Meeting) -> None:
    for name in ("live", "live_now"):
        headers = ana.get(live_path(meeting.room["id"], name)).headers
        assert {"private", "no-store"} <= set(headers["Cache-Control"].split(", "))
        assert "Cookie" in headers["Vary"]


def test_what_another_had_shown_proves_no_right(
    ana: Client,
    meeting: Meeting,
    sign_in_as: Callable[[str, Company], Client],
    acme: Company,
    globex: Company,
) -> None:
    path = live_path(meeting.room["id"], "live_now")
    etag = ana.get(path)["ETag"]
    for name, company, status in (("cy", acme, 403), ("gus", globex, 404)):
        answer = sign_in_as(name, company).get(path, headers={"If-None-Match": etag})
        assert answer.status_code == status
    assert Client().get(path, headers={"If-None-Match": etag}).status_code == 302


def test_a_moderator_who_is_banned_meanwhile_sees_and_decides_no_more(
    ana: Client, meeting: Meeting, acme: Company
) -> None:
    path = live_path(meeting.room["id"], "live_now")
    etag = ana.get(path)["ETag"]
    Ban.objects.create(tenant=acme.row, identity="ana", created_by="x")
    assert ana.get(path, headers={"If-None-Match": etag}).status_code in {403, 404}
    assert meeting.press(ana, "bo", "kick").status_code in {403, 404}
    assert not Operation.objects.filter(kind="kick").exists()


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_a_moderator_who_is_staff_no_more_has_to_sign_in(
    change: dict[str, bool], ana: Client, meeting: Meeting
) -> None:
    User.objects.filter(username="ana").update(**change)
    assert ana.get(live_path(meeting.room["id"], "live_now")).status_code == 302


def test_buttons_go_with_the_tenants_standing(ana: Client, meeting: Meeting, acme: Company) -> None:
    path = live_path(meeting.room["id"], "live_now")
    etag = ana.get(path)["ETag"]
    acme.change(status=TenantStatus.SUSPENDED)
    answer = ana.get(path, headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert 'class="act' not in answer.content.decode()


def test_an_order_sent_twice_is_harmless(ana: Client, meeting: Meeting) -> None:
    for _ in range(2):
        assert meeting.press(ana, "bo", "kick").status_code == 200
    kicked = Operation.objects.filter(kind="kick")
    assert {tuple(each.arguments["participants"]) for each in kicked} <= {
        (str(meeting.gathering.person(meeting.bo).pk),)
    }


def test_a_failed_order_is_given_again_once_however_often_it_is_pressed(
    ana: Client, meeting: Meeting
) -> None:
    meeting.press(ana, "bo", "mute")
    failed = Operation.objects.get(kind="mute")
    Operation.objects.filter(pk=failed.pk).update(state="failed", finished_at=timezone.now())
    for _ in range(2):
        ana.post(act_path("rooms_operation", failed, "again"))
    assert Operation.objects.filter(kind="mute").exclude(pk=failed.pk).count() == 1


@pytest.mark.parametrize("act", ["kick", "ban", "mute"])
def test_no_button_is_pressed_from_another_site(act: str, meeting: Meeting, acme: Company) -> None:
    browser = Client(enforce_csrf_checks=True)
    ana = User.objects.filter(username="ana").first() or new_user("ana", acme.row, is_staff=True)
    browser.force_login(ana, backend="django.contrib.auth.backends.ModelBackend")
    path = act_path("rooms_participant", meeting.gathering.person(meeting.bo), act)
    assert browser.post(path, {"reason": "", "lasting": ""}).status_code == 403
    assert browser.get(path).status_code == 200
    assert not Operation.objects.filter(kind__in=Operation.URGENT).exists()


def test_signing_in_leads_to_no_other_site(acme: Company) -> None:
    new_user("ana", acme.row, is_staff=True)
    for elsewhere in ("https://evil.example/", "//evil.example/", r"/\evil.example", "javascript:alert(1)"):
        form = {"username": "ana", "password": "correct horse battery", "next": elsewhere}
        answer = Client().post("/admin/login/", form)
        assert (answer.status_code, answer["Location"]) == (
            302,
            "/accounts/profile/",
        ) or "evil" not in answer["Location"]


def test_signing_in_begins_another_session(acme: Company) -> None:
    new_user("ana", acme.row, is_staff=True)
    browser = Client()
    browser.cookies["sessionid"] = "given-by-the-attacker-0123456789"
    browser.post("/admin/login/", {"username": "ana", "password": "correct horse battery"})
    assert browser.cookies["sessionid"].value != "given-by-the-attacker-0123456789"
    first = browser.cookies["sessionid"].value
    assert sign_in(User.objects.get(username="ana")).cookies["sessionid"].value != first
