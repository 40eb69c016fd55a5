"""The OpenAPI document over HTTP, for anybody."""

import json
import threading
from functools import cache
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

_making: Final = threading.Lock()


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The document, as JSON. It is the same for everybody and takes a second to make, so each process makes it once."""
    with _making:
        document = _document()
    return HttpResponse(document, content_type="application/json")


@cache
def _document() -> bytes:
    untyped: Any = SchemaGenerator
    generator = untyped()
    return json.dumps(generator.get_schema(request=None, public=True), ensure_ascii=False).encode()
