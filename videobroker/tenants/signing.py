"""The keys that we sign with and others verify by."""

import base64
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import IntegrityError, transaction
from django.db.models import Q

from videobroker.tenants.models import SigningKey

Purpose = SigningKey.Purpose
# What a retired key signed is over long before (contexts and webhooks are checked within minutes).
PUBLISHED_AFTER_RETIREMENT: Final = timedelta(days=2)


def current_key(purpose: Purpose) -> tuple[str, Ed25519PrivateKey]:
    """The id and the private key to sign with now; the first caller ever makes it."""
    row = SigningKey.objects.filter(purpose=purpose, retired_at=None).only("id").first() or _make_first(
        purpose
    )
    return str(row.pk), _private_key(row.pk)


def public_key(key_id: UUID, purpose: Purpose) -> Ed25519PublicKey | None:
    """The key of that id to verify with, current or retired, or None if there never was one."""
    if not SigningKey.objects.filter(pk=key_id, purpose=purpose).exists():
        return None
    return _private_key(key_id).public_key()


def rotate(purpose: Purpose, *, now: datetime) -> SigningKey:
    """Retire the current key and sign with a new one from now on."""
    with transaction.atomic():
        SigningKey.objects.filter(purpose=purpose, retired_at=None).update(retired_at=now)
        row = SigningKey.generate(purpose)
        row.save(force_insert=True)
    return row


def published(purpose: Purpose, *, now: datetime) -> list[dict[str, Any]]:
    """The public keys that may still have to verify something, as JWKs (RFC 8037)."""
    rows = SigningKey.objects.filter(
        Q(retired_at=None) | Q(retired_at__gt=now - PUBLISHED_AFTER_RETIREMENT), purpose=purpose
    )
    return [_as_jwk(row) for row in rows]


def _as_jwk(row: SigningKey) -> dict[str, Any]:
    raw = _private_key(row.pk).public_key().public_bytes_raw()
    x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": str(row.pk), "x": x}


@lru_cache(maxsize=64)
def _private_key(key_id: UUID) -> Ed25519PrivateKey:
    """Loaded once a process: opening and parsing it on every mint would be waste."""
    return SigningKey.objects.get(pk=key_id).private_key()


def _make_first(purpose: Purpose) -> SigningKey:
    row = SigningKey.generate(purpose)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # another process was first: theirs is the key
        row = SigningKey.objects.get(purpose=purpose, retired_at=None)
    return row
