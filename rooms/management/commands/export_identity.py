"""`manage.py export_identity`: all that is kept about a person, as JSON on standard output."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from rooms import exporting
from rooms.management.people import person_from
from videobroker.tenants.callers import HOUSE


class Command(BaseCommand):
    help = "Write all that is kept about a person of a tenant to standard output, as one JSON document."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="the tenant's slug")
        parser.add_argument("identity", help="how the tenant names the person")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant, identity = person_from(options)
        for piece in exporting.export(HOUSE, tenant, identity, now=timezone.now()):
            self.stdout.write(piece.decode(), ending="")
