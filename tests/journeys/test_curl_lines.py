"""The calls on rooms and tokens that Telnyx documents for curl, run with curl: host, key and ids are others."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.asking import Json
from tests.cast import Company

pytestmark = pytest.mark.django_db(transaction=True)

ROOM_FIELDS = {
    "active_session_id",
    "created_at",
    "enable_recording",
    "id",
    "max_participants",
    "record_type",
    "sessions",
    "unique_name",
    "updated_at",
    "webhook_event_failover_url",
    "webhook_event_url",
    "webhook_timeout_secs",
}
ROOM_SETTINGS: Json = {
    "unique_name": "My room",
    "max_participants": 10,
    "enable_recording": True,
    "webhook_event_url": "https://example.com",
    "webhook_event_failover_url": "https://failover.example.com",
    "webhook_timeout_secs": 25,
}
TOKEN_FIELDS = {"token", "token_expires_at"}
REFRESH_TOKEN_FIELDS = {"refresh_token", "refresh_token_expires_at"}


@dataclass(frozen=True)
class Line:
    """One documented call. `{room}` and `{refresh_token}` stand for what earlier calls gave."""

    method: str
    path: str
    status: int
    fields: frozenset[str] | set[str]
    body: Json = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


LINES = [
    # Sessions are shown where they are asked for, as at Telnyx.
    Line("POST", "/rooms", 201, ROOM_FIELDS - {"sessions"}, ROOM_SETTINGS),
    Line("GET", "/rooms?include_sessions=True", 200, ROOM_FIELDS),
    Line("GET", "/rooms/{room}?include_sessions=True", 200, ROOM_FIELDS),
    Line("PATCH", "/rooms/{room}", 200, ROOM_FIELDS - {"sessions"}, ROOM_SETTINGS),
    Line(
        "POST",
        "/rooms/{room}/actions/generate_join_client_token",
        201,
        TOKEN_FIELDS | REFRESH_TOKEN_FIELDS,
        {"token_ttl_secs": 600, "refresh_token_ttl_secs": 3600},
    ),
    Line(
        "POST",
        "/rooms/{room}/actions/refresh_client_token",
        201,
        TOKEN_FIELDS,
        {"token_ttl_secs": 600, "refresh_token": "{refresh_token}"},
    ),
    Line("DELETE", "/rooms/{room}", 204, set()),
]


def run(line: Line, host: str, key: str, known: dict[str, str]) -> tuple[int, Json]:
    """The status and the JSON that a line is answered with."""
    url = host + line.path.format(**known)
    body = None if line.body is None else {name: _filled(value, known) for name, value in line.body.items()}
    if shutil.which("curl") is None:
        return _with_requests(line.method, url, key, body)
    return _with_curl(line.method, url, key, body)


def _filled(value: Any, known: dict[str, str]) -> Any:
    return value.format(**known) if isinstance(value, str) else value


def _with_curl(method: str, url: str, key: str, body: Json) -> tuple[int, Json]:
    command = [
        "curl",
        "-s",
        "--noproxy",
        "*",
        "-w",
        "\n%{http_code}",
        "-X",
        method,
        "-H",
        f"Authorization: Bearer {key}",
    ]
    if body is not None:
        command += ["-H", "Content-Type: application/json", "-d", json.dumps(body, indent=2)]
    done = subprocess.run([*command, url], capture_output=True, text=True, timeout=30, check=True)
    text, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(text) if text else None


def _with_requests(method: str, url: str, key: str, body: Json) -> tuple[int, Json]:
    headers = {"Authorization": f"Bearer {key}"}
    answer = requests.request(method, url, json=body, headers=headers, timeout=30)
    return answer.status_code, answer.json() if answer.content else None


def test_each_documented_line_answers_with_its_status_and_all_its_fields(
    acme: Company, live_server: Any
) -> None:
    known: dict[str, str] = {}
    for line in LINES:
        status, answer = run(line, f"{live_server.url}/v2", acme.api_key, known)
        assert status == line.status, (line, answer)
        shown = _object(answer)
        assert line.fields <= set(shown), (line, line.fields - set(shown))
        known |= {"room": shown["id"]} if shown.get("record_type") == "room" else {}
        known |= {name: shown[name] for name in ("refresh_token",) if name in shown}


def _object(answer: Json) -> Json:
    """What an answer is about: the object, or the first of the list."""
    if answer is None:
        return {}
    data = answer["data"]
    return data[0] if isinstance(data, list) else data


@pytest.mark.parametrize(
    ("method", "path", "key", "status", "code"),
    [
        ("GET", "/rooms", "KEY0123456789", 401, "10009"),
        ("GET", "/rooms/0ccc7b54-4df3-4bca-a65a-3da1ecc777f0", None, 404, "10005"),
        ("PUT", "/rooms", None, 405, "10019"),
    ],
)
def test_a_refusal_comes_in_the_documented_shape(
    acme: Company, live_server: Any, method: str, path: str, key: str | None, status: int, code: str
) -> None:
    line = Line(method, path, status, set())
    told, answer = run(line, f"{live_server.url}/v2", key or acme.api_key, {})
    assert (told, answer["errors"][0]["code"]) == (status, code)
    assert {"code", "title", "detail", "meta"} <= set(answer["errors"][0])


def test_a_body_with_a_wrong_value_is_answered_with_a_pointer(acme: Company, live_server: Any) -> None:
    line = Line("POST", "/rooms", 422, set(), {"max_participants": 1})
    status, answer = run(line, f"{live_server.url}/v2", acme.api_key, {})
    assert (status, answer["errors"][0]["source"]) == (422, {"pointer": "/max_participants"})
