"""The Celery application: `celery -A videobroker worker`, `celery -A videobroker beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videobroker.settings")
app = Celery("videobroker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
