"""The OpenAPI document, and the page that shows it."""

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from drf_spectacular.validation import validate_schema

from tests.videobroker.api.policies import RULES

Json = Any
# Answers of any length, a line for each entry: they have no envelope.
STREAMED: Final = {"/v2/audit_entries/export"}
METHODS: Final = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document() -> Json:
    """The document as it is served to anybody."""
    response = Client().get("/v2/schema")
    assert response.status_code == 200
    return yaml.safe_load(response.content)


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in METHODS & set(item):
            yield path, method, item[method]


def resolved(document: Json, schema: Json) -> Json:
    """What a `$ref` stands for."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def test_it_is_valid_openapi(document: Json) -> None:
    validate_schema(document)


def test_making_it_warns_of_nothing() -> None:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().startswith("openapi: 3")


def test_it_has_every_operation_and_no_other(document: Json) -> None:
    described = {(path, method.upper()) for path, method, _ in operations(document)}
    served = {("/" + re.sub(r"<uuid:(\w+)>", r"{\1}", rule.route), rule.method) for rule in RULES}
    assert described == served


def test_every_operation_says_its_success(document: Json) -> None:
    for rule in RULES:
        path = "/" + re.sub(r"<uuid:(\w+)>", r"{\1}", rule.route)
        responses = document["paths"][path][rule.method.lower()]["responses"]
        assert [status for status in responses if status.startswith("2")] == [str(rule.back_end)], rule


def test_every_success_is_in_the_envelope(document: Json) -> None:
    for path, method, operation in operations(document):
        status = next(status for status in operation["responses"] if status.startswith("2"))
        content = operation["responses"][status].get("content")
        assert (content is None) == (status == "204"), (path, method)
        if content is not None and path not in STREAMED:
            schema = resolved(document, content["application/json"]["schema"])
            assert "data" in schema["properties"], (path, method)


def test_every_operation_says_how_it_may_be_refused_and_in_what_shape(document: Json) -> None:
    for path, method, operation in operations(document):
        wanted = {"400", "401", "403", "404", "429", "503"} | (
            {"422"} if method in {"post", "patch"} else set()
        )
        assert wanted <= set(operation["responses"]), (path, method)
        for status in wanted:
            schema = operation["responses"][status]["content"]["application/json"]["schema"]
            assert "errors" in resolved(document, schema)["properties"]


def test_operations_have_names_of_their_own_and_a_word_about_what_they_do(document: Json) -> None:
    named = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(named) == len(set(named))
    assert all(operation.get("description") for _, _, operation in operations(document))


def test_every_operation_asks_for_a_credential(document: Json) -> None:
    for path, method, operation in operations(document):
        ways = {name for way in operation["security"] for name in way}
        assert ways == {"bearer", "session"}, (path, method)


def test_every_part_of_a_path_is_described(document: Json) -> None:
    for path, method, operation in operations(document):
        described = {part["name"] for part in operation.get("parameters", []) if part["in"] == "path"}
        assert described == set(re.findall(r"{(\w+)}", path)), (path, method)


class Loaded(HTMLParser):
    """Collects every address that a browser would load by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        loads = {"src", "srcset", "data", "poster"} | ({"href"} if tag in {"link", "base"} else set())
        self.addresses += [str(value) for name, value in attrs if name in loads]


@pytest.fixture(scope="module")
def page() -> str:
    response = Client().get("/v2/docs")
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_loads_nothing_from_other_hosts(page: str) -> None:
    loaded = Loaded()
    loaded.feed(page)
    assert loaded.addresses
    assert [address for address in loaded.addresses if urlsplit(address).netloc] == []
    assert re.findall(r"""(?:url\(|import\(|fetch\(|@import)\s*["']?(?:https?:)?//""", page) == []


def test_what_the_page_loads_is_served(page: str) -> None:
    loaded = Loaded()
    loaded.feed(page)
    for address in {address for address in loaded.addresses if not address.startswith("data:")}:
        response = Client().get(address)
        assert response.status_code == 200, address
        assert sum(len(part) for part in response) > 0


def test_the_page_asks_for_our_document(page: str) -> None:
    assert "/v2/schema" in page
