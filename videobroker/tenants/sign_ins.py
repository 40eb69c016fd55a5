"""Who signed in here, or tried to: what django-axes keeps of it, with the address and the browser."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db.models import Q, QuerySet

from videobroker.tenants import renaming
from videobroker.tenants.models import User

KEPT_FOR: Final = timedelta(days=90)
# Those who came in, and those who did not, by name and browser, or (only where axes is set so) one by one.
KINDS: Final = (AccessLog, AccessAttempt, AccessFailureLog)


def told_of(user: User) -> Iterator[dict[str, Any]]:
    """Each that was this user's, for an export."""
    for kind, rows in _of(user):
        for row in rows.order_by("attempt_time", "pk").iterator():
            yield {
                "username": row.username,
                "at": row.attempt_time,
                "succeeded": kind is AccessLog,
                "attempts": getattr(row, "failures_since_start", 1),
                "signed_out_at": getattr(row, "logout_time", None),
                "address": row.ip_address,
                "user_agent": row.user_agent,
            }


def forget(user: User) -> None:
    """Forget those that were this user's. In the caller's transaction."""
    for _, rows in _of(user):
        rows.delete()


def forget_old(now: datetime) -> int:
    """Forget those of long ago; how many."""
    return sum(kind.objects.filter(attempt_time__lt=now - KEPT_FOR).delete()[0] for kind in KINDS)


def _of(user: User) -> Iterator[tuple[type[Any], QuerySet[Any]]]:
    """By the user name, and by what else people take for theirs: the same in other letters, the mail address, the
    identity, a user name of before. What somebody else here goes by as well says nothing about whose it was."""
    theirs = Q(username=user.username)
    for name in {user.username, user.email, user.identity, *renaming.former_names(user)} - {""}:
        if not _is_anothers(name, user):
            theirs |= Q(username__iexact=name)
    for kind in KINDS:
        yield kind, kind.objects.filter(theirs)


def _is_anothers(name: str, user: User) -> bool:
    same = Q(username__iexact=name) | Q(email__iexact=name) | Q(identity__iexact=name)
    return User.objects.exclude(pk=user.pk).filter(same).exists()
