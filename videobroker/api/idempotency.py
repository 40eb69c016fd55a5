"""Idempotency-Key on POSTs: the same key and body get the same answer for a day.

After draft-ietf-httpapi-idempotency-key-header: another body under the same key is 422, a request that is still
being worked on is 409. Only successes are kept; after a refusal nothing was done, so asking again asks anew.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final, TypeVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from videobroker.api.models import IdempotencyRecord
from videobroker.api.problems import Fault, Problem, bad_request, conflict
from videobroker.secret import Secret
from videobroker.tenants.callers import caller_of

KEPT_FOR: Final = timedelta(hours=24)
# After this an unfinished request was cut off: no request is worked on longer than its deadlines.
GIVEN_UP_AFTER: Final = timedelta(seconds=60)
MAX_KEY_CHARS: Final = 255

Handler = TypeVar("Handler", bound=Callable[..., Response])


def idempotent_in_one_transaction(handler: Handler) -> Handler:
    """For handlers that only write to our database: effect and answer are committed together or not at all."""
    return _idempotent(handler, transactional=True)


def idempotent(handler: Handler) -> Handler:
    """For handlers that ask Telnyx and so may not run in a transaction. If the process dies in between, the key may
    be used again after a minute."""
    return _idempotent(handler, transactional=False)


def _idempotent(handler: Handler, *, transactional: bool) -> Handler:
    @wraps(handler)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        def run() -> Response:
            return handler(view, request, *args, **kwargs)

        signed_in: object = request.user
        # Without a caller there is nobody to keep an answer for; such a request (a refresh) is safe to repeat anyway.
        key = request.headers.get("Idempotency-Key") if signed_in is not None else None
        if key is None and transactional:
            with transaction.atomic():
                return run()
        if key is None:
            return run()
        _check_key(key)
        if transactional:
            with transaction.atomic():
                return _once(request, key, run)
        return _once(request, key, run)

    wrapped.takes_idempotency_key = True  # type: ignore[attr-defined]  # for the OpenAPI document (`refusals`)
    return wrapped  # type: ignore[return-value]  # same signature as `handler`


def _once(request: Request, key: str, run: Callable[[], Response]) -> Response:
    record = _begin(request, key)
    if record.status is not None:
        return _replay(record)
    try:
        response = run()
    except BaseException:
        if not transaction.get_connection().in_atomic_block:
            record.delete()  # in a transaction it is rolled back with the rest
        raise
    record.status = response.status_code
    record.answer = Secret(json.dumps(response.data, cls=DjangoJSONEncoder))
    record.save(update_fields=["status", "sealed_answer"])
    return response


def _begin(request: Request, key: str) -> IdempotencyRecord:
    """The record of this key: a new one to work under, or a finished one to replay. Raises `Problem`."""
    caller = caller_of(request)
    now = timezone.now()
    who = {"tenant": caller.the_tenant, "caller": f"{caller.kind}:{caller.subject}", "key": key}
    IdempotencyRecord.objects.filter(**who, created_at__lt=now - KEPT_FOR).delete()
    wanted = _request_hash(request)
    try:
        with transaction.atomic():
            return IdempotencyRecord.objects.create(**who, request_hash=wanted, started_at=now)
    except IntegrityError:
        record = IdempotencyRecord.objects.filter(**who).first()
    if record is None:  # the first request was refused just now, and took its record with it
        raise _still_running(now)
    if record.request_hash != wanted:
        detail = "this Idempotency-Key was used for another request: use a new key"
        raise Problem(422, [Fault("10027", detail, "idempotency_key_reused")])
    if record.status is None and not _take_over(record, now):
        raise _still_running(now)
    return record


def _still_running(now: datetime) -> Problem:
    detail = "the first request with this Idempotency-Key is still worked on"
    return conflict("still_running", detail, retry_at=now + timedelta(seconds=1))


def _take_over(record: IdempotencyRecord, now: datetime) -> bool:
    """Whether the record's first request was cut off and this one may do its work; at most one may."""
    stale = IdempotencyRecord.objects.filter(
        pk=record.pk, status=None, started_at=record.started_at, started_at__lt=now - GIVEN_UP_AFTER
    )
    return stale.update(started_at=now) == 1


def _replay(record: IdempotencyRecord) -> Response:
    if record.answer is None:
        raise RuntimeError(f"idempotency record {record.pk} is finished but has no answer")
    return Response(
        json.loads(record.answer.reveal()), status=record.status, headers={"Idempotent-Replayed": "true"}
    )


def _request_hash(request: Request) -> str:
    body = json.dumps(request.data, sort_keys=True)
    return hashlib.sha256(f"{request.method} {request.path}\n{body}".encode()).hexdigest()


def _check_key(key: str) -> None:
    if not (0 < len(key) <= MAX_KEY_CHARS and key.isascii() and key.isprintable()):
        raise bad_request(
            f"Idempotency-Key has 1 to {MAX_KEY_CHARS} printable ASCII characters", reason="idempotency_key"
        )


def forget_old(now: datetime) -> int:
    """Delete records past their day; how many."""
    return IdempotencyRecord.objects.filter(created_at__lt=now - KEPT_FOR).delete()[0]
