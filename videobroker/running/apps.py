"""The application `running`: lets Celery's processes say when they are ready, for the supervisor to hear, and workers
give way to the web."""

from __future__ import annotations

import os
import sys
from typing import Final

from celery.signals import beat_init, celeryd_init, worker_ready
from django.apps import AppConfig
from django.conf import settings

from videobroker import checks
from videobroker.running import precedence

# Set by the supervisor for those children that it wants to hear from.
ANNOUNCE_VARIABLE: Final = "VIDEOBROKER_ANNOUNCES_READY"
ANNOUNCEMENT: Final = "videobroker: ready"


class RunningConfig(AppConfig):
    name = "videobroker.running"
    label = "running"

    def ready(self) -> None:
        celeryd_init.connect(_check)
        celeryd_init.connect(_give_way)
        if os.environ.get(ANNOUNCE_VARIABLE):
            worker_ready.connect(_announce)
            beat_init.connect(_announce)


def _check(**_signal: object) -> None:
    # Celery runs the checks too, and goes on whatever they say.
    checks.refuse_bad_settings()


def _give_way(**_signal: object) -> None:
    # Before the worker has any threads: each goes as the one did that began it.
    precedence.give_way(settings.WORKER_NICENESS)


def _announce(**_signal: object) -> None:
    # The stream that Celery found at its start: it puts a logger in the place of `sys.stdout`.
    if sys.__stdout__ is not None:
        sys.__stdout__.write(f"{ANNOUNCEMENT}\n")
        sys.__stdout__.flush()
