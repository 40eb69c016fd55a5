"""`manage.py new_secrets`: a SECRET_KEY and a KEY_RING for the environment."""

import base64
import secrets
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Print a SECRET_KEY and a KEY_RING to put into the environment of every replica."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.stdout.write(f"SECRET_KEY={secrets.token_urlsafe(48)}")
        self.stdout.write(f"KEY_RING=k{secrets.token_hex(3)}:{key}")
