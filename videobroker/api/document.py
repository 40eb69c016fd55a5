"""What the operations of the OpenAPI document share: ways to sign in, headers, refusals, and a word about the whole."""

import re
from collections.abc import Iterable
from typing import Any, Final

from videobroker.api.problems import TITLES
from videobroker.api.reasons import MEANINGS, code_of, has_retry_at, told

Json = dict[str, Any]
REQUEST_ID: Final = "23d52557-e7ab-48ac-bba5-c679bfed250f"
RETRY_AT: Final = "2030-01-01T09:00:00.000000Z"
FILTER: Final = re.compile(r"filter\[(\w+)\]")
# The same for all operations, so they stand once.
SHARED: Final = {
    401: "Unauthorized", 411: "LengthRequired", 413: "TooLarge", 415: "UnsupportedMediaType",
    429: "TooManyRequests", 500: "InternalError",
}  # fmt: skip
ABOUT: Final = """\
Telnyx Video's API, confined to your tenant and to what the caller may do: paths, fields, filters, paging, status codes
and errors are Telnyx's. What is ours stands beside it.

**Answers** have one object, or a page of a list, in `data`. Times are UTC, ids are UUIDs.

**Errors** have Telnyx's shape and codes. Decide by `meta.reason`; show `detail` to people; log `meta.request_id`. Each
operation lists its reasons. `meta.retry_at`, and the header `Retry-After`, are there where waiting helps.

**Nothing is ignored.** An unknown field, filter or parameter is refused, and so is a parameter that stands twice.

**Lists** take `page[number]` and `page[size]`, or `page[after]` where they grow while they are read, and `filter[…]`.

**POSTs that make something** take an `Idempotency-Key`: for a day, the same key and body get the same answer.

**Limits** are told in `RateLimit` and `RateLimit-Policy`. Over one of them the answer is 429.
"""


def completed(result: Json, **_: Any) -> Json:
    """drf-spectacular's last hook: the document with all that operations refer to."""
    result["info"]["description"] = ABOUT
    components = result["components"]
    components["schemas"] |= ERROR_SCHEMAS
    components["securitySchemes"] = SECURITY_SCHEMES
    components["parameters"] = PARAMETERS
    components["headers"] = HEADERS
    components["examples"] = _error_examples()
    components["responses"] = {
        name: refusal(status, MEANINGS[status], inline=True) for status, name in SHARED.items()
    }
    for schema in components["schemas"].values():
        _name_record_type(schema)
    return result


def empty_body() -> Json:
    """The body of an operation that takes none: it may be left out, and nothing may be in it."""
    schema = {"type": "object", "additionalProperties": False}
    return {"content": {"application/json": {"schema": schema}}}


def refusal(status: int, reasons: Iterable[str], *, inline: bool = False) -> Json:
    """The response that refuses for one of `reasons`; a reference where all operations have the same."""
    if status in SHARED and not inline:
        return {"$ref": f"#/components/responses/{SHARED[status]}"}
    named = list(reasons)
    examples = {reason: {"$ref": f"#/components/examples/{status}.{reason}"} for reason in named}
    schema = {"$ref": "#/components/schemas/Errors"}
    return {
        "description": told(named, status),
        "headers": headers_of(status),
        "content": {"application/json": {"schema": schema, "examples": examples}},
        "x-reasons": named,
    }


def headers_of(status: int, *, idempotent: bool = False) -> Json:
    """The headers that an answer with this status may have, as references."""
    named = ["X-Request-Id"]
    if status == 401:
        named += ["WWW-Authenticate"]
    elif status not in {411, 413, 500}:
        named += ["RateLimit", "RateLimit-Policy"]
    if status in {409, 429, 503}:
        named += ["Retry-After"]
    if status < 300 and idempotent:
        named += ["Idempotent-Replayed"]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in named}


def complete_parameter(parameter: Json) -> None:
    """Say of a parameter what holds for all of them: no empty text is a value (`filters.check_parameters`)."""
    schema = parameter["schema"]
    if parameter["in"] == "query" and schema.get("type") == "string" and not {"enum", "format"} & set(schema):
        schema.setdefault("minLength", 1)
        schema.setdefault("pattern", r"\S")
    if filtered := FILTER.fullmatch(parameter["name"]):
        word = filtered[1].replace("_", " ")
        is_yes_or_no = schema["type"] == "boolean"
        told = (
            f"Only those that are {word}, or those that are not."
            if is_yes_or_no
            else f"Only with this {word}."
        )
        parameter.setdefault("description", told)
    if parameter["in"] == "path":
        parameter["description"] = f"The id of the {parameter['name'].removesuffix('_id').replace('_', ' ')}."


