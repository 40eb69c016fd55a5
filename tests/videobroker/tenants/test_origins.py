"""What a tenant's list of browser origins may hold."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from videobroker.tenants.origins import validate_origins


@pytest.mark.parametrize(
    "origin",
    ["https://app.example.com", "http://localhost:5173", "https://[2001:db8::1]:8443", "capacitor://localhost",
     "https://xn--bcher-kva.example", "http://127.0.0.1:3000"],
)  # fmt: skip
def test_an_origin_as_browsers_send_it_is_taken(origin: str) -> None:
    validate_origins([origin])


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "", "https://", "https://*.example.com", "https://example.com/", "https://example.com/path",
     "https://example.com:443", "http://example.com:80", "HTTPS://example.com", "https://Example.com",
     "https://user@example.com", "example.com", "//example.com", "https://example.com ", "https://example.com\n",
     "https://bücher.example", "https://example.com:port", "https://example.com?a", 7, None, ["https://a.example"]],
)  # fmt: skip
def test_anything_else_is_refused(origin: Any) -> None:
    with pytest.raises(ValidationError):
        validate_origins([origin])


@pytest.mark.parametrize("value", ["https://example.com", {"https://example.com": 1}, None, 7])
def test_it_is_a_list(value: Any) -> None:
    with pytest.raises(ValidationError, match="give a list"):
        validate_origins(value)
