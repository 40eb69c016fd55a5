"""People whose user here was switched off: nothing lets them in, whoever says who they are."""

from uuid import UUID

from videobroker.tenants import pseudonyms
from videobroker.tenants.models import User


def is_deactivated(tenant_id: UUID, identity: str) -> bool:
    """Whether the person's user here was switched off, also if they were erased since. (Most identities have no user
    here, and need none.)"""
    names = pseudonyms.names_of(tenant_id, identity)
    return User.objects.filter(tenant=tenant_id, identity__in=names, is_active=False).exists()
