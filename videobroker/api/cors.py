"""Which browser origins may call us: the exact ones that the caller's tenant lists."""

from typing import Any

from corsheaders.signals import check_request_enabled
from django.dispatch import receiver
from django.http import HttpRequest

from videobroker.tenants.models import Tenant


@receiver(check_request_enabled)
def tenant_allows_origin(sender: Any, request: HttpRequest, **_: Any) -> bool:
    """Whether to send CORS headers. A preflight carries no credential, so for it (and for a refused login) any
    tenant's origin will do; the answer itself is readable only by origins of the caller's own tenant."""
    origin = request.headers.get("Origin", "")
    caller = getattr(request, "caller", None)
    if caller is not None:
        return origin in caller.tenant.allowed_origins
    return any(origin in origins for origins in Tenant.objects.values_list("allowed_origins", flat=True))
