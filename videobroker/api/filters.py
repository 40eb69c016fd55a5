"""Filters as Telnyx writes them, `filter[field]` and `filter[date_x][gte]`, on django-filter.

A parameter that is not known, is empty, or stands twice, is refused: a misspelt filter that is quietly ignored answers
with everything, and a bulk delete would take everything.
"""

from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, cast

import django_filters
from django.db.models import QuerySet
from django.forms.utils import ErrorDict
from django.http import HttpRequest
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request
from rest_framework.views import APIView

from videobroker.api.problems import Fault, Problem, bad_request, one_of
from videobroker.tenants.identities import ERASED, validate_identity


class DayFilter(django_filters.DateFilter):
    """Compares a time with a whole UTC day, by range, so that an index on the column serves."""

    MEANINGS: ClassVar = {"eq": "On this day", "gte": "On this day or later", "lte": "On this day or earlier"}

    def __init__(self, column: str, comparison: str) -> None:
        label = f"{self.MEANINGS[comparison]}, a UTC day written YYYY-MM-DD."
        told = {"invalid": "this has to be a day, written YYYY-MM-DD, without a time"}
        super().__init__(field_name=column, label=label, input_formats=["%Y-%m-%d"], error_messages=told)
        self.comparison = comparison

    def filter(self, qs: QuerySet[Any], value: date | None) -> QuerySet[Any]:
        if value is None:
            return qs
        start = datetime.combine(value, time.min, UTC)
        if self.comparison in {"eq", "gte"}:
            qs = qs.filter(**{f"{self.field_name}__gte": start})
        if self.comparison in {"eq", "lte"} and value != date.max:  # after which there is no day
            qs = qs.filter(**{f"{self.field_name}__lt": start + timedelta(days=1)})
        return qs


@extend_schema_field(OpenApiTypes.BOOL)
class YesNoFilter(django_filters.TypedChoiceFilter):
    """`true` or `false`. Anything else is refused, where django-filter's own would quietly filter nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        words = [(word, word) for word in ("true", "false", "True", "False")]
        told = {"invalid_choice": one_of(["true", "false"])}
        super().__init__(
            *args, choices=words, coerce=_is_true, empty_value=None, error_messages=told, **kwargs
        )


class IdentityFilter(django_filters.CharFilter):
    """A person as the tenant names them, or the pseudonym of one who was erased. It is compared as it was sent, and
    what can be nobody's is refused: a name that is nearly right would find nobody, or be kept where nobody looks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, strip=False, validators=[_validate_name], **kwargs)


def _validate_name(value: str) -> None:
    validate_identity(value.removeprefix(ERASED))


def _is_true(word: str) -> bool:
    return word.lower() == "true"


class TelnyxFilterSet(django_filters.FilterSet):
    """`days = {"date_created_at": "created_at"}` declares `filter[date_created_at][eq|gte|lte]`; every filter that is
    declared as an attribute `name` is asked for as `filter[name]`. A choice that there is not is told those that
    there are."""

    days: ClassVar[dict[str, str]] = {}

    @classmethod
    def get_filters(cls) -> OrderedDict[str, Any]:
        named = OrderedDict((f"filter[{name}]", found) for name, found in super().get_filters().items())
        for name, column in cls.days.items():
            for comparison in ("eq", "gte", "lte"):
                named[f"filter[{name}][{comparison}]"] = DayFilter(column, comparison)
        for found in named.values():
            if isinstance(found, django_filters.ChoiceFilter):
                told = {"invalid_choice": one_of(word for word, _ in found.extra["choices"])}
                found.extra.setdefault("error_messages", told)
        return named


class StrictFilterBackend(DjangoFilterBackend):
    """Refuses unknown, doubled and unreadable parameters with 400, naming the parameter."""

    def filter_queryset(
        self, request: HttpRequest | Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise _refused(cast("ErrorDict", filterset.errors))
        result: QuerySet[Any] = filterset.qs
        return result


def check_parameters(request: Request, view: APIView) -> None:
    """Raise 400 for a query parameter that `view` does not know, or that stands more than once."""
    filterset: type[TelnyxFilterSet] | None = getattr(view, "filterset_class", None)
    known = set(getattr(view, "query_parameters", ()))
    reads = request.method in {"GET", "HEAD"}
    if (reads or request.method == "DELETE") and filterset is not None:
        known |= set(filterset.base_filters)
    if reads:
        known |= getattr(getattr(view, "pagination_class", None), "parameters", frozenset())
    for name in request.query_params:
        if name not in known:
            hint = f"; known here: {', '.join(sorted(known))}" if known else ""
            code = "10031" if name.startswith("filter") else "10015"
            raise bad_request(
                f"unknown parameter {name!r}{hint}", reason="unknown_parameter", code=code, parameter=name
            )
        values = request.query_params.getlist(name)
        if len(values) > 1:
            raise bad_request(f"{name} stands more than once", reason="doubled_parameter", parameter=name)
        if not values[0].strip():
            raise bad_request(
                f"{name} is empty: give it a value, or leave it out", reason="empty_parameter", parameter=name
            )
        if "\0" in values[0]:
            raise bad_request(f"{name} holds a NUL, which is not text", reason="bad_text", parameter=name)


def _refused(errors: ErrorDict) -> Problem:
    return Problem(
        400,
        [
            Fault("10031", entry["message"], "invalid_filter", parameter=name)
            for name, entries in errors.get_json_data().items()
            for entry in entries
        ],
    )
