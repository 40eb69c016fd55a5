"""API keys: `vbk_` + lookup (12) + secret (43) + checksum (6), all base62.

The secret has 256 random bits, so SHA-256 is enough to store it and nothing slow is needed to check it. The
checksum lets garbage be refused without asking the database, and lets secret scanners be sure of a find.
"""

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from videobroker import tokentext
from videobroker.secret import Secret
from videobroker.tenants.models import ApiKey, Tenant

PREFIX: Final = "vbk_"
LOOKUP_CHARS: Final = 12
SECRET_CHARS: Final = 43
SHAPE: Final = re.compile(
    rf"vbk_([0-9A-Za-z]{{{LOOKUP_CHARS}}})([0-9A-Za-z]{{{SECRET_CHARS}}})([0-9A-Za-z]{{6}})"
)
USE_IS_RECORDED_EVERY: Final = timedelta(minutes=1)


class ApiKeyRefused(Exception):
    """The key does not let anybody in. `reason` is a stable word."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def create(
    tenant: Tenant, *, name: str, scopes: list[str], expires_at: datetime | None = None
) -> tuple[ApiKey, Secret]:
    """Make and save a key. The secret is returned once and can never be shown again.

    Raises `ValidationError` for unknown scopes.
    """
    lookup, secret = tokentext.random_text(LOOKUP_CHARS), tokentext.random_text(SECRET_CHARS)
    row = ApiKey(
        tenant=tenant,
        name=name,
        lookup=lookup,
        secret_hash=_hash(secret),
        scopes=scopes,
        expires_at=expires_at,
    )
    row.full_clean()
    row.save()
    return row, Secret(tokentext.with_checksum(PREFIX + lookup + secret))


def authenticate(text: str, *, now: datetime) -> ApiKey:
    """The row of the key `text`, with its tenant. Raises `ApiKeyRefused`."""
    found = SHAPE.fullmatch(text)
    if found is None or not tokentext.has_valid_checksum(text):
        raise ApiKeyRefused("invalid_key", "this is not a whole API key: check that all of it was copied")
    row = ApiKey.objects.select_related("tenant", "tenant__account").filter(lookup=found[1]).first()
    if row is None or not hmac.compare_digest(row.secret_hash, _hash(found[2])):
        raise ApiKeyRefused("invalid_key", "no such API key")
    if row.revoked_at is not None:
        raise ApiKeyRefused("key_revoked", "this API key was revoked: make a new one")
    if row.is_expired(now):
        raise ApiKeyRefused("key_expired", "this API key has expired: make a new one")
    _record_use(row, now)
    return row


def _record_use(row: ApiKey, now: datetime) -> None:
    """To the minute: a write on every request would cost more than it tells."""
    due = now - USE_IS_RECORDED_EVERY
    if row.last_used_at is None or row.last_used_at < due:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=due)
        ApiKey.objects.filter(stale, pk=row.pk).update(last_used_at=now)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
