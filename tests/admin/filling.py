"""A tenant with something in every table, and a word of its own in every text that a page might show."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from rooms.models import Ban, Member, Operation, Room
from tests.cast import Company
from tokens.models import Grant
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller, CallerKind


@dataclass
class Filled:
    """The rows of one room."""

    room: Room
    member: Member
    ban: Ban
    operation: Operation
    grant: Grant

    @property
    def pages(self) -> dict[str, Any]:
        """The rows by the names of their pages."""
        return {
            "rooms_room": self.room,
            "rooms_member": self.member,
            "rooms_ban": self.ban,
            "rooms_operation": self.operation,
            "tokens_grant": self.grant,
        }


def fill(company: Company, word: str, room: Room | None = None) -> Filled:
    """One more room of the company (or the one given), with a row of each kind that says `word`."""
    tenant, now = company.row, timezone.now()
    room = room or Room.objects.create(
        tenant=tenant, account=tenant.account, unique_name=f"{word}-{uuid.uuid4().hex[:8]}"
    )
    member = Member.objects.create(
        tenant=tenant, room=room, identity=f"{word}-{uuid.uuid4().hex[:8]}", display_name=f"{word} shown"
    )
    ban = Ban.objects.create(
        tenant=tenant, room=room, identity=f"{word} banned", reason=f"{word} reason", created_by=f"by {word}"
    )
    Room.objects.filter(pk=room.pk).update(orders=room.orders + 1)
    room.refresh_from_db()
    operation = Operation.objects.create(
        sequence=room.orders,
        tenant=tenant,
        room=room,
        kind=Operation.Kind.UPDATE_ROOM,
        state=Operation.State.FAILED,
        ordered_by=f"by {word}",
        last_error=f"{word} error",
        finished_at=now,
    )
    caller = Caller(kind=CallerKind.IDENTITY, subject=f"{word} actor", tenant=tenant)
    auditing.record(caller, "room.updated", room_id=room.pk, subject_kind="room", subject=room.pk)
    return Filled(room, member, ban, operation, new_grant(company, room, word))


def new_grant(company: Company, room: Room, identity: str) -> Grant:
    """An open grant of the room."""
    now = timezone.now()
    return Grant.objects.create(
        tenant=company.row,
        room=room,
        identity=identity,
        asked_by=f"identity:{identity}",
        display_name=f"{identity} shown",
        role="participant",
        state=Grant.State.OPEN,
        device=f"{identity} device",
        refresh_hash=f"hash-of-{identity}",
        refresh_ttl_secs=600,
        refresh_expires_at=now + timedelta(minutes=10),
        client_token_expires_at=now + timedelta(minutes=2),
        seated_until_at=now + timedelta(minutes=2),
        expires_at=now + timedelta(hours=1),
    )
