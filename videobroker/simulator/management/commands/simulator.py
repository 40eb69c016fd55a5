"""`python manage.py simulator`: the same as `python -m videobroker.simulator`."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from videobroker.simulator import command_line


class Command(BaseCommand):
    """A thin door; everything is in `command_line`."""

    help = "Run a small Telnyx Video to develop and test against."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        command_line.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(command_line.run(argparse.Namespace(**options)))
