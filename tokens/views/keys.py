from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from videobroker.tenants import signing


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:
    """The public keys that contexts and our webhooks are verified with (RFC 7517), for anybody."""
    now = timezone.now()
    keys = [key for purpose in signing.Purpose for key in signing.published(purpose, now=now)]
    return JsonResponse({"keys": keys}, headers={"Cache-Control": "public, max-age=300"})
