"""Revoking grants. Telnyx revokes nothing, so a client token that is out works until it ends; it is not renewed."""

from collections.abc import Iterable
from datetime import datetime

from tokens.models import Grant


def revoke(grants: Iterable[Grant], *, because: str, now: datetime) -> int:
    """Revoke those of `grants` that are not revoked yet; how many. Telnyx's refresh tokens are wiped with it."""
    ids = [grant.pk for grant in grants]
    living = Grant.objects.filter(pk__in=ids).exclude(state=Grant.State.REVOKED)
    return living.update(
        state=Grant.State.REVOKED,
        revoked_at=now,
        revoked_because=because,
        seated_until_at=now,
        sealed_upstream_refresh_token="",
    )
