"""Forgetting who a user of ours is: the row stays, for what hangs on it, and names nobody any more."""

from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet

from videobroker.tenants import pseudonyms, renaming, sign_ins
from videobroker.tenants.models import Tenant, User


def user_of(tenant: Tenant, identity: str) -> User | None:
    """The user that somebody signs in here as, if they do."""
    return User.objects.filter(tenant=tenant, identity=identity).first()


def users_of(tenant: Tenant, identity: str) -> QuerySet[User]:
    """The same, and the one that was theirs before they were erased, if it keeps them out."""
    return User.objects.filter(tenant=tenant, identity__in=pseudonyms.names_of(tenant.pk, identity))


def names_of(user: User) -> list[str]:
    """Every name that the user has here, and user names of before."""
    now = (name for name in (user.username, user.get_full_name(), user.email) if name)
    return [*now, *renaming.former_names(user)]


def forget_user(user: User, pseudonym: str) -> None:
    """Close the account, take its names, and forget who tried to sign in with them. In the caller's transaction."""
    sign_ins.forget(user)
    user.groups.clear()
    user.user_permissions.clear()
    # Of one person there may have been several users, one after the other: each keeps a name of its own.
    User.objects.filter(pk=user.pk).update(
        username=f"{pseudonym}.{user.pk.hex[:8]}",
        first_name="",
        last_name="",
        email="",
        identity=_identity_after(user, pseudonym),
        password=make_password(None),
        is_active=False,
        is_staff=False,
    )


def _identity_after(user: User, pseudonym: str) -> str:
    """Who was deactivated stays so: their row goes on keeping them out, under the pseudonym. Of anybody else the row is
    nobody's, so that whoever comes after them is somebody new."""
    stays = not user.is_active and not User.objects.filter(tenant=user.tenant, identity=pseudonym).exists()
    return pseudonym if stays else ""
