"""Refuses settings that would lose or leak data, and numbers that make no sense, before anything is served."""

import sys
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from videobroker.environment import RANGES
from videobroker.tenants.keyring import KeyRing, KeyRingError


@register()
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """All that can be told from the settings alone."""
    return [*_secrets(), *_key_ring(), *_public_url(), *_numbers()]


def refuse_bad_settings() -> None:
    """For servers, which nobody has run the checks for: end the process, saying what is wrong, if anything is."""
    if wrong := check_settings(None):
        sys.exit("\n".join(f"{each.msg} {each.hint or ''}".rstrip() for each in wrong))


def _secrets() -> list[CheckMessage]:
    real_database = not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if not (real_database and settings.SECRETS_ARE_EMBEDDED):
        return []
    return [
        Error(
            "SECRET_KEY and KEY_RING must be set beside a DATABASE_URL.",
            hint="Replicas that each generate their own could not read each other's sessions and secrets. "
            "`python manage.py new_secrets` prints a pair.",
            id="videobroker.E001",
        )
    ]


def _key_ring() -> list[CheckMessage]:
    try:
        KeyRing.parse(settings.KEY_RING)
    except KeyRingError as error:
        return [
            Error(str(error), hint="`python manage.py new_secrets` prints a good one.", id="videobroker.E002")
        ]
    return []


def _public_url() -> list[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    if not settings.PUBLIC_URL or (parts.scheme in {"http", "https"} and parts.hostname and not parts.path):
        return []
    return [Error("PUBLIC_URL must be http(s)://host[:port], without a path.", id="videobroker.E003")]


def _numbers() -> list[CheckMessage]:
    return [
        Error(
            f"{name} is {value:g}; it must be from {least:g} to {most:g}.", hint=hint, id="videobroker.E004"
        )
        for name, (least, most, hint) in RANGES.items()
        if not least <= (value := getattr(settings, name)) <= most
    ]
