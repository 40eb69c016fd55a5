"""Forgetting grants that are long over."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from tokens.models import Grant

# A grant that is still being minted after this was left behind by a process that died.
ABANDONED_AFTER: Final = timedelta(minutes=10)
KEPT_FOR: Final = timedelta(days=30)
AT_ONCE: Final = 5000


def forget_old(now: datetime) -> int:
    """Delete abandoned grants, and those that have been over for a month; how many."""
    abandoned = Q(state=Grant.State.MINTING, created_at__lt=now - ABANDONED_AFTER)
    old = Q(expires_at__lt=now - KEPT_FOR)
    ids = list(Grant.objects.filter(abandoned | old).values_list("pk", flat=True)[:AT_ONCE])
    return Grant.objects.filter(pk__in=ids).delete()[0]
