"""`manage.py suspend_tenant`: stop a tenant's minting at once, or let it go on."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from videobroker.tenants import auditing
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import Tenant, TenantStatus


class Command(BaseCommand):
    help = "Suspend a tenant: nothing is minted or refreshed for it from now on. --lift ends it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="the tenant's slug")
        parser.add_argument("--lift", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        status = TenantStatus.ACTIVE if options["lift"] else TenantStatus.SUSPENDED
        with transaction.atomic():
            tenant = Tenant.objects.filter(slug=options["tenant"]).first()
            if tenant is None:
                raise CommandError(f"there is no tenant {options['tenant']!r}")
            Tenant.objects.filter(pk=tenant.pk).update(status=status)
            action = "tenant.resumed" if options["lift"] else "tenant.suspended"
            auditing.record(HOUSE, action, tenant=tenant, subject_kind="tenant", subject=tenant.pk)
        self.stdout.write(f"tenant {tenant.slug} is {status}")
