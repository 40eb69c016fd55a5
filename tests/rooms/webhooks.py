"""Telnyx's post: signing events as an account of the cast would have them signed, and handing them in."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rooms import events
from rooms.models import Event
from tests.asking import Answer, Asker, Json
from videobroker.telnyx import signatures
from videobroker.tenants.models import Account


def body_of(
    event_type: str, payload: Json, *, event_id: str | None = None, at: datetime | None = None
) -> bytes:
    """A webhook's body, as Telnyx writes it."""
    data = {
        "record_type": "event",
        "event_type": event_type,
        "id": event_id or str(uuid.uuid4()),
        "occurred_at": (at or datetime.now(UTC)).isoformat(),
        "payload": payload,
    }
    return json.dumps({"data": data, "meta": {"attempt": 1}}).encode()


# The key of each account, which all its posts sign with.
_keys: dict[uuid.UUID, Ed25519PrivateKey] = {}


@dataclass
class Post:
    """Hands in webhooks of one account, signed with a key that the account knows."""

    account: Account
    key: Ed25519PrivateKey = field(init=False)

    def __post_init__(self) -> None:
        self.key = _keys.setdefault(self.account.pk, signatures.generate_private_key())
        self.account.next_public_key = signatures.public_key_text(self.key)
        self.account.save()

    @property
    def path(self) -> str:
        return f"/webhooks/telnyx/{self.account.pk}"

    def headers(self, body: bytes, at: datetime | None = None) -> dict[str, str]:
        return signatures.sign(body, self.key, at or datetime.now(UTC))

    def hand_in(self, body: bytes, at: datetime | None = None, path: str | None = None) -> Answer:
        """Deliver these bytes, signed at `at`; nothing is applied yet."""
        return Asker().ask("POST", path or self.path, body, self.headers(body, at))

    def deliver(self, told: Iterable[Json]) -> None:
        """Deliver events as the simulator lists them, in this order, and apply them."""
        for event in told:
            at = datetime.fromisoformat(event["occurred_at"])
            body = body_of(event["event_type"], event["payload"], event_id=event["id"], at=at)
            assert self.hand_in(body).status == 200
        events.apply_all()

    def states(self) -> list[str]:
        """What became of the events of this account, the first first."""
        kept = Event.objects.filter(account=self.account).order_by("received_at", "telnyx_id")
        return list(kept.values_list("state", flat=True))


def handed_in(post: Post, body: bytes, **headers: Any) -> Answer:
    """Deliver with headers of the test's own making."""
    return Asker().ask("POST", post.path, body, dict(headers))
