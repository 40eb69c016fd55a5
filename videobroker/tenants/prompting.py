"""Secrets on their way into a command: never as an argument, where `ps` and the shell's history would show them."""

import sys
from pathlib import Path

from django.core.management.base import CommandError

from videobroker.secret import Secret


def secret_from(source: str, what: str) -> Secret:
    """The secret in the file `source`, or on standard input for `-`. Raises `CommandError` if there is none."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
    except OSError as error:
        raise CommandError(f"the {what} cannot be read from {source}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{source} is not text: it should hold the {what}, and nothing else") from error
    if not text.strip():
        raise CommandError(f"{source} holds no {what}")
    return Secret(text.strip())
