"""Headers that keep answers to themselves."""

import pytest
from django.test import Client

from tests.asking import Asker
from tests.cast import Company

PAGES = ("/v2/rooms", "/nowhere", "/livez", "/readyz", "/admin/login/", "/v2/docs", "/v2/schema")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.django_db
def test_every_answer_is_kept_within_its_walls(path: str) -> None:
    headers = Client().get(path).headers
    assert "no-store" in headers["Cache-Control"] or "no-cache" in headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    # The console's own forms need their origin to be sent along; to other sites nothing goes from there either.
    assert headers["Referrer-Policy"] == ("same-origin" if path.startswith("/admin/") else "no-referrer")
    assert headers["X-Frame-Options"] == "DENY"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "http" not in policy
    assert "script-src 'self';" in policy
    assert "Server" not in headers
    assert "X-Powered-By" not in headers


@pytest.mark.django_db
def test_no_other_window_gets_hold_of_the_console() -> None:
    assert Client().get("/admin/login/").headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_answers_with_tokens_are_stored_nowhere(acme: Company) -> None:
    room = acme.new_room({"bo": "participant"})
    minted = acme.person("bo").post(f"/v2/rooms/{room['id']}/actions/generate_join_client_token")
    assert minted.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_the_public_keys_may_be_kept_a_while() -> None:
    answer = Asker().get("/.well-known/jwks.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.django_db
def test_cookies_are_for_this_site_alone() -> None:
    browser = Client()
    browser.get("/admin/login/")
    assert {name: cookie["samesite"] for name, cookie in browser.cookies.items()} == {"csrftoken": "Lax"}
