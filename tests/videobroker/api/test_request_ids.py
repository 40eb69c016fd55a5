"""One id for each request: in the answer, in the log, in the audit; and where requests are said to come from."""

import json
import uuid
from typing import Any

import pytest
import structlog
from django.test import Client

from tests.asking import Asker, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.videobroker.api import logs
from videobroker.tenants.models import AuditEntry


def test_a_harmless_id_is_taken_over(acme: Company) -> None:
    for given in ("a", "req_1.2-3", "A" * 64):
        answer = acme.back_end.get("/v2/rooms", None, X_Request_Id=given)
        assert answer.headers["X-Request-Id"] == given


def test_any_other_id_is_replaced(acme: Company) -> None:
    for given in ("", "a b", "A" * 65, "a\tb", "é", "<script>", "a;b", "%0d%0a", "../x"):
        answer = acme.back_end.get("/v2/rooms", None, X_Request_Id=given)
        assert uuid.UUID(answer.headers["X-Request-Id"]).version == 4


def test_every_request_has_an_id_even_one_that_leads_nowhere(db: None) -> None:
    for path in ("/nowhere", "/livez", "/admin/login/", "/v2/rooms", "/v2/schema"):
        assert uuid.UUID(Client().get(path).headers["X-Request-Id"])


def test_the_audit_names_the_request(acme: Company) -> None:
    acme.back_end.post("/v2/rooms", {}, X_Request_Id="made-here")
    assert AuditEntry.objects.get(action="room.created").request_id == "made-here"


def test_the_log_names_the_request(acme: Company, demo_room: Json, simulator: Simulator) -> None:
    simulator.fault("status", "create_room_client_token", status=500)
    path = f"/v2/rooms/{demo_room['id']}/actions/generate_join_client_token"
    with logs.kept() as log:
        acme.person("bo").post(path, None, X_Request_Id="failing")
    events = [json.loads(line) for line in log.getvalue().splitlines()]
    assert ("telnyx_failed", "failing") in [(event["event"], event.get("request_id")) for event in events]


@pytest.mark.parametrize("form", ["json", "text"])
def test_nothing_a_caller_sends_begins_a_line_of_its_own(acme: Company, form: str) -> None:
    forged = 'x\r\n{"event": "forged"}\n\x1b[31m\x85\u2028\u202e'
    with logs.kept(form) as log:
        acme.back_end.post("/v2/rooms", {"unique_name": forged})
        Asker("garbage").get("/v2/rooms", {"a": forged}, User_Agent="x\x1b[2J")
        Asker().get("/v2/" + "\u2028%0a%0d".join("ab"))
        structlog.get_logger("test").warning("odd_name", name=forged, names={forged: [forged]})
    lines = [line for line in log.getvalue().split("\n") if line]
    assert len(lines) == 1
    assert not {"\r", "\x1b", "\x85", "\u202e"} & set(lines[0])


def created_from(acme: Company, forwarded: str) -> str:
    acme.back_end.post(
        "/v2/rooms", {}, X_Forwarded_For=forwarded, X_Real_Ip="6.6.6.6", Forwarded="for=6.6.6.6"
    )
    return AuditEntry.objects.filter(action="room.created").latest("occurred_at").address


@pytest.mark.parametrize("forwarded", ["6.6.6.6", "6.6.6.6, 7.7.7.7", "", "::1", "garbage\t"])
def test_nobody_says_by_himself_where_he_comes_from(acme: Company, forwarded: str) -> None:
    assert created_from(acme, forwarded) == "127.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "10.0.0.2", "127.0.0.1"),
        (1, "", "127.0.0.1"),
        (1, " , ,", "127.0.0.1"),
        (1, "x" * 500, "x" * 45),
    ],
)
def test_our_own_proxies_are_believed_and_what_stands_before_them_is_not(
    acme: Company, settings: Any, proxies: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    assert created_from(acme, forwarded) == address
