"""Which browser origins may call us: the exact ones that the caller's tenant lists."""

import re
from typing import Any

import structlog
from corsheaders.signals import check_request_enabled
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.dispatch import receiver
from django.http import HttpRequest

from videobroker.tenants.models import Tenant

log = structlog.get_logger(__name__)


@receiver(check_request_enabled)
def tenant_allows_origin(sender: Any, request: HttpRequest, **_: Any) -> bool:
    """Whether to send CORS headers. A preflight carries no credential, so for it (and for a refused login) any
    tenant's origin will do; the answer itself is readable only by origins of the caller's own tenant."""
    # The library also asks about paths outside of its own setting, such as the admin's.
    if not re.match(settings.CORS_URLS_REGEX, request.path_info):
        return False
    origin = request.headers.get("Origin", "")
    caller = getattr(request, "caller", None)
    if caller is not None:
        return origin in caller.tenant.allowed_origins
    return _is_some_tenants(origin)


def _is_some_tenants(origin: str) -> bool:
    try:
        return any(origin in origins for origins in Tenant.objects.values_list("allowed_origins", flat=True))
    except DatabaseFailure as error:
        # The answer (503, most likely) is made already; that it cannot be read from a browser must not make it a 500.
        log.warning("origins_unknown", error=type(error).__name__)
        return False
