"""The OpenAPI document, and the page that shows it."""

import io
import re
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from drf_spectacular.validation import validate_schema

from tests.documented import JSON_TYPE, Operation, document, leaves, operations, resolved, validator_of
from tests.pages import README, REASONS, named, rows
from tests.test_policies import GUARDED
from tests.videobroker.api.policies import RULES, Rule
from videobroker.api import reasons

Json = Any
# Answers of any length, a line for each entry: they have no envelope.
STREAMED: Final = {"/v2/audit_entries/export"}
each_operation = pytest.mark.parametrize("operation", operations(), ids=str)
each_with_a_body = pytest.mark.parametrize(
    "operation", [each for each in operations() if each.body is not None], ids=str
)


def path_of(route: str) -> str:
    return "/" + re.sub(r"<uuid:(\w+)>", r"{\1}", route)


def rule_of(operation: Operation) -> Rule:
    (found,) = (
        rule
        for rule in RULES
        if (path_of(rule.route), rule.method.lower()) == (operation.path, operation.method)
    )
    return found


# --- The whole --------------------------------------------------------------------------------------------


def test_it_is_valid_openapi() -> None:
    validate_schema(document())


def test_making_it_warns_of_nothing() -> None:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().startswith("openapi: 3")


def test_it_is_served_to_anybody() -> None:
    response = Client().get("/v2/schema")
    assert response.status_code == 200
    assert yaml.safe_load(response.content) == document()


def test_it_has_every_operation_and_no_other() -> None:
    described = {(each.path, each.method.upper()) for each in operations()}
    assert described == {(path_of(rule.route), rule.method) for rule in RULES}


def test_operations_have_names_of_their_own() -> None:
    names = [each.told["operationId"] for each in operations()]
    assert len(names) == len(set(names))


# --- Each operation ---------------------------------------------------------------------------------------


@each_operation
def test_it_says_what_it_does(operation: Operation) -> None:
    assert 0 < len(operation.told["summary"]) <= 100
    told = " ".join(operation.told["description"].replace("`", "").split())
    assert told.startswith(operation.told["summary"])


@each_operation
def test_it_says_who_may_call_it_as_the_readme_does(operation: Operation) -> None:
    told = {named(cells[0])[0]: cells[1:3] for cells in rows(README.section("The API")) if len(cells) == 4}
    scope, people = told[str(operation)]
    assert (
        f"**Who may call:** API keys with the scope {scope}; people: {people}."
        in operation.told["description"]
    )


@each_operation
def test_it_says_what_to_sign_in_with(operation: Operation) -> None:
    rule = rule_of(operation)
    ways = {name for way in operation.told["security"] for name in way}
    assert ways == {"api_key"} | ({"login", "session"} if rule.for_people else set())


def test_only_a_refresh_may_do_without_a_credential() -> None:
    assert [each.told["operationId"] for each in operations() if {} in each.told["security"]] == [
        "refresh_room_client_token"
    ]


@each_operation
def test_it_describes_its_parameters(operation: Operation) -> None:
    in_path = {part["name"] for part in operation.parameters if part["in"] == "path"}
    assert in_path == set(re.findall(r"{(\w+)}", operation.path))
    for parameter in operation.parameters:
        assert parameter.get("description"), parameter["name"]


@each_operation
def test_it_takes_the_parameters_that_its_view_takes(operation: Operation) -> None:
    (route,) = (route for route in GUARDED if path_of(route) == operation.path)
    view, method = GUARDED[route], operation.method
    taken = set(view.query_parameters) if method == "get" else set()
    if method in {"get", "delete"}:
        taken |= set(getattr(getattr(view, "filterset_class", None), "base_filters", ()))
    if (method, operation.path) == ("delete", "/v2/room_recordings"):
        taken |= {"filter[all]"}
    if method == "get":
        taken |= getattr(view.pagination_class, "parameters", frozenset())
    assert {part["name"] for part in operation.parameters if part["in"] == "query"} == taken


@each_operation
def test_it_has_one_success_with_a_true_example(operation: Operation) -> None:
    status, response = operation.success
    rule = rule_of(operation)
    assert status == rule.back_end
    has_body = status not in {204, 302}
    assert ("content" in response) == has_body
    if not has_body:
        return
    if operation.path in STREAMED:
        assert all(content["examples"] for content in response["content"].values())
        return
    content = response["content"][JSON_TYPE]
    assert "data" in resolved(content["schema"])["properties"]
    validator_of(content["schema"]).validate(content["example"])


