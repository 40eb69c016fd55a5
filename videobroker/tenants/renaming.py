"""User names that were changed: the audit says what somebody was called before."""

from typing import Final

from videobroker.tenants.models import AuditEntry, User

# The verb of the audit entry, whose subject is the new name, and where in its details the former one stands.
RENAMED: Final = "renamed"
FORMER: Final = "username"


def former_names(user: User) -> set[str]:
    """The user names that this user had before, without those that somebody else has been given since."""
    renamed = AuditEntry.objects.filter(tenant=user.tenant, subject_kind="user", action=f"user.{RENAMED}")
    found: set[str] = set()
    latest = {user.username}
    while latest:
        former = {entry.details.get(FORMER, "") for entry in renamed.filter(subject__in=latest)}
        latest = former - found - {user.username, ""}
        found |= latest
    return found - set(User.objects.filter(username__in=found).values_list("username", flat=True))
