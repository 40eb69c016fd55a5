"""One webhook to a tenant's back end, in Telnyx's envelope and with Telnyx's headers, so that Telnyx's libraries read
and verify it."""

import base64
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from rooms.models import Composition, Delivery, Room
from videobroker import outbound
from videobroker.api.times import iso
from videobroker.telnyx import signatures
from videobroker.tenants import signing

# What a room's webhook_timeout_secs is when it says nothing, or 0.
DEFAULT_TIMEOUT_SECS: Final = 5
MAX_ANSWER_BYTES: Final = 256 * 1024
MAX_ERROR_CHARS: Final = 500
OF_COMPOSITIONS: Final = (
    Delivery.EventType.COMPOSITION_COMPLETED,
    Delivery.EventType.COMPOSITION_FAILED,
)


@dataclass(frozen=True)
class Envelope:
    """An event as it is told. Its id stays the same however often it is sent."""

    event_id: str
    event_type: str
    occurred_at: datetime
    payload: dict[str, Any]

    def body(self, *, attempt: int, url: str) -> bytes:
        """The bytes to send to `url`."""
        event = {
            "record_type": "event",
            "event_type": self.event_type,
            "id": self.event_id,
            "occurred_at": iso(self.occurred_at),
            "payload": self.payload,
        }
        return json.dumps({"data": event, "meta": {"attempt": attempt, "delivered_to": url}}).encode()


@dataclass(frozen=True)
class Receipt:
    """What came of sending: the status that was answered, or else the error why there was no answer."""

    status: int | None
    error: str
    duration_secs: float

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def public_keys(*, now: datetime) -> list[tuple[str, str]]:
    """Ids and public keys that may still have to verify a webhook, as Telnyx writes its own (base64 of 32 bytes), the
    one that signs now first."""
    current, _ = signing.current_key(signing.Purpose.WEBHOOK)  # makes the first one, if nothing was sent yet
    keys = [
        (jwk["kid"], _as_telnyx_writes(jwk["x"]))
        for jwk in signing.published(signing.Purpose.WEBHOOK, now=now)
    ]
    return sorted(keys, key=lambda key: key[0] != current)


def _as_telnyx_writes(x: str) -> str:
    """A JWK's `x` (base64url without padding) as base64."""
    raw = base64.urlsafe_b64decode(x + "=" * (-len(x) % 4))
    return base64.b64encode(raw).decode()


@dataclass(frozen=True)
class Address:
    """Where something is told: an empty URL if nowhere. `timeout_secs` is how long a receiver may take to answer."""

    url: str
    failover_url: str
    timeout_secs: int


def address_of_room(room: Room) -> Address:
    """Where what happens in the room is told."""
    return _address(room)


def address_of(delivery: Delivery) -> Address:
    """Where this is told, as of now: of a composition that was given an address of its own there, else where the room
    says. (Like Telnyx's composition, which has one beside its room's.)"""
    if delivery.event_type in OF_COMPOSITIONS:
        own = Composition.objects.filter(pk=delivery.subject_id).exclude(webhook_event_url="").first()
        if own is not None:
            return _address(own)
    return _address(delivery.room)


def _address(told: Room | Composition) -> Address:
    return Address(
        told.webhook_event_url,
        told.webhook_event_failover_url,
        told.webhook_timeout_secs or DEFAULT_TIMEOUT_SECS,
    )


def post(envelope: Envelope, url: str, *, attempt: int, timeout_secs: float) -> Receipt:
    """Send the event to `url` and say what came of it. No redirect is followed: what is answered with one was not
    delivered. Raises nothing that the receiver can cause. To be called outside of any transaction."""
    body = envelope.body(attempt=attempt, url=url)
    _, key = signing.current_key(signing.Purpose.WEBHOOK)
    headers = {"Content-Type": "application/json", **signatures.sign(body, key, timezone.now())}
    started = time.monotonic()
    status, error = _send(url, body, headers, timeout_secs)
    return Receipt(status, error, round(time.monotonic() - started, 3))


def _send(url: str, body: bytes, headers: dict[str, str], timeout_secs: float) -> tuple[int | None, str]:
    policy = outbound.AddressPolicy(
        schemes=frozenset({"http", "https"}), allow_private=settings.ALLOW_PRIVATE_ADDRESSES
    )
    try:
        answer = outbound.fetch(
            url,
            method="POST",
            headers=headers,
            body=body,
            timeout_secs=timeout_secs,
            max_bytes=MAX_ANSWER_BYTES,
            policy=policy,
        )
    except outbound.OutboundError as error:
        return None, f"{error.reason}: {error.why}"[:MAX_ERROR_CHARS]
    return answer.status, "" if 200 <= answer.status < 300 else _why_not(answer.status)


def _why_not(status: int) -> str:
    if 300 <= status < 400:
        return f"answered {status}: redirects are not followed; set the room's URL to where it leads"
    return f"answered {status}: only a 2xx counts as delivered"
