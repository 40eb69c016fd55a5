"""`manage.py create_api_key`: a key for a tenant's back end, shown once."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from videobroker.tenants import api_keys, auditing
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import Tenant
from videobroker.tenants.scopes import SCOPES


class Command(BaseCommand):
    help = "Create an API key for a tenant's back end. The key is printed once and cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="the tenant's slug")
        parser.add_argument("--name", default="back end")
        parser.add_argument(
            "--scope", action="append", choices=list(SCOPES), help="may be repeated; default: all"
        )
        parser.add_argument("--days", type=_days, help="how long it is good for (default: until revoked)")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"there is no tenant {options['tenant']!r}: create it with create_tenant")
        expires_at = timezone.now() + timedelta(days=options["days"]) if options["days"] else None
        try:
            with transaction.atomic():
                row, key = api_keys.create(
                    tenant,
                    name=options["name"],
                    scopes=options["scope"] or list(SCOPES),
                    expires_at=expires_at,
                )
                auditing.record(
                    HOUSE, "api_key.created", tenant=tenant, subject_kind="api_key", subject=row.pk
                )
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        self.stdout.write(key.reveal())


def _days(text: str) -> int:
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 0
    if days < 1:
        raise ArgumentTypeError("give a number of days, 1 or more")
    return days
