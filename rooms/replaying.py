"""Sending webhooks once more: those a back end has lost, and one to try whether it is there at all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from rooms import posting, waking
from rooms.models import Delivery, Room
from rooms.telling import TRIED_FOR
from videobroker import outbound
from videobroker.api.problems import conflict, invalid
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller

State = Delivery.State
MOST_AT_ONCE: Final = 10_000
# So many ids are within the 256 KB that a body may have, however it is written.
MOST_IDS: Final = 5_000
TEST_EVENT_TYPE: Final = "video.room.test"
# Somebody waits for the outcome of a test, and a thread of ours with them.
TEST_TIMEOUT_SECS: Final = 10


@dataclass(frozen=True)
class Span:
    """Events that were written from `start` on and before `end`, of one room or of all."""

    start: datetime
    end: datetime
    room_id: UUID | None = None


def replay_ids(caller: Caller, ids: list[UUID]) -> int:
    """Send these deliveries again; how many. Ids that are not the tenant's are passed over."""
    return _replay(caller, Delivery.objects.filter(pk__in=ids), None, {"ids": len(ids)})


def replay_span(caller: Caller, span: Span) -> int:
    """Send again what was written in that span; how many. Raises `Problem` if that is too much at once."""
    rows = Delivery.objects.filter(created_at__gte=span.start, created_at__lt=span.end)
    if span.room_id is not None:
        rows = rows.filter(room=span.room_id)
    details = {"from": span.start.isoformat(), "to": span.end.isoformat()}
    return _replay(caller, rows, span.room_id, details)


def _replay(caller: Caller, rows: QuerySet[Delivery], room_id: UUID | None, details: dict[str, Any]) -> int:
    """Begin the deliveries anew, under their ids and sequences. One that is being sent now is left to its sender."""
    mine = rows.filter(tenant=caller.the_tenant).exclude(state=State.LEASED)
    found = list(mine.order_by().values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    if len(found) > MOST_AT_ONCE:
        detail = f"more than {MOST_AT_ONCE} deliveries were written in that time: ask for a shorter one"
        raise invalid(detail, "/to", reason="out_of_range", code="10033")
    with transaction.atomic():
        begun = Delivery.objects.filter(pk__in=found).exclude(state=State.LEASED).update(
            state=State.PENDING, due_at=Now(), deadline_at=Now() + TRIED_FOR, tries=0, finished_at=None
        )  # fmt: skip
        auditing.record(
            caller, "webhooks.replayed", room_id=room_id, subject_kind="webhook_deliveries",
            details={**details, "replayed": begun},
        )  # fmt: skip
        transaction.on_commit(waking.wake_for_deliveries)
    return begun


@dataclass(frozen=True)
class Tested:
    """What came of a test: where it went, without the query, and what was answered, or why nothing was."""

    url: str
    receipt: posting.Receipt


def test(caller: Caller, room: Room) -> Tested:
    """Send an event that means nothing to the room's primary URL, now. Raises `Problem` if it has none."""
    if not room.webhook_event_url:
        detail = "this room has no webhook_event_url to send to: give it one first"
        raise conflict("no_webhook_event_url", detail)
    payload = {"room_id": str(room.pk), "sequence": None}
    envelope = posting.Envelope(str(uuid4()), TEST_EVENT_TYPE, timezone.now(), payload)
    timeout_secs = min(TEST_TIMEOUT_SECS, posting.address_of_room(room).timeout_secs)
    receipt = posting.post(envelope, room.webhook_event_url, attempt=1, timeout_secs=timeout_secs)
    auditing.record(
        caller, "webhook.tested", room_id=room.pk, subject_kind="room", subject=room.pk,
        details={"delivered": receipt.is_delivered},
    )  # fmt: skip
    return Tested(outbound.shown(room.webhook_event_url), receipt)
