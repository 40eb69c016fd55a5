"""User names that were changed: the audit says what somebody was called before."""

from typing import Any, Final

from videobroker.tenants.models import AuditEntry, User

# The verb of the audit entry, whose subject is the new name.
RENAMED: Final = "renamed"
# Where in its details stands which user it was, as others may have the same names at other times, and the former name.
USER: Final = "user_id"
FORMER: Final = "username"


def details_of(user: User, former: str) -> dict[str, Any]:
    """The details of the entry on a change of this user's name."""
    return {USER: str(user.pk), FORMER: former}


def former_names(user: User) -> set[str]:
    """The user names that this user had before, without those that anybody else has, or had once: what stands under
    such a name may be theirs."""
    renamed = AuditEntry.objects.filter(subject_kind="user", action=f"user.{RENAMED}")
    found = set(
        renamed.filter(**{f"details__{USER}": str(user.pk)}).values_list(f"details__{FORMER}", flat=True)
    )
    found.discard(user.username)
    if not found:
        return set()
    others = renamed.filter(**{f"details__{FORMER}__in": list(found)}).exclude(
        **{f"details__{USER}": str(user.pk)}
    )
    shared = set(others.values_list(f"details__{FORMER}", flat=True))
    shared |= set(User.objects.filter(username__in=found).values_list("username", flat=True))
    return found - shared
