"""Commands as an operator types them."""

import io
from typing import Any

from django.core.management import call_command


def said_by(*argv: str, **options: Any) -> str:
    """What `manage.py …` printed."""
    out = io.StringIO()
    call_command(*argv, stdout=out, **options)
    return out.getvalue()
