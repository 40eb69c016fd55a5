"""Browsers: the exact origins of the caller's tenant, and no others."""

from typing import Final

import pytest

from tests.asking import Answer, Asker, Json
from tests.cast import Company

HOME: Final = "https://app.acme.example"
PORTED: Final = "http://localhost:5173"
NEAR_MISSES: Final = (
    "https://app.acme.example.evil.example", "https://app.acme.examplee", "https://app.acme.exampl",
    "https://evil-app.acme.example", "https://xapp.acme.example", "https://acme.example", "https://www.app.acme.example",
    "https://app-acme.example", "https://appXacme.example", "https://app.acme.example:443", "https://app.acme.example:444",
    "https://app.acme.example:80", "https://app.acme.example:", "http://app.acme.example", "http://app.acme.example:443",
    "wss://app.acme.example", "ftp://app.acme.example", "HTTPS://app.acme.example", "https://APP.acme.example",
    "https://app.acme.Example", "https://app.acme.example/", "https://app.acme.example/path", "https://app.acme.example?",
    "https://app.acme.example#", "https://app.acme.example ", "https://app.acme.example.", "https://app.acme.example%00",
    "https://user@app.acme.example", "https://app.acme.example@evil.example", "https://evil.example/app.acme.example",
    "https://evil.example#https://app.acme.example", "https://evil.example https://app.acme.example",
    "https://app.acme.example, https://evil.example", "https://app.acme.example,https://app.acme.example",
    "https://xn--pp-iia.acme.example", "https://app.xn--cme-5cd.example", "app.acme.example", "//app.acme.example",
    "https:app.acme.example", "https:///app.acme.example", "https:\\\\app.acme.example", "null", "*", "file://", "https://",
    "http://localhost", "http://localhost:5174", "http://localhost:51730", "http://localhost:05173",
    "http://localhost.evil.example:5173", "http://127.0.0.1:5173", "http://[::1]:5173", "https://localhost:5173",
    "http://[", "https://globex.example", "javascript:alert(1)", "chrome-extension://abcdefghijklmnop",
)  # fmt: skip


@pytest.fixture(autouse=True)
def origins(acme: Company, globex: Company) -> None:
    """Acme's pages live at two origins, globex' at one of its own."""
    acme.change(allowed_origins=[HOME, PORTED])
    globex.change(allowed_origins=["https://app.globex.example"])


def allowed(answer: Answer) -> str | None:
    return answer.headers.get("access-control-allow-origin")


def preflight(origin: str, path: str = "/v2/rooms", method: str = "POST") -> Answer:
    return Asker().ask(
        "OPTIONS", path, None,
        {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "authorization"},
    )  # fmt: skip


@pytest.mark.parametrize("origin", [HOME, PORTED])
def test_the_tenants_own_origins_may_read_the_answer(acme: Company, origin: str) -> None:
    for asker in (acme.back_end, acme.person("ana")):
        answer = asker.get("/v2/rooms", None, Origin=origin)
        assert answer.status == 200
        assert allowed(answer) == origin
        exposed = answer.headers["access-control-expose-headers"]
        assert {"Retry-After", "RateLimit", "X-Request-Id"} <= set(exposed.split(", "))


def test_no_near_miss_may_read_anything(acme: Company) -> None:
    person = acme.person("ana")
    told = {origin: allowed(person.get("/v2/rooms", None, Origin=origin)) for origin in NEAR_MISSES}
    assert told == dict.fromkeys(NEAR_MISSES)


def test_no_near_miss_passes_the_preflight() -> None:
    assert {origin: allowed(preflight(origin)) for origin in NEAR_MISSES} == dict.fromkeys(NEAR_MISSES)


def test_another_tenants_origin_may_not_read_the_answer(acme: Company, globex: Company) -> None:
    assert allowed(acme.person("ana").get("/v2/rooms", None, Origin="https://app.globex.example")) is None
    assert allowed(globex.person("gus").get("/v2/rooms", None, Origin=HOME)) is None


def test_the_preflight_names_methods_and_headers(demo_room: Json) -> None:
    answer = preflight(HOME, f"/v2/rooms/{demo_room['id']}", "PATCH")
    assert (answer.status, answer.raw) == (200, b"")
    assert allowed(answer) == HOME
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    headers = set(answer.headers["access-control-allow-headers"].split(", "))
    assert headers == {"authorization", "content-type", "accept", "idempotency-key", "x-request-id"}
    assert answer.headers["access-control-max-age"] == "600"


def test_refusals_can_be_read_too(acme: Company, demo_room: Json) -> None:
    forbidden = acme.person("cy").get(f"/v2/rooms/{demo_room['id']}", None, Origin=HOME)
    assert (forbidden.status, allowed(forbidden)) == (403, HOME)
    unknown = Asker("garbage").get("/v2/rooms", None, Origin=HOME)
    assert (unknown.status, allowed(unknown)) == (401, HOME)
    assert allowed(Asker("garbage").get("/v2/rooms", None, Origin="https://evil.example")) is None


def test_never_a_wildcard_never_credentials_always_vary(acme: Company) -> None:
    answers = [
        asked
        for origin in (HOME, "https://evil.example", "null")
        for asked in (acme.back_end.get("/v2/rooms", None, Origin=origin), preflight(origin))
    ]
    for answer in [*answers, acme.back_end.get("/v2/rooms")]:
        assert allowed(answer) != "*"
        assert "access-control-allow-credentials" not in answer.headers
        assert "access-control-allow-private-network" not in answer.headers
        assert "origin" in answer.headers["Vary"].lower()


def test_pages_outside_of_the_api_are_for_no_other_origin(db: None) -> None:
    for path in ("/admin/login/", "/livez", "/readyz", "/nowhere"):
        answer = Asker().get(path, None, Origin=HOME)
        assert allowed(answer) is None
        assert allowed(preflight(HOME, path)) is None


def test_a_change_of_the_list_holds_from_the_next_request_on(acme: Company) -> None:
    acme.change(allowed_origins=[PORTED])
    assert allowed(acme.back_end.get("/v2/rooms", None, Origin=HOME)) is None
    assert allowed(preflight(HOME)) is None


def test_the_origin_opens_no_door_by_itself() -> None:
    assert Asker().get("/v2/rooms", None, Origin=HOME).status == 401
