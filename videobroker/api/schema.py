"""The OpenAPI document, operation by operation: who may call it, what it takes and answers, and why it may refuse.

Nothing is written here by hand for any one operation. The words come from docstrings, fields and filters; who may call
from `scopes` and `for_people`; refusals from `refusals`; examples from the serializers' `example` and `examples`. What
operations share is in `document`.
"""

import inspect
import re
from typing import Any, Final

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import force_instance, is_list_serializer
from drf_spectacular.utils import OpenApiResponse

from videobroker.api import document, refusals
from videobroker.api.serializers import Body

Json = dict[str, Any]
# A docstring's first words, up to where its first thought ends.
FIRST_THOUGHT: Final = re.compile(r"(.+?)(?:[.:;](?:\s|$)|$)", re.DOTALL)
instance_of: Final[Any] = force_instance  # untyped upstream


class OperationSchema(AutoSchema):
    """Adds to what drf-spectacular finds out what only this house knows."""

    @property
    def _endpoint(self) -> Any:
        """The `ApiView` that serves the operation."""
        return self.view

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        operation["parameters"] = self._parameters(operation.get("parameters", []))
        if self.method in refusals.WITH_BODY:
            operation.setdefault("requestBody", document.empty_body())
            operation["requestBody"]["content"]["application/json"]["examples"] = self._body_examples()
        for status, response in operation["responses"].items():
            response["description"] = response["description"] or "Done."
            response["headers"] = document.headers_of(int(status), idempotent=self._is_idempotent)
        body = self._body()
        for status, reasons in refusals.refusals_of(self._endpoint, self.method, self.path, body).items():
            operation["responses"][str(status)] = document.refusal(status, reasons)
        operation["responses"] = dict(sorted(operation["responses"].items()))
        return operation

    def get_summary(self) -> str | None:
        """What a docstring says first: `List rooms`."""
        found = FIRST_THOUGHT.match(" ".join(self._told().replace("`", "").split()))
        return found[1] if found else None

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        """The docstring, and who may call."""
        return f"{self._told()}\n\n{self._who_may_call()}"

    def get_filter_backends(self) -> list[Any]:
        """Filters are taken wherever the view has them, in an export as well as in a list (`filters`)."""
        has_filters = (
            self.method in {"GET", "DELETE"} and getattr(self._endpoint, "filterset_class", None) is not None
        )
        return list(self._endpoint.filter_backends) if has_filters else []

    def get_auth(self) -> list[Json]:
        ways: list[Json] = [{"api_key": []}] if self.method in self._endpoint.scopes else []
        if self.method in self._endpoint.for_people:
            ways += [{"login": []}, {"session": []}]
        return [*ways, {}] if refusals.may_come_without_login(self._endpoint) else ways

    def _told(self) -> str:
        """The handler's docstring. (drf-spectacular takes the class's where the view has an `action` of its own.)"""
        return inspect.getdoc(getattr(type(self._endpoint), self.method.lower())) or ""

    def _is_list_view(self, serializer: Any = None) -> bool:
        return self.method == "GET" and self._endpoint.pagination_class is not None

    def _who_may_call(self) -> str:
        scope, people = self._endpoint.scopes.get(self.method), self._endpoint.for_people
        keys = f"API keys with the scope `{scope}`" if scope else "no API keys"
        who = people[self.method] if isinstance(people, dict) and self.method in people else "no"
        return f"**Who may call:** {keys}; people: {who}."

    @property
    def _is_idempotent(self) -> bool:
        return refusals.takes_idempotency_key(self._endpoint, self.method)

    def _parameters(self, found: list[Json]) -> list[Json]:
        shared = ["RequestId", *(["IdempotencyKey"] if self._is_idempotent else [])]
        for each in found:
            document.complete_parameter(each)
        return [*found, *({"$ref": f"#/components/parameters/{name}"} for name in shared)]

    def _body(self) -> Any:
        """The serializer of the request's body."""
        if self.method not in refusals.WITH_BODY:
            return None
        return instance_of(self.get_request_serializer())

    def _body_examples(self) -> Json:
        body = self._body()
        examples = getattr(body, "examples", None) or {"nothing to say": {}}
        return {
            re.sub(r"\W+", "_", summary): {"summary": summary, "value": value}
            for summary, value in examples.items()
        }

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        untyped: Any = super()
        schema = untyped._map_basic_serializer(serializer, direction)
        serializer = instance_of(serializer)
        if isinstance(serializer, Body):
            schema["additionalProperties"] = False
        for name, record in getattr(serializer, "sometimes", {}).items():
            component = self.resolve_serializer(record, direction)
            schema["properties"][name] = {"type": "array", "items": component.ref, "readOnly": True}
        if name := getattr(serializer, "record_type_name", ""):
            schema["properties"]["record_type"] = {"type": "string", "default": name, "readOnly": True}
        return schema

    def _get_response_for_code(
        self, serializer: Any, status_code: Any, media_types: Any = None, direction: Any = "response"
    ) -> Any:
        untyped: Any = super()
        response = untyped._get_response_for_code(serializer, status_code, media_types, direction)
        content = response.get("content", {}).get("application/json")
        if content is None or int(status_code) not in range(200, 300):
            return response
        given = serializer.response if isinstance(serializer, OpenApiResponse) else serializer
        example = self._example_of(given)
        if self._is_list_view():
            content["example"] = {"data": [example], "meta": self._endpoint.pagination_class.example_meta}
        else:
            content["example"] = {"data": example}
            content["schema"] = {
                "type": "object", "properties": {"data": content["schema"]}, "required": ["data"],
            }  # fmt: skip
        return response

    def _example_of(self, serializer: Any) -> Any:
        """What the serializer would answer, as it says itself."""
        instance = instance_of(serializer)
        return getattr(instance.child if is_list_serializer(instance) else instance, "example", None)
