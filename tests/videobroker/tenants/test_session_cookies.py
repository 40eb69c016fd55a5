"""People of a site that runs on this Django: their session cookie, with Django's CSRF token."""

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.asking import Json
from tests.cast import Company
from videobroker.tenants.models import User


def signed_in(user: User) -> Client:
    """A browser that has signed in as `user`, and that Django does not trust more than any other."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return browser


def csrf_token(browser: Client) -> str:
    """The token that a page of ours would have given the browser."""
    browser.get("/admin/login/")
    return browser.cookies["csrftoken"].value


def refusal(response: HttpResponse) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["meta"]["reason"]


@pytest.fixture
def bo(acme: Company) -> User:
    return User.objects.create_user(
        "bo", password="correct horse battery", tenant=acme.row, identity="bo", first_name="Bo"
    )


def mint(browser: Client, room: Json, **headers: str) -> HttpResponse:
    path = f"/v2/rooms/{room['id']}/actions/generate_join_client_token"
    return browser.post(path, {}, content_type="application/json", headers=headers)


def test_somebody_signed_in_here_is_the_identity_of_their_user(bo: User, demo_room: Json) -> None:
    browser = signed_in(bo)
    minted = mint(browser, demo_room, X_CSRFToken=csrf_token(browser))
    assert minted.status_code == 201
    listed = browser.get("/v2/grants").json()["data"]
    assert [(grant["identity"], grant["display_name"]) for grant in listed] == [("bo", "Bo")]


def test_reading_needs_no_csrf_token(bo: User, demo_room: Json) -> None:
    assert len(signed_in(bo).get("/v2/rooms").json()["data"]) == 1


def test_writing_needs_the_csrf_token(bo: User, demo_room: Json) -> None:
    browser = signed_in(bo)
    token = csrf_token(browser)
    assert refusal(mint(browser, demo_room)) == (403, "csrf_failed")
    assert refusal(mint(browser, demo_room, X_CSRFToken="x" * len(token))) == (403, "csrf_failed")
    assert refusal(mint(browser, demo_room, X_CSRFToken=token, Origin="https://evil.example")) == (
        403,
        "csrf_failed",
    )


def test_a_bearer_token_needs_no_csrf_token_even_beside_a_cookie(
    bo: User, acme: Company, demo_room: Json
) -> None:
    bearer = f"Bearer {acme.login_token('bo')}"
    assert mint(signed_in(bo), demo_room, Authorization=bearer).status_code == 201


def test_a_bearer_token_that_does_not_hold_is_not_helped_by_a_cookie(bo: User, demo_room: Json) -> None:
    browser = signed_in(bo)
    headers = {"Authorization": "Bearer garbage", "X_CSRFToken": csrf_token(browser)}
    assert mint(browser, demo_room, **headers).status_code == 401


def test_an_operator_belongs_to_no_tenant_and_is_sent_to_the_admin(db: None) -> None:
    operator = User.objects.create_superuser("olga", password="correct horse battery")
    assert refusal(signed_in(operator).get("/v2/rooms")) == (403, "no_identity")


def test_a_user_without_an_identity_is_nobody_here(acme: Company) -> None:
    user = User.objects.create_user("dot", password="correct horse battery", tenant=acme.row)
    assert refusal(signed_in(user).get("/v2/rooms")) == (403, "no_identity")


def test_a_user_of_another_tenant_sees_nothing(globex: Company, demo_room: Json) -> None:
    gus = User.objects.create_user("gus", tenant=globex.row, identity="gus")
    assert signed_in(gus).get("/v2/rooms").json()["data"] == []
    assert signed_in(gus).get(f"/v2/rooms/{demo_room['id']}").status_code == 404


def test_a_deactivated_user_is_signed_out_with_the_next_request(bo: User) -> None:
    browser = signed_in(bo)
    User.objects.update(is_active=False)
    assert refusal(browser.get("/v2/rooms")) == (401, "not_authenticated")


def test_a_changed_password_ends_the_session(bo: User) -> None:
    browser = signed_in(bo)
    bo.set_password("another horse, another battery")
    bo.save()
    assert refusal(browser.get("/v2/rooms")) == (401, "not_authenticated")


def test_a_forged_session_cookie_is_nobodys(bo: User) -> None:
    browser = Client()
    browser.cookies["sessionid"] = "a" * 32
    assert refusal(browser.get("/v2/rooms")) == (401, "not_authenticated")
