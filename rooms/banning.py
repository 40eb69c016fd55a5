"""Banning somebody who may be in at this moment."""

from datetime import datetime
from typing import Any

from django.db import transaction

from rooms import evicting, keeping
from rooms.models import Ban, Participant, Room
from videobroker.tenants.callers import Caller


def ban(caller: Caller, room: Room | None, values: dict[str, Any], *, now: datetime) -> Ban:
    """Keep a person out of the room, or with None of all rooms of the tenant, from now on; who is in is put out at
    once, by an order that is written with the ban."""
    with transaction.atomic():
        made = keeping.ban(caller, room, values, now=now)
        people = Participant.objects.of(caller.the_tenant).filter(identity=made.identity)
        evicting.evict_unwelcome(people if room is None else people.filter(room=room), now=now)
    return made
