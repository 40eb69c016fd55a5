"""Telnyx's door: verify, keep, answer; everything else happens afterwards."""

from uuid import UUID

import structlog
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from rooms import events, measuring, waking
from videobroker.api import parsing
from videobroker.api.errors import answer, too_large
from videobroker.api.problems import Fault, Problem, not_found
from videobroker.telnyx import signatures
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def telnyx_webhook(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """Keep a webhook of this account. 200 once it is kept (or was before), 401 for a bad signature: then Telnyx, if it
    was Telnyx, sends it again. What is signed but makes no sense is answered 200 too, since it never will."""
    try:
        _receive(request, account_id)
    except Problem as problem:
        return answer(request, problem)
    return JsonResponse({"data": {"result": "ok"}})


def _receive(request: HttpRequest, account_id: UUID) -> None:
    if int(request.META.get("CONTENT_LENGTH") or 0) > parsing.MAX_BYTES:
        raise too_large()
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise not_found()
    body = request.body
    _verify(request, account, body)
    try:
        # A participant writes the context, so it must not decide whether the event is kept.
        kept = events.keep(account, parsing.parse(body, mend_texts=True))
    except (Problem, events.NotAnEvent) as error:
        log.warning("webhook_not_understood", account=str(account_id), error=str(error))
        return
    if kept is not None:
        waking.wake_for_events()


def _verify(request: HttpRequest, account: Account, body: bytes) -> None:
    try:
        signatures.verify(
            body,
            request.headers.get(signatures.SIGNATURE_HEADER),
            request.headers.get(signatures.TIMESTAMP_HEADER),
            account.public_keys,
            timezone.now(),
        )
    except signatures.SignatureRefused as refusal:
        measuring.WEBHOOKS_REFUSED.labels(refusal.reason).inc()
        log.warning("webhook_refused", account=str(account.pk), because=refusal.reason)
        detail = "this webhook is not signed with the account's key"
        raise Problem(401, [Fault("10009", detail, refusal.reason)]) from refusal