@each_with_a_body
def test_its_body_has_true_examples(operation: Operation) -> None:
    examples = operation.told["requestBody"]["content"][JSON_TYPE]["examples"]
    assert examples
    for example in examples.values():
        validator_of(operation.body).validate(example["value"])


@each_with_a_body
def test_its_body_has_no_fields_that_are_not_known(operation: Operation) -> None:
    for schema in leaves(operation.body):
        if schema.get("type") == "object":
            # Where callers choose the names, what they name is told.
            assert schema["additionalProperties"] is False or "$ref" in schema["additionalProperties"]
    assert {"unknown_field"} <= set(operation.refusals[422])


@each_operation
def test_it_says_why_it_may_refuse(operation: Operation) -> None:
    assert {400, 401, 403, 429, 500, 503} <= set(operation.refusals)
    assert ("{" in operation.path) <= (404 in operation.refusals)
    for status, reasons_told in operation.refusals.items():
        response = operation.response(status)
        content = response["content"][JSON_TYPE]
        assert set(content["examples"]) == set(reasons_told)
        assert all(f"- `{reason}`: " in response["description"] for reason in reasons_told)
        for example in content["examples"].values():
            validator_of(content["schema"]).validate(resolved(example)["value"])


@each_operation
def test_every_answer_has_a_request_id(operation: Operation) -> None:
    for status in operation.told["responses"]:
        assert "X-Request-Id" in operation.response(int(status))["headers"]


@each_operation
def test_waiting_is_told_in_a_header(operation: Operation) -> None:
    for status in {409, 429, 503} & set(operation.refusals):
        assert "Retry-After" in operation.response(status)["headers"]


def test_a_key_against_doing_twice_is_taken_where_the_handler_keeps_answers() -> None:
    takers = {
        each.told["operationId"]
        for each in operations()
        if "Idempotency-Key" in {part["name"] for part in each.parameters}
    }
    posts = {each.told["operationId"] for each in operations() if each.method == "post"}
    assert takers == posts - {"test_webhook"}  # a test is sent anew each time, which is what it is for


# --- Reasons ----------------------------------------------------------------------------------------------

# Given outside of the API: by /metrics and by Django's own pages.
ELSEWHERE: Final = {(401, "invalid_metrics_token"), (403, "forbidden")}
# Given by what the document has not got: other methods of its paths, and paths that are for people alone.
BESIDE: Final = {(405, "method_not_allowed"), (403, "people_only")}


def reasons_in_the_docs() -> set[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for part in re.split(r"^## ", REASONS.text, flags=re.MULTILINE)[1:]:
        for cells in rows(part):
            of_row = cells[0] if cells[0].isdigit() else part[:3]
            words = cells[1] if cells[0].isdigit() else cells[0]
            found |= {(int(of_row), reason) for reason in named(words)}
    return found


def test_the_docs_explain_the_same_reasons_under_the_same_statuses() -> None:
    in_code = {(status, reason) for status, told in reasons.MEANINGS.items() for reason in told}
    assert reasons_in_the_docs() - ELSEWHERE == in_code


def test_every_reason_is_given_by_some_operation() -> None:
    given = {
        (status, reason) for each in operations() for status, told in each.refusals.items() for reason in told
    }
    in_code = {(status, reason) for status, told in reasons.MEANINGS.items() for reason in told}
    assert in_code - given == BESIDE


def test_a_view_declares_only_reasons_that_are_known() -> None:
    for view in GUARDED.values():
        for method, declared in view.refuses.items():
            assert hasattr(view, method.lower())
            assert all(reasons.status_of(reason) for reason in declared)


def test_a_reason_that_nobody_wrote_down_is_refused() -> None:
    with pytest.raises(KeyError, match="moonlight"):
        reasons.status_of("moonlight")


# --- The page ---------------------------------------------------------------------------------------------


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
    loaded = Loaded()
    loaded.feed(page)
    (script,) = [address for address in loaded.addresses if address.startswith("/v2/docs?")]
    answer = Client().get(script)
    assert answer.headers["Content-Type"].startswith("application/javascript")
    assert '"/v2/schema"' in answer.content.decode()
