"""Refuses settings that would lose or leak data, before anything is served."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from videobroker.tenants.keyring import KeyRing, KeyRingError


@register()
def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """All that can be told from the settings alone."""
    return [*_secrets(), *_key_ring(), *_public_url(), *_niceness()]


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


def _niceness() -> list[CheckMessage]:
    if 0 <= settings.WORKER_NICENESS <= 19:
        return []
    return [Error("WORKER_NICENESS must be from 0 to 19.", id="videobroker.E004")]
