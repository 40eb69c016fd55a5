"""Asking the broker's API as somebody, through its front door."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

import requests
from django.test import Client
from django.test.client import ClientHandler

from tests import documented

Json = Any


@dataclass(frozen=True)
class Answer:
    """What came back. `reason` and `pointer` are of the first error."""

    status: int
    body: Json
    headers: dict[str, str] = field(repr=False)
    raw: bytes = field(repr=False)

    @property
    def data(self) -> Json:
        assert "data" in (self.body or {}), f"{self.status}: {self.body}"
        return self.body["data"]

    @property
    def error(self) -> Json:
        assert "errors" in (self.body or {}), f"{self.status}: {self.body}"
        return self.body["errors"][0]

    @property
    def reason(self) -> str:
        return str(self.error["meta"]["reason"])

    @property
    def refusal(self) -> tuple[int, str]:
        """Status and reason, to be compared in one line."""
        return self.status, self.reason


@dataclass(frozen=True)
class Asker:
    """Somebody with a bearer token (or none). With `url`, it goes over a real socket."""

    bearer: str | None = None
    url: str | None = None

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Answer:
        return self.ask("GET", f"{path}?{urlencode(query)}" if query else path, None, headers)

    def post(self, path: str, body: Json = None, **headers: str) -> Answer:
        return self.ask("POST", path, {} if body is None else body, headers)

    def patch(self, path: str, body: Json, **headers: str) -> Answer:
        return self.ask("PATCH", path, body, headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.ask("DELETE", path, None, headers)

    def ask(self, method: str, path: str, body: Json, headers: dict[str, str] | None = None) -> Answer:
        """Header names may be written with underscores. `bytes` as a body are sent as they are. Fails when the OpenAPI
        document does not tell of the answer: so every test asks whether it is complete."""
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if self.bearer is not None:
            sent.setdefault("Authorization", f"Bearer {self.bearer}")
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        asked = self._over_socket if self.url else _in_process
        answer = asked(method, path, raw, sent)
        documented.check(method, path, answer.status, answer.body, _kind(answer.headers))
        return answer

    def _over_socket(self, method: str, path: str, raw: bytes, headers: dict[str, str]) -> Answer:
        headers.setdefault("Content-Type", "application/json")
        with requests.Session() as session:
            session.trust_env = False
            response = session.request(
                method, f"{self.url}{path}", data=raw, headers=headers, timeout=30, allow_redirects=False
            )
        return _answer(response.status_code, response.content, dict(response.headers))


def _in_process(method: str, path: str, raw: bytes, headers: dict[str, str]) -> Answer:
    content_type = headers.pop("Content-Type", "application/json")
    client = Client(raise_request_exception=False)
    client.handler = _handler()
    response = client.generic(method, path, raw, content_type=content_type, headers=headers)
    return _answer(response.status_code, response.getvalue(), dict(response.headers))


@cache
def _handler() -> ClientHandler:
    """One for all requests of this process: making its middleware takes as long as a request, for the static files it
    lists."""
    handler = ClientHandler(enforce_csrf_checks=False)
    handler.load_middleware()
    return handler


def _answer(status: int, raw: bytes, headers: dict[str, str]) -> Answer:
    kind = _kind(headers)
    is_one_json = raw and kind.startswith("application/") and "ndjson" not in kind
    return Answer(status, json.loads(raw) if is_one_json else None, headers, raw)


def _kind(headers: dict[str, str]) -> str:
    return headers.get("Content-Type", headers.get("content-type", ""))
