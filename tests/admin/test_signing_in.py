"""Signing in, and being locked out."""

from django.conf import settings
from django.test import Client

from tests.admin.conftest import new_user
from tests.cast import Company

PASSWORD = "correct horse battery"


def attempt(browser: Client, password: str) -> int:
    form = {"username": "ana", "password": password, "next": "/admin/"}
    return browser.post("/admin/login/", form).status_code


def test_a_moderator_signs_in_with_the_password(acme: Company) -> None:
    new_user("ana", acme.row, is_staff=True)
    browser = Client()
    assert attempt(browser, PASSWORD) == 302
    assert browser.get("/admin/").status_code == 200
    cookie = browser.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_after_too_many_wrong_passwords_the_right_one_does_not_help(acme: Company) -> None:
    new_user("ana", acme.row, is_staff=True)
    browser = Client()
    answers = [attempt(browser, f"wrong {number}") for number in range(settings.AXES_FAILURE_LIMIT)]
    assert answers[:-1] == [200] * (settings.AXES_FAILURE_LIMIT - 1)
    assert attempt(browser, PASSWORD) == 429
    assert browser.get("/admin/").status_code == 302


def test_a_person_who_is_not_staff_cannot_sign_in_here(acme: Company) -> None:
    user = new_user("bo", acme.row)
    browser = Client()
    answer = browser.post("/admin/login/", {"username": user.username, "password": PASSWORD})
    assert answer.status_code == 200
    assert "staff account" in answer.content.decode()


def test_who_is_locked_out_is_told_how_long(acme: Company) -> None:
    new_user("ana", acme.row, is_staff=True)
    browser = Client()
    for number in range(settings.AXES_FAILURE_LIMIT):
        attempt(browser, f"wrong {number}")
    answer = browser.post("/admin/login/", {"username": "ana", "password": PASSWORD})
    body = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "in 15 minutes" in body
    assert "To the login" in body
    assert "console.css" in body
