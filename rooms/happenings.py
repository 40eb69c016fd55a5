"""What follows from something that became known: who it is, whether they may be there, and telling the tenant."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.utils import timezone

from rooms import evicting
from rooms.doorkeeping import doorkeeper
from rooms.mirroring import Changes
from rooms.models import Participant, Room

# While somebody is in, Telnyx is asked this often whether what we know is true.
ASKED_WHILE_LIVE: Final = timedelta(seconds=30)

Listener = Callable[[Changes], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Listener:
    """Have `listener` told of all news, once each, after they were committed."""
    _listeners.append(listener)
    return listener


def happened(changes: Changes) -> None:
    """Follow up on what was just merged and committed. Should the process die in between, the workers' rounds find
    everything here again."""
    now = timezone.now()
    if changes.participant is not None:
        doorkeeper().attribute([changes.participant], now=now)
        changes.participant.refresh_from_db()
        evicting.evict_unwelcome(Participant.objects.filter(session=changes.session), now=now)
    Room.objects.filter(pk=changes.session.room_id, reconcile_due_at=None).update(
        reconcile_due_at=now + ASKED_WHILE_LIVE
    )
    for listener in _listeners:
        listener(changes)
