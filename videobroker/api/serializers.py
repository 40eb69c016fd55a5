"""Bodies in and out."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, ClassVar, Final

from rest_framework import serializers

from videobroker.api.problems import one_of

# What a field's value is in JSON. DRF would take `"7"` for a number, `7` for a text and `"no"` for a yes or no; who
# sends one of those means something else than what is understood, and the OpenAPI document could not say it.
JSON_TYPES: Final[tuple[tuple[type, type, str], ...]] = (
    (serializers.BooleanField, bool, "true or false"),
    (serializers.IntegerField, int, "a whole number"),
    (serializers.ListField, list, "a list"),
    (serializers.ChoiceField, str, "a text"),
    (serializers.CharField, str, "a text"),
    (serializers.UUIDField, str, "a text"),
    (serializers.DateTimeField, str, "a text"),
)
A_TIME: Final = "a time with seconds and its offset, such as 2030-01-01T09:00:00Z (RFC 3339)"
# How a text has to be written that stands for something else: as OpenAPI's formats, and no looser. A time without an
# offset is another time for everybody who reads it.
FORMATS: Final[tuple[tuple[type, re.Pattern[str], str], ...]] = (
    (
        serializers.DateTimeField,
        re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII),
        f"this has to be {A_TIME}",
    ),
    (
        serializers.UUIDField,
        re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
        "this has to be a UUID, such as 1d2e6f0a-5b1c-4f6e-9a57-3c8de1f0a2b4",
    ),
)
# The console's forms hand over times and ids as Python has them: those are of their field's type already.
OF_JSON: Final = (str, bool, int, float, list, dict)


class Body(serializers.Serializer[Any]):
    """A request body: a field that is not declared, or is of another type of JSON, is refused, wherever it stands.

    `examples` are bodies as callers send them, each under a few words about it, for the OpenAPI document.
    """

    examples: ClassVar[dict[str, dict[str, Any]]] = {}
    default_error_messages = {"unknown_field": "unknown field; known here: {known}"}

    def get_fields(self) -> dict[str, Any]:
        """The fields; a choice that there is not is told those that there are."""
        fields = super().get_fields()
        for field in fields.values():
            field = getattr(field, "child", field)
            if isinstance(field, serializers.ChoiceField):
                field.error_messages["invalid_choice"] = one_of(map(str, field.choices))
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            return super().to_internal_value(data)
        self._refuse_unknown(data)
        faults: Any = {name: wrong for name in data if (wrong := wrong_type(self.fields[name], data[name]))}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as refused:
            raise serializers.ValidationError({**_by_field(refused), **faults}) from refused
        if faults:
            raise serializers.ValidationError(faults)
        return values

    def _refuse_unknown(self, data: dict[str, Any]) -> None:
        if unknown := sorted(set(data) - set(self._writable_names())):
            known = ", ".join(self._writable_names()) or "none"
            message = self.error_messages["unknown_field"].format(known=known)
            raise serializers.ValidationError(
                {name: [serializers.ErrorDetail(message, "unknown_field")] for name in unknown}
            )

    def _writable_names(self) -> list[str]:
        return [name for name, field in self.fields.items() if not field.read_only]


def _by_field(refused: serializers.ValidationError) -> dict[str, Any]:
    return refused.detail if isinstance(refused.detail, dict) else {"non_field_errors": refused.detail}


def wrong_type(field: Any, value: Any) -> list[str] | dict[int, Any]:
    """What the value should have been, if it is of another type than the field's, and for a list what each of its
    entries should have been; null is for the field to judge."""
    wanted = next(((kind, told) for cls, kind, told in JSON_TYPES if isinstance(field, cls)), None)
    if wanted is None or not isinstance(value, OF_JSON):
        return []
    kind, told = wanted
    if not _is_of(kind, value):
        return [f"this has to be {told}"]
    if isinstance(value, str):
        return _wrong_format(field, value)
    if not isinstance(value, list):
        return []
    return {index: wrong for index, each in enumerate(value) if (wrong := wrong_type(field.child, each))}


def _wrong_format(field: Any, text: str) -> list[str]:
    told = [told for cls, pattern, told in FORMATS if isinstance(field, cls) and not pattern.fullmatch(text)]
    if not told and isinstance(field, serializers.DateTimeField):
        return _no_such_time(text)
    return told


def _no_such_time(text: str) -> list[str]:
    """What is wrong with a time that is written as one."""
    day = text[:10]
    if not _is_read_by(date.fromisoformat, day):
        return [f"there is no day {day}: this has to be {A_TIME}"]
    if not _is_read_by(datetime.fromisoformat, text):
        return [f"there is no such time of day, or offset: this has to be {A_TIME}"]
    return []


def _is_read_by(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _is_of(kind: type, value: Any) -> bool:
    if kind is not int:
        return isinstance(value, kind)
    # JSON knows one kind of numbers: 7.0 is 7 (JSON Schema, section 6.1.1).
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return is_whole and not isinstance(value, bool)
