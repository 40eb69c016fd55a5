"""Rows that belong to a tenant are asked for by tenant."""

from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from videobroker.tenants.models import Tenant

Row = TypeVar("Row", bound=models.Model, covariant=True)


class TenantQuerySet(models.QuerySet[Row]):
    """A query set that knows how to confine itself."""

    def of(self, tenant: "Tenant") -> Self:
        """Only what belongs to `tenant`: the first thing every door asks for."""
        return self.filter(tenant=tenant)
