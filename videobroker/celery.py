"""The Celery application: `celery -A videobroker worker`, `celery -A videobroker beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videobroker.settings")


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Being connected is all: Celery then leaves the logging alone that the settings have set up."""


app = Celery("videobroker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
