"""Pages by cursor, for lists that grow while they are read: nothing is shown twice, and nothing skipped.

A cursor is the place of the last row that was shown, signed so that only we make them. Pages are found by comparing
with that place and not by counting rows off, so the thousandth costs as much as the first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Self, TypeVar
from uuid import UUID

from django.core import signing
from django.db import connection
from django.db.models import Model, Q, QuerySet, TextField, Value
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from videobroker.api.paging import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, number_asked, number_parameter
from videobroker.api.problems import bad_request

Row = TypeVar("Row", bound=Model)

AFTER: Final = "page[after]"
SIZE: Final = "page[size]"
SALT: Final = "videobroker.cursor"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Place:
    """Where a row stands among rows ordered by a time and, where times are equal, by id."""

    at: datetime
    id: UUID

    @classmethod
    def of(cls, row: Any, column: str) -> Self:
        """The place of `row` in the order of its time `column`."""
        return cls(getattr(row, column), row.pk)

    def before(self, column: str) -> Q:
        """Rows that are older than this place."""
        return self._beyond(column, "lt")

    def after(self, column: str) -> Q:
        """Rows that are newer than this place."""
        return self._beyond(column, "gt")

    def _beyond(self, column: str, comparison: str) -> Q:
        # The first condition follows from the others; an index on the time is found by it.
        spellings = _spellings(self.at)
        near, far = (spellings[0], spellings[-1]) if comparison == "gt" else (spellings[-1], spellings[0])
        same = Q(**{f"{column}__in": spellings}) & Q(**{f"id__{comparison}": self.id})
        return Q(**{f"{column}__{comparison}e": near}) & (Q(**{f"{column}__{comparison}": far}) | same)


def _spellings(at: datetime) -> list[Any]:
    """How the time may stand in the tables, the shortest first. SQLite compares times as texts, and writes whole
    milliseconds in another way where it took them from its own clock than where we gave them; a column has its times
    from the one or from the other."""
    if connection.vendor != "sqlite" or at.microsecond % 1000:
        return [at]
    utc = at.astimezone(UTC).replace(tzinfo=None)
    texts = sorted({str(utc), utc.isoformat(" ", "milliseconds")}, key=len)
    return [Value(text, TextField()) for text in texts]


def written(place: Place, kind: str) -> str:
    """The cursor for a place in the list `kind`."""
    micros = (place.at - EPOCH) // MICROSECOND
    return signing.dumps([micros, place.id.hex], salt=f"{SALT}.{kind}")


def read(cursor: str, kind: str) -> Place:
    """The place that a cursor of the list `kind` means. Raises `Problem` for what is no cursor of that list."""
    try:
        micros, row_id = signing.loads(cursor, salt=f"{SALT}.{kind}")
    except signing.BadSignature as error:
        detail = f"this is no cursor of this list: give {AFTER} as it stood in meta.cursors.after"
        raise bad_request(detail, reason="invalid_cursor", parameter=AFTER) from error
    return Place(EPOCH + micros * MICROSECOND, UUID(row_id))


class CursorPages(BasePagination):
    """Newest first, by a time and the id. A view may name the time's column as `cursor_column`.

    Rows written with a time that was shown already (by a slow transaction, or a host whose clock is behind) are on no
    later page; who wants all of them asks again for the time from which on it matters.
    """

    parameters = frozenset({AFTER, SIZE})
    example_meta: ClassVar = {"page_size": 20, "cursors": {"after": None}}

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        column = getattr(view, "cursor_column", "created_at")
        kind = queryset.model._meta.label_lower
        self.size = number_asked(request, SIZE, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
        cursor = request.query_params.get(AFTER)
        if cursor is not None:
            queryset = queryset.filter(read(cursor, kind).before(column))
        rows = list(queryset.order_by(f"-{column}", "-id")[: self.size + 1])
        shown = rows[: self.size]
        self.following = written(Place.of(shown[-1], column), kind) if len(rows) > self.size else None
        return shown

    def get_paginated_response(self, data: Any) -> Response:
        meta = {"page_size": self.size, "cursors": {"after": self.following}}
        return Response({"data": data, "meta": meta})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        after = {"type": "string", "nullable": True, "description": f"{AFTER} of the next page, if any."}
        cursors = {"type": "object", "properties": {"after": after}, "required": ["after"]}
        properties = {"page_size": {"type": "integer"}, "cursors": cursors}
        meta = {"type": "object", "properties": properties, "required": list(properties)}
        return {"type": "object", "properties": {"data": schema, "meta": meta}, "required": ["data", "meta"]}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        after = "Where the page before ended: its meta.cursors.after."
        return [
            {"name": AFTER, "in": "query", "description": after, "schema": {"type": "string"}},
            number_parameter(SIZE, "Rows on a page.", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
        ]


def each_oldest_first(rows: QuerySet[Row], column: str, *, batch: int = 500) -> Iterator[Row]:
    """All of `rows`, the oldest first, however many: asked for a batch at a time, each in a query of its own, so that
    neither memory nor any lock or snapshot is held for as long as the reader takes."""
    for some in batches_oldest_first(rows, column, batch=batch):
        yield from some


def batches_oldest_first(rows: QuerySet[Row], column: str, *, batch: int = 500) -> Iterator[list[Row]]:
    """The same, a batch at a time. What is done to a batch does not disturb the next: it goes on by place."""
    ordered = rows.order_by(column, "id")
    found = list(ordered[:batch])
    while found:
        yield found
        if len(found) < batch:
            return
        found = list(ordered.filter(Place.of(found[-1], column).after(column))[:batch])
