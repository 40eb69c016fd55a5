"""What a browser origin may look like (RFC 6454, section 6.2)."""

import re
from typing import Any, Final

from django.core.exceptions import ValidationError

ORIGIN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:]+\])(:(?P<port>\d{1,5}))?"
)


def validate_origins(value: Any) -> None:
    """Refuse anything but a list of serialised origins: no wildcard, no `null`, no path, no default port."""
    if not isinstance(value, list):
        raise ValidationError('give a list of origins, such as ["https://app.example.com"]')
    for origin in value:
        found = ORIGIN.fullmatch(origin) if isinstance(origin, str) else None
        if found is None:
            raise ValidationError(
                f"{origin!r} is not an origin: write scheme://host[:port] in lower case, without a path"
            )
        if (found["scheme"], found["port"]) in {("https", "443"), ("http", "80")}:
            raise ValidationError(f"{origin!r}: browsers leave the default port out; so must this list")
