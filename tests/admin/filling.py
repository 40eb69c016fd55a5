"""A tenant with something in every table, and a word of its own in every text that a page might show."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from rooms.models import (
    Ban,
    Composition,
    Deletion,
    Delivery,
    Erasure,
    Event,
    Hold,
    Member,
    Operation,
    Participant,
    PurgeRun,
    Recording,
    Room,
    Session,
)
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
    session: Session
    participant: Participant
    kick: Operation
    event: Event
    delivery: Delivery
    films: "Films"

    @property
    def pages(self) -> dict[str, Any]:
        """The rows by the names of their pages."""
        return {
            "rooms_room": self.room,
            "rooms_member": self.member,
            "rooms_ban": self.ban,
            "rooms_operation": self.operation,
            "rooms_session": self.session,
            "rooms_participant": self.participant,
            "tokens_grant": self.grant,
            "rooms_recording": self.films.recording,
            "rooms_composition": self.films.composition,
            "rooms_hold": self.films.hold,
            "rooms_deletion": self.films.deletion,
            "rooms_purgerun": self.films.purge,
        }

    @property
    def everything(self) -> list[Any]:
        """All rows, also those that only operators have pages for."""
        return [*self.pages.values(), self.kick, self.event, self.delivery, self.films.erasure]


@dataclass
class Films:
    """What was recorded, what keeps it, and what has gone."""

    recording: Recording
    composition: Composition
    hold: Hold
    deletion: Deletion
    purge: PurgeRun
    erasure: Erasure


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
    Room.objects.filter(pk=room.pk).update(orders=room.orders + 2)
    room.refresh_from_db()
    operation = Operation.objects.create(
        sequence=room.orders - 1,
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
    grant = new_grant(company, room, word)
    session, person, kick = _meeting(company, room, word, grant)
    event, delivery = _told(company, room, word, session)
    films = _filmed(company, word, session, person)
    return Filled(room, member, ban, operation, grant, session, person, kick, event, delivery, films)


def _meeting(company: Company, room: Room, word: str, grant: Grant) -> tuple[Session, Participant, Operation]:
    """Somebody is in, and could not be kicked."""
    now = timezone.now()
    session = Session.objects.create(
        tenant=company.row, room=room, telnyx_id=uuid.uuid4(), started_at=now, ended_reason=f"{word} ended"
    )
    person = Participant.objects.create(
        tenant=company.row, room=room, session=session, telnyx_id=uuid.uuid4(), joined_at=now,
        identity=f"{word} is in", display_name=f"{word} in", role="participant", attribution="attributed",
        grant_id=grant.pk, left_reason=f"{word} left",
    )  # fmt: skip
    kick = Operation.objects.create(
        sequence=room.orders, tenant=company.row, room=room, kind="kick", state="failed",
        ordered_by=f"identity:{word}", last_error=f"{word} kick", finished_at=now,
        arguments={
            "session_id": str(session.pk), "everybody": False, "participants": [str(person.pk)], "exclude": []
        },
    )  # fmt: skip
    return session, person, kick


def _told(company: Company, room: Room, word: str, session: Session) -> tuple[Event, Delivery]:
    """What Telnyx told of it, and what the tenant's back end was told."""
    now = timezone.now()
    event = Event.objects.create(
        account=company.row.account, telnyx_id=str(uuid.uuid4()), event_type="video.room.session.started",
        occurred_at=now, payload={"session_id": str(session.telnyx_id), "note": f"{word} note"}, error=f"{word} event",
    )  # fmt: skip
    Room.objects.filter(pk=room.pk).update(events_told=room.events_told + 1)
    delivery = Delivery.objects.create(
        tenant=company.row, room=room, event_type="video.room.session.started", subject_id=session.pk,
        sequence=room.events_told + 1, occurred_at=now, payload={"note": f"{word} note"}, state="failed",
        last_error=f"{word} delivery", deadline_at=now, finished_at=now,
    )  # fmt: skip
    return event, delivery


def _filmed(company: Company, word: str, session: Session, person: Participant) -> Films:
    """Somebody was recorded, and it is held; another recording has gone, with a purge. Somebody else is erased."""
    tenant, now = company.row, timezone.now()
    ours: dict[str, Any] = {"tenant": tenant, "room": session.room, "session": session}
    complete: dict[str, Any] = {
        "status": "completed",
        "completed_at": now,
        "expires_at": now + timedelta(days=30),
    }
    recording = Recording.objects.create(
        **ours,
        **complete,
        participant=person,
        telnyx_id=uuid.uuid4(),
        type="video",
        codec=f"{word} codec",
        held=True,
    )
    composition = Composition.objects.create(
        **ours, status="enqueued", ordered_by=f"by {word}", failed_because=f"{word} failure"
    )
    hold = Hold.objects.create(
        tenant=tenant,
        recording=recording,
        reason=f"{word} case",
        holder=f"{word} law",
        placed_by=f"by {word}",
    )
    gone = Recording.objects.create(
        **ours, **complete, participant=person, telnyx_id=uuid.uuid4(), type="audio", state="deleted"
    )
    purge = PurgeRun.objects.create(
        tenant=tenant, state="finished", why=f"{word} why", due=1, begun=1, stored=2, finished_at=now
    )
    deletion = Deletion.objects.create(
        tenant=tenant, account=tenant.account, room_id=session.room_id, session_id=session.pk, kind="recording",
        footage_id=gone.pk, telnyx_id=gone.telnyx_id, cause="retention", policy={"by": f"{word} policy"},
        ordered_by=f"by {word}", run=purge, state="done", done_at=now, answer=f"{word} answer",
    )  # fmt: skip
    erasure = Erasure.objects.create(
        tenant=tenant, identity="", pseudonym=f"erased:{uuid.uuid4().hex}", state="finished",
        ordered_by=f"by {word}", receipt={"removed": {"members": 1}}, finished_at=now,
    )  # fmt: skip
    return Films(recording, composition, hold, deletion, purge, erasure)


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
