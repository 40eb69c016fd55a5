"""Judging an answer: is it what the operation promises, a refusal, or neither?

Nothing is raised here. An error is made as a value and raised by the caller of all this, when the frames that
held the answer, and perhaps a token in it, are gone.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

from videobroker.telnyx.errors import (
    ConnectionLost,
    GarbledAnswer,
    NotSent,
    OutcomeUnknown,
    ServerFailed,
    TelnyxError,
    TimedOut,
)
from videobroker.telnyx.fields import Fields, ShapeError, read_each
from videobroker.telnyx.objects import Composition, Page, Recording
from videobroker.telnyx.orders import Answer, Order, Problem, Trouble
from videobroker.telnyx.refusals import refusal, request_id_of

T = TypeVar("T")
Dated = TypeVar("Dated", Recording, Composition)
Reader = Callable[[Answer], T]
"""Takes what it needs from an answer of status 2xx, or raises `ShapeError`."""

_KINDS: Final[Mapping[Trouble, type[TelnyxError]]] = {
    Trouble.NOT_SENT: NotSent,
    Trouble.TIMED_OUT: TimedOut,
    Trouble.LOST: ConnectionLost,
    Trouble.GARBLED: GarbledAnswer,
}


def judge(order: Order, result: Answer | Problem, read: Reader[T]) -> T | TelnyxError:
    """What the operation promises, or the error to raise."""
    if isinstance(result, Problem):
        return _trouble(order, result)
    if 400 <= result.status < 500:
        return refusal(order, result)
    if result.status >= 500:
        return _unknown(order, result, ServerFailed, f"Telnyx failed ({result.status})")
    if result.problem:
        return _trouble(order, result.problem, result)
    if not 200 <= result.status < 300:
        return _unknown(
            order, result, GarbledAnswer, f"Telnyx answered {result.status}, which means nothing here"
        )
    try:
        return read(result)
    except ShapeError as mismatch:
        return _unknown(order, result, GarbledAnswer, f"Telnyx's answer makes no sense: {mismatch}")


def _trouble(order: Order, problem: Problem, answer: Answer | None = None) -> TelnyxError:
    kind = _KINDS[problem.trouble]
    advice = "nothing was sent, so try again" if kind is NotSent else _advice(order)
    error = kind(
        f"{problem.what}; {advice}",
        operation=order.operation,
        status=answer.status if answer else None,
        request_id=request_id_of(order, answer) if answer else None,
    )
    error.__cause__ = problem.cause
    return error


def _unknown(order: Order, answer: Answer, kind: type[OutcomeUnknown], what: str) -> OutcomeUnknown:
    return kind(
        f"{what}; {_advice(order)}",
        operation=order.operation,
        status=answer.status,
        request_id=request_id_of(order, answer),
    )


def _advice(order: Order) -> str:
    return "try again" if order.method == "GET" else "it may have been done, so look before trying again"


def nothing(answer: Answer) -> None:
    """For a delete: 204, or at least `{"data": {…}}`, as it is with everything else."""
    if answer.status != 204:
        Fields(_json(answer).get("data"), "data")


def one(read: Callable[[Fields], T], **expected: str) -> Reader[T]:
    """For `{"data": {…}}`. Each attribute in `expected` must be as given: it is the thing asked for."""

    def reader(answer: Answer) -> T:
        thing = read(Fields(_json(answer).get("data"), "data"))
        _must_be(thing, expected, "data")
        return thing

    return reader


def dated(read: Reader[Dated]) -> Reader[Dated]:
    """What `read` takes from the answer, with the answer's date on it."""

    def reader(answer: Answer) -> Dated:
        return replace(read(answer), answered_at=_date(answer.headers))

    return reader


def page(read: Callable[[Fields], T], page_number: int, expected: Mapping[str, str]) -> Reader[Page[T]]:
    """For `{"data": […], "meta": {…}}`: the page asked for, of things that match `expected`."""

    def reader(answer: Answer) -> Page[T]:
        envelope = _json(answer)
        items = read_each(envelope.get("data"), "data", read)
        for place, item in enumerate(items):
            _must_be(item, expected, f"data[{place}]")
        meta = Fields(envelope.get("meta"), "meta")
        if meta.whole("page_number") != page_number:
            raise ShapeError("meta.page_number", f"{page_number}, the page asked for")
        return Page(
            items=items,
            page_number=page_number,
            page_size=meta.whole("page_size"),
            total_pages=meta.whole("total_pages"),
            total_results=meta.whole("total_results"),
            answered_at=_date(answer.headers),
        )

    return reader


def _json(answer: Answer) -> Mapping[str, object]:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise ShapeError("", "of type application/json")
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise ShapeError("", "JSON") from None
    if not isinstance(said, dict):
        raise ShapeError("", "a JSON object")
    return said


def _must_be(thing: object, expected: Mapping[str, str], where: str) -> None:
    for name, value in expected.items():
        if getattr(thing, name, None) not in {None, value}:
            raise ShapeError(f"{where}.{name}", "the one asked for")


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        moment = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
