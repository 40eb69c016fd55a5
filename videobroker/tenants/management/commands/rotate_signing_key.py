"""`manage.py rotate_signing_key`: sign with a new key from now on."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from videobroker.tenants import auditing, signing
from videobroker.tenants.callers import HOUSE


class Command(BaseCommand):
    help = "Retire the key that contexts (or our webhooks) are signed with. The old one stays published for two days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("purpose", choices=signing.Purpose.values)

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            row = signing.rotate(signing.Purpose(options["purpose"]), now=timezone.now())
            auditing.record(
                HOUSE, "signing_key.rotated", subject_kind="signing_key", subject=row.pk,
                details={"purpose": row.purpose},
            )  # fmt: skip
        self.stdout.write(f"{row.purpose} is signed with {row.pk}")
