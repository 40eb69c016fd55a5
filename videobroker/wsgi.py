"""The door for WSGI servers: `granian --interface wsgi videobroker.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "videobroker.settings")
application = get_wsgi_application()

# Only now is there a registry of applications, which the settings' checks import from.
from videobroker.checks import refuse_bad_settings  # noqa: E402

refuse_bad_settings()
