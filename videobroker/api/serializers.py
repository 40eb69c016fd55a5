"""Bodies in and out."""

from typing import Any

from rest_framework import serializers


class Body(serializers.Serializer[Any]):
    """A request body: a field that is not declared is refused, wherever it stands."""

    default_error_messages = {"unknown_field": "unknown field; known here: {known}"}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self._writable_names()))):
            known = ", ".join(self._writable_names()) or "none"
            message = self.error_messages["unknown_field"].format(known=known)
            raise serializers.ValidationError(
                {name: [serializers.ErrorDetail(message, "unknown_field")] for name in unknown}
            )
        return super().to_internal_value(data)

    def _writable_names(self) -> list[str]:
        return [name for name, field in self.fields.items() if not field.read_only]
