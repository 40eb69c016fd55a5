"""The OpenAPI document as a judge: whether an answer is one that it says may come."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final
from urllib.parse import unquote

import jsonschema_rs
from drf_spectacular.generators import SchemaGenerator

Json = Any
METHODS: Final = ("get", "post", "put", "patch", "delete")
JSON_TYPE: Final = "application/json"


@cache
def document() -> Json:
    """The document, made once for all tests of this process."""
    return SchemaGenerator().get_schema(request=None, public=True)


def resolved(part: Json) -> Json:
    """What a `$ref` stands for."""
    while "$ref" in part:
        found = document()
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    path: str
    method: str
    told: Json

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"{\w+}", "[^/]+", self.path))

    @property
    def parameters(self) -> list[Json]:
        return [resolved(each) for each in self.told.get("parameters", [])]

    @property
    def body(self) -> Json:
        """The schema of the request's body, or None."""
        return (
            self.told["requestBody"]["content"][JSON_TYPE]["schema"] if "requestBody" in self.told else None
        )

    @property
    def success(self) -> tuple[int, Json]:
        """The one success, and what comes with it. Leading elsewhere is one."""
        (status,) = (status for status in self.told["responses"] if status.startswith(("2", "3")))
        return int(status), self.response(int(status))

    @property
    def refusals(self) -> dict[int, list[str]]:
        """The reasons that it may refuse with, by status."""
        told = {int(status): resolved(response) for status, response in self.told["responses"].items()}
        return {status: response["x-reasons"] for status, response in told.items() if status >= 400}

    def response(self, status: int) -> Json:
        """What may come with this status, or None."""
        told = self.told["responses"].get(str(status))
        return None if told is None else resolved(told)

    def why_untold(self, status: int, body: Json, kind: str) -> str | None:
        """What the document does not say of this answer, or None if it says all of it."""
        response = self.response(status)
        if response is None:
            return f"{status} is not among its answers"
        content = response.get("content")
        if content is None:
            return None if body is None else "it answers without a body"
        if kind not in content:
            return f"it does not answer {kind!r}"
        if body is None:
            return None  # a stream is not one JSON: its lines have tests of their own
        wrong = next(iter(_validator(str(self), status).iter_errors(body)), None)
        if wrong is not None:
            return f"{wrong.instance_path}: {wrong.message}"
        reasons = [entry["meta"]["reason"] for entry in body.get("errors", ())]
        untold = set(reasons) - set(response.get("x-reasons", reasons))
        return f"{status} {sorted(untold)} is not among its reasons" if untold else None


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(path, method, item[method])
        for path, item in document()["paths"].items()
        for method in METHODS
        if method in item
    )


def operation(method: str, path: str) -> Operation | None:
    """The operation that serves `path`; the one with most of it written out, if several would."""
    here = unquote(path.partition("?")[0])
    serving = (
        each for each in operations() if each.method == method.lower() and each.pattern.fullmatch(here)
    )
    return min(serving, key=lambda each: each.path.count("{"), default=None)


def check(method: str, path: str, status: int, body: Json, content_type: str) -> None:
    """Fail for an answer that the document does not tell of. What it has not got is none of its business."""
    asked = operation(method, path)
    if asked is not None:
        untold = asked.why_untold(status, body, content_type.partition(";")[0])
        assert untold is None, f"the OpenAPI document does not tell that {asked} answers {body}: {untold}"


def validator_of(schema: Json) -> jsonschema_rs.Draft4Validator:
    """A judge of what we say: what the document does not name is not there, and formats are kept."""
    return jsonschema_rs.Draft4Validator(_closed(schema), validate_formats=True)


@cache
def _validator(named: str, status: int) -> jsonschema_rs.Draft4Validator:
    (told,) = (each for each in operations() if str(each) == named)
    return validator_of(told.response(status)["content"][JSON_TYPE]["schema"])


def _closed(schema: Json) -> Json:
    """The schema in JSON Schema's words (OpenAPI 3.0's `nullable` is none of them), without references, and with
    nothing in an object besides its properties."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _closed(resolved(schema))
    plain = {name: _closed(value) for name, value in schema.items() if name not in {"example", "nullable"}}
    if "properties" in plain:
        plain.setdefault("additionalProperties", False)
    if schema.get("nullable"):
        return {"anyOf": [{"type": "null"}, plain]}
    return plain


def leaves(schema: Json) -> Iterator[Json]:
    """A schema and every one within it, references followed."""
    schema = resolved(schema)
    yield schema
    for name in ("allOf", "oneOf", "anyOf"):
        for each in schema.get(name, ()):
            yield from leaves(each)
    for each in schema.get("properties", {}).values():
        yield from leaves(each)
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from leaves(schema[name])
