"""`manage.py demo_token <identity>`: a fresh login token of somebody of the demo."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from videobroker.running import demo


class Command(BaseCommand):
    help = "Print a fresh login token of somebody of the demo (ana, bo, cy or gus), as their identity provider would."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("identity")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(demo.person_token(settings.DATA_DIR, options["identity"], now=timezone.now()))
        except demo.NotADemo as error:
            raise CommandError(str(error)) from error
