"""What follows from something that became known: who it is, whether they may be there, and telling the tenant."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from rooms import evicting
from rooms.doorkeeping import doorkeeper
from rooms.mirroring import Changes
from rooms.models import Attribution, Participant, Room

# While somebody is in, Telnyx is asked this often whether what we know is true.
ASKED_WHILE_LIVE: Final = timedelta(seconds=30)

Listener = Callable[[Changes], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Listener:
    """Have `listener` told of all news, once each, after they were committed."""
    _listeners.append(listener)
    return listener


def expect_somebody(room: Room, *, now: datetime) -> None:
    """Somebody was let in: ask Telnyx before long who is there, should the webhook of their joining be lost."""
    if room.reconcile_due_at is None:
        Room.objects.filter(pk=room.pk, reconcile_due_at=None).update(reconcile_due_at=now + ASKED_WHILE_LIVE)


def happened(changes: Changes) -> None:
    """Follow up on what was just merged and committed. Should the process die in between, the workers' rounds find
    everything here again."""
    now = timezone.now()
    if changes.participant is not None:
        doorkeeper().attribute([changes.participant], now=now)
        changes.participant.refresh_from_db()
        _ask_soon_about(changes.participant, now)
        evicting.evict_unwelcome(Participant.objects.filter(session=changes.session), now=now)
    Room.objects.filter(pk=changes.session.room_id, reconcile_due_at=None).update(
        reconcile_due_at=now + ASKED_WHILE_LIVE
    )
    for listener in _listeners:
        listener(changes)


def _ask_soon_about(person: Participant, now: datetime) -> None:
    """Have Telnyx asked at once about somebody whom only its answer can tell from an intruder."""
    if person.attribution == Attribution.PENDING and person.joined_at is not None:
        rooms = Room.objects.filter(pk=person.room_id)
        rooms.filter(Q(reconcile_due_at=None) | Q(reconcile_due_at__gt=now)).update(reconcile_due_at=now)
