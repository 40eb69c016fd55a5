"""Whom a command is about."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from videobroker.tenants.identities import validate_identity
from videobroker.tenants.models import Tenant


def person_from(options: dict[str, Any]) -> tuple[Tenant, str]:
    """The tenant and the identity that a command was given. Raises `CommandError` for what cannot be either."""
    tenant = Tenant.objects.filter(slug=options["tenant"]).first()
    if tenant is None:
        raise CommandError(f"there is no tenant {options['tenant']!r}")
    try:
        validate_identity(options["identity"])
    except ValidationError as error:
        raise CommandError("; ".join(error.messages)) from error
    return tenant, options["identity"]