def _name_record_type(schema: Json) -> None:
    record_type = schema.get("properties", {}).get("record_type", {})
    if "default" in record_type:
        record_type["enum"] = [record_type.pop("default")]


def _error_examples() -> Json:
    return {
        f"{status}.{reason}": {"summary": meaning, "value": error_example(status, reason, meaning)}
        for status, reasons in MEANINGS.items()
        for reason, meaning in reasons.items()
    }


def error_example(status: int, reason: str, meaning: str) -> Json:
    """An answer that refuses for this reason."""
    code = code_of(status, reason)
    meta = {"reason": reason, "request_id": REQUEST_ID}
    if has_retry_at(status, reason):
        meta["retry_at"] = RETRY_AT
    entry: Json = {"code": code, "title": TITLES[code], "detail": meaning, "meta": meta}
    if status == 422 and reason != "idempotency_key_reused":
        entry["source"] = {"pointer": "/unique_name"}
    return {"errors": [entry]}


SECURITY_SCHEMES: Final[Json] = {
    "api_key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "vbk_…",
        "description": "An API key of your back end, with the scopes it was made with. Never give one to a browser.",
    },
    "login": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A JWT of your identity provider. Its `sub` is the identity.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "Somebody signed in here. Methods that change something also need the cookie `csrftoken` in the "
        "header `X-CSRFToken`.",
    },
}
PARAMETERS: Final[Json] = {
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "A name of yours for this request, given back and logged: up to 64 letters, digits, `.`, `_`, "
        "`-`. Anything else is replaced.",
        "schema": {"type": "string"},
        "example": REQUEST_ID,
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "1 to 255 printable ASCII characters. For a day, the same key and body get the same answer; "
        "another body under it is refused. After a refusal nothing was done, so asking again asks anew.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        "example": "b1946ac9-2b6f-4f1e-8a52-0d8f1c1d4f0a",
    },
}
HEADERS: Final[Json] = {
    "X-Request-Id": {
        "description": "This request's name, in every log line about it.",
        "required": True,
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "What is left of each limit, and seconds until there is more "
        "(draft-ietf-httpapi-ratelimit-headers).",
        "schema": {"type": "string"},
        "example": '"tenant";r=11999;t=60',
    },
    "RateLimit-Policy": {
        "description": "The limits that count here: how many in how many seconds.",
        "schema": {"type": "string"},
        "example": '"tenant";q=12000;w=60',
    },
    "Retry-After": {
        "description": "Whole seconds to wait, where waiting helps.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 3,
    },
    "Idempotent-Replayed": {
        "description": "There for an answer that was given before, under the same Idempotency-Key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWW-Authenticate": {
        "description": "How to sign in (RFC 6750).",
        "schema": {"type": "string"},
        "example": 'Bearer realm="videobroker"',
    },
}
ERROR_SCHEMAS: Final[Json] = {
    "Errors": {
        "type": "object",
        "description": "Every answer that is not a success.",
        "properties": {
            "errors": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Error"}},
        },
        "required": ["errors"],
    },
    "Error": {
        "type": "object",
        "description": "One thing that is wrong.",
        "properties": {
            "code": {"type": "string", "description": "Telnyx's code for this condition."},
            "title": {"type": "string"},
            "detail": {"type": "string", "description": "What was wrong, and what to do. For people."},
            "source": {"$ref": "#/components/schemas/ErrorSource"},
            "meta": {"$ref": "#/components/schemas/ErrorMeta"},
        },
        "required": ["code", "title", "detail", "meta"],
    },
    "ErrorSource": {
        "type": "object",
        "description": "Where it is wrong.",
        "properties": {
            "pointer": {"type": "string", "description": "In the body: a JSON pointer (RFC 6901)."},
            "parameter": {"type": "string", "description": "The query parameter."},
        },
    },
    "ErrorMeta": {
        "type": "object",
        "description": "For programs.",
        "properties": {
            "reason": {"type": "string", "description": "A stable word to decide by."},
            "request_id": {"type": "string", "description": "Tell us this when you ask what happened."},
            "retry_at": {
                "type": "string",
                "format": "date-time",
                "description": "When asking again may help. Not there where waiting does not help, or nobody knows.",
            },
        },
        "required": ["reason", "request_id"],
    },
}
