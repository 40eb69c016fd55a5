"""The page to join from: it tells nobody anything that the API would not, and loads nothing from elsewhere."""

from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from tests.asking import Json
from tests.cast import Company
from videobroker.secret import Secret
from videobroker.tenants.models import User

PASSWORD = "correct horse battery"
SDK = "https://cdn.example.com/npm/video@1/+esm"


def door(room: Json | str) -> str:
    return f"/join/{room['id'] if isinstance(room, dict) else room}"


def policy(answer: HttpResponse) -> dict[str, str]:
    """What the page may load, by kind."""
    directives = answer.headers["Content-Security-Policy"].split("; ")
    return {name: allowed for name, _, allowed in (each.partition(" ") for each in directives)}


@pytest.fixture
def bo(acme: Company) -> User:
    return User.objects.create_user("bo", password=PASSWORD, tenant=acme.row, identity="bo", first_name="Bo")


@pytest.fixture
def browser() -> Client:
    """One that Django trusts no more than any other."""
    return Client(enforce_csrf_checks=True)


def sign_in(browser: Client, path: str, **form: str) -> Any:
    browser.get(path)
    token = browser.cookies["csrftoken"].value
    return browser.post(path, {"csrfmiddlewaretoken": token, **form})


def test_it_is_the_same_page_for_a_room_that_there_is_and_one_that_there_is_not(
    demo_room: Json, browser: Client
) -> None:
    there, nowhere = browser.get(door(demo_room)), browser.get(door(str(uuid4())))
    assert there.status_code == nowhere.status_code == 200
    assert b"demo" not in there.content.replace(str(demo_room["id"]).encode(), b"")


def test_signing_in_comes_back_to_the_room_as_that_person(demo_room: Json, bo: User, browser: Client) -> None:
    answer = sign_in(browser, door(demo_room), username="bo", password=PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, door(demo_room))
    page = browser.get(door(demo_room)).content.decode()
    assert 'data-identity="bo"' in page
    assert 'data-name="Bo"' in page


def test_a_wrong_password_is_said_and_signs_nobody_in(demo_room: Json, bo: User, browser: Client) -> None:
    answer = sign_in(browser, door(demo_room), username="bo", password="wrong")
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert "sessionid" not in browser.cookies


def test_too_many_wrong_passwords_are_the_consoles_too_and_lead_back_to_the_door(
    demo_room: Json, bo: User, browser: Client
) -> None:
    browser.get(door(demo_room))
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"].value, "username": "bo"}
    for number in range(settings.AXES_FAILURE_LIMIT):
        browser.post(door(demo_room), {**form, "password": f"wrong {number}"})
    answer = browser.post(door(demo_room), {**form, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert f'href="{door(demo_room)}">To the login' in answer.content.decode()
    assert sign_in(browser, "/admin/login/", username="bo", password=PASSWORD).status_code == 429
    elsewhere = sign_in(Client(REMOTE_ADDR="192.0.2.7"), door(demo_room), username="bo", password=PASSWORD)
    assert elsewhere.status_code == 302


def test_nobody_is_signed_in_from_another_site(demo_room: Json, bo: User, browser: Client) -> None:
    browser.get(door(demo_room))
    answer = browser.post(door(demo_room), {"username": "bo", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert "sessionid" not in browser.cookies


def test_signing_out_ends_the_session(demo_room: Json, bo: User, browser: Client) -> None:
    sign_in(browser, door(demo_room), username="bo", password=PASSWORD)
    sign_in(browser, door(demo_room), sign_out="1")
    assert 'data-identity=""' in browser.get(door(demo_room)).content.decode()


def test_an_operator_takes_part_in_no_room(demo_room: Json, browser: Client) -> None:
    User.objects.create_superuser("olga", password=PASSWORD)
    sign_in(browser, door(demo_room), username="olga", password=PASSWORD)
    page = browser.get(door(demo_room)).content.decode()
    assert 'data-identity=""' in page
    assert "takes part in no room" in page


def test_a_name_is_no_markup(acme: Company, demo_room: Json, browser: Client) -> None:
    name = '"><script>alert(1)</script>'
    User.objects.create_user("eve", password=PASSWORD, tenant=acme.row, identity="eve", first_name=name)
    sign_in(browser, door(demo_room), username="eve", password=PASSWORD)
    assert "<script>alert" not in browser.get(door(demo_room)).content.decode()


@pytest.mark.django_db
def test_beside_the_simulator_it_loads_nothing_of_anybody_elses(settings: Any, browser: Client) -> None:
    settings.TELNYX_API_BASE = "http://127.0.0.1:8001/v2"
    page = browser.get(door(str(uuid4())))
    allowed = policy(page)
    assert allowed["default-src"] == "'none'"
    assert allowed["script-src"] == allowed["style-src"] == allowed["form-action"] == "'self'"
    assert allowed["connect-src"] == "'self' http://127.0.0.1:8001"
    assert allowed["frame-ancestors"] == allowed["base-uri"] == "'none'"
    assert 'data-simulator="http://127.0.0.1:8001"' in page.content.decode()


@pytest.mark.django_db
def test_with_a_real_account_it_may_load_telnyxs_sdk_and_speak_to_telnyx(
    settings: Any, browser: Client
) -> None:
    settings.TELNYX_API_BASE = "https://api.telnyx.com/v2"
    settings.TELNYX_VIDEO_MODULE = SDK
    page = browser.get(door(str(uuid4())))
    assert policy(page)["script-src"] == "'self' https://cdn.example.com"
    assert policy(page)["connect-src"] == "'self' https://*.telnyx.com wss://*.telnyx.com"
    assert f'data-video-module="{SDK}"' in page.content.decode()
    assert 'data-simulator=""' in page.content.decode()


@pytest.mark.django_db
def test_with_a_real_account_nobody_is_told_of_a_proxy_before_telnyx(settings: Any, browser: Client) -> None:
    settings.TELNYX_API_KEY = Secret("KEY0123")
    settings.TELNYX_API_BASE = "http://egress.internal:3128/v2"
    page = browser.get(door(str(uuid4())))
    assert "egress" not in page.content.decode()
    assert "egress" not in page.headers["Content-Security-Policy"]


@pytest.mark.django_db
def test_an_sdk_of_our_own_host_needs_no_other(settings: Any, browser: Client) -> None:
    settings.TELNYX_API_BASE = "https://api.telnyx.com/v2"
    settings.TELNYX_VIDEO_MODULE = "/sdk/video.js"
    assert policy(browser.get(door(str(uuid4()))))["script-src"] == "'self'"


@pytest.mark.django_db
def test_it_is_kept_out_of_caches_and_its_forms_say_where_they_come_from(browser: Client) -> None:
    headers = browser.get(door(str(uuid4()))).headers
    assert "no-store" in headers["Cache-Control"] or "no-cache" in headers["Cache-Control"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
