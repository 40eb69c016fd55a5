"""The application `running`: lets Celery's processes say when they are ready, for the supervisor to hear."""

from __future__ import annotations

import os
import sys
from typing import Final

from celery.signals import beat_init, worker_ready
from django.apps import AppConfig

# Set by the supervisor for those children that it wants to hear from.
ANNOUNCE_VARIABLE: Final = "VIDEOBROKER_ANNOUNCES_READY"
ANNOUNCEMENT: Final = "videobroker: ready"


class RunningConfig(AppConfig):
    name = "videobroker.running"
    label = "running"

    def ready(self) -> None:
        if os.environ.get(ANNOUNCE_VARIABLE):
            worker_ready.connect(_announce)
            beat_init.connect(_announce)


def _announce(**_signal: object) -> None:
    # The stream that Celery found at its start: it puts a logger in the place of `sys.stdout`.
    if sys.__stdout__ is not None:
        sys.__stdout__.write(f"{ANNOUNCEMENT}\n")
        sys.__stdout__.flush()
