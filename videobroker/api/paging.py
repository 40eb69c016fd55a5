"""Pages as Telnyx has them: `page[number]` from 1, `page[size]` 1..250, and a `meta` beside `data`."""

from typing import Any, ClassVar, Final

from django.core.paginator import InvalidPage
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from videobroker.api.problems import bad_request

DEFAULT_PAGE_SIZE: Final = 20
MAX_PAGE_SIZE: Final = 250
# Past it the database would count off millions of rows to skip them; filters serve better.
MAX_PAGE_NUMBER: Final = 10_000


class Pages(PageNumberPagination):
    """DRF's pagination in Telnyx's words. A page past the last is empty, as at Telnyx, not an error."""

    page_size = DEFAULT_PAGE_SIZE
    max_page_size = MAX_PAGE_SIZE
    page_query_param = "page[number]"
    page_size_query_param = "page[size]"
    parameters = frozenset({page_query_param, page_size_query_param})
    example_meta: ClassVar = {"page_number": 1, "page_size": 20, "total_pages": 1, "total_results": 1}

    def get_page_size(self, request: Request) -> int:
        return number_asked(request, self.page_size_query_param, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        size = self.get_page_size(request)
        number = number_asked(request, self.page_query_param, 1, MAX_PAGE_NUMBER)
        paginator = self.django_paginator_class(queryset, size)
        self.meta = {
            "page_number": number,
            "page_size": size,
            "total_pages": paginator.num_pages if paginator.count else 0,
            "total_results": paginator.count,
        }
        try:
            return list(paginator.page(number))
        except InvalidPage:
            return []

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"data": data, "meta": self.meta})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        numbers = {name: {"type": "integer", "minimum": 0} for name in self.example_meta}
        meta = {"type": "object", "properties": numbers, "required": list(numbers)}
        return {"type": "object", "properties": {"data": schema, "meta": meta}, "required": ["data", "meta"]}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            number_parameter(self.page_query_param, "Which page.", 1, MAX_PAGE_NUMBER),
            number_parameter(self.page_size_query_param, "Rows on a page.", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
        ]


def number_parameter(name: str, description: str, default: int, largest: int) -> dict[str, Any]:
    """How the OpenAPI document tells of a parameter that `number_asked` reads."""
    schema = {"type": "integer", "minimum": 1, "maximum": largest, "default": default}
    return {"name": name, "in": "query", "description": description, "schema": schema}


def number_asked(request: Request, name: str, default: int, largest: int) -> int:
    """The parameter as a number from 1 to `largest`. Raises `Problem` for anything else."""
    text = request.query_params.get(name)
    if text is None:
        return default
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0
    if not 1 <= number <= largest:
        raise bad_request(
            f"{name} is a number from 1 to {largest}", reason="out_of_range", code="10033", parameter=name
        )
    return number
