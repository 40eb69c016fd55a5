"""Why an operation may refuse: what its view declares, and what follows from how the view is made.

A view says in `refuses` only what its own rules refuse with. What every endpoint may answer, what comes with a scope,
a body, a list or an `Idempotency-Key`, is found here, so no view has to say it and none can forget it.
"""

from collections.abc import Iterator
from typing import Any, Final

from rest_framework import serializers

from videobroker.api.cursors import CursorPages
from videobroker.api.permissions import Policy, SuspendedMayOnlyRead
from videobroker.api.reasons import MEANINGS, status_of

WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
SAFE: Final = SuspendedMayOnlyRead.SAFE
# What a body of any shape may be refused with.
OF_BODIES: Final = (
    (400, "invalid_json"), (400, "not_an_object"), (400, "too_deep"), (411, "length_required"), (413, "too_large"),
    (415, "unsupported_media_type"), (422, "bad_text"), (422, "unknown_field"),
)  # fmt: skip

Refusal = tuple[int, str]


def refusals_of(view: Any, method: str, path: str, body: Any = None) -> dict[int, list[str]]:
    """Every reason that `method` of the view at `path` (with its parts as `{name}`) may refuse with, by status, in the
    order of `reasons`. `body` is the serializer of the request's body, if it has one."""
    found = {
        *_of_anything(),
        *_of_who_asks(view, method),
        *_of_the_path(path),
        *_of_the_query(view, method),
        *_of_the_body(view, method, body),
        *_of_idempotency(view, method),
        *((status_of(reason), reason) for reason in getattr(view, "refuses", {}).get(method, ())),
    }
    ordered = ((status, reason) for status, reasons in MEANINGS.items() for reason in reasons)
    by_status: dict[int, list[str]] = {}
    for status, reason in ordered:
        if (status, reason) in found:
            by_status.setdefault(status, []).append(reason)
    return by_status


def takes_idempotency_key(view: Any, method: str) -> bool:
    """Whether the method's answer is kept under an `Idempotency-Key`: its handler, or one that it calls, is marked."""
    handlers = (getattr(type(view), name, None) for name in dir(type(view)))
    return method == "POST" and any(getattr(each, "takes_idempotency_key", False) for each in handlers)


def _of_anything() -> Iterator[Refusal]:
    yield from ((400, "host"), (400, "bad_request"), (400, "unknown_parameter"))
    yield from ((401, reason) for reason in MEANINGS[401])
    yield from ((429, "too_many_requests"), (500, "internal_error"), (503, "database_unavailable"))


def _of_who_asks(view: Any, method: str) -> Iterator[Refusal]:
    # A policy may let some through without a login; whoever has one is held to it all the same.
    yield 403, "missing_scope" if method in view.scopes else "people_only"
    if method not in view.for_people:
        yield 403, "back_end_only"
    yield 403, "no_identity"
    if method not in SAFE:
        yield from ((403, "csrf_failed"), (403, "tenant_suspended"))


def _of_the_path(path: str) -> Iterator[Refusal]:
    if "{" in path:
        yield 404, "not_found"


def _of_the_query(view: Any, method: str) -> Iterator[Refusal]:
    filters = getattr(view, "filterset_class", None) if method in {"GET", "DELETE"} else None
    pages = getattr(view, "pagination_class", None) if method == "GET" else None
    if filters or pages or view.query_parameters:
        yield from ((400, "doubled_parameter"), (400, "empty_parameter"), (400, "bad_text"))
    if filters:
        yield 400, "invalid_filter"
    if pages:
        yield 400, "out_of_range"
    if pages and issubclass(pages, CursorPages):
        yield 400, "invalid_cursor"
    if view.query_parameters:
        yield 400, "invalid"


def _of_the_body(view: Any, method: str, body: Any) -> Iterator[Refusal]:
    if method == "DELETE":
        yield 400, "body_not_taken"
    if method not in WITH_BODY:
        return
    yield from OF_BODIES
    if body is not None:
        yield from ((422, reason) for reason in _of_fields(body))


def _of_fields(field: serializers.Field[Any, Any, Any, Any]) -> Iterator[str]:
    """What the values of a field, and of all within it, may be refused with."""
    yield from _of_values(field)
    inner = getattr(field, "child", None)
    within = getattr(field, "fields", {}).values() if inner is None else [inner]
    for each in within:
        if not each.read_only:
            yield from _of_fields(each)


def _of_values(field: serializers.Field[Any, Any, Any, Any]) -> Iterator[str]:
    yield "invalid"
    if field.required and field.parent is not None:
        yield "required"
    if not field.allow_null:
        yield "null"
    match field:
        case serializers.ChoiceField():
            yield "invalid_choice"
        case serializers.CharField():
            yield "out_of_range"
            if not field.allow_blank:
                yield "blank"
        case serializers.ListField() | serializers.IntegerField() | serializers.DateTimeField():
            yield "out_of_range"


def _of_idempotency(view: Any, method: str) -> Iterator[Refusal]:
    if takes_idempotency_key(view, method):
        yield from ((400, "idempotency_key"), (409, "still_running"), (422, "idempotency_key_reused"))


def may_come_without_login(view: Any) -> bool:
    """Whether a rule of the view's own, in the policy's place, may let somebody through who has not signed in."""
    return Policy not in view.permission_classes
