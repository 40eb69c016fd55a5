"""Many rows in every table at once: what a tenant, and a house, look like after some years.

The database makes them itself, from one row of each table, so that a hundred thousand take a moment.
"""

import uuid
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import AutoField, Model
from django.utils import timezone

from rooms.models import (
    Ban,
    Composition,
    Deletion,
    Delivery,
    DeliveryAttempt,
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
from tests.admin.filling import new_grant
from tests.cast import Company
from videobroker.tenants.models import Account, ApiKey, AuditEntry, IdentityProvider, Tenant, User

NUMBER = "n.i"


def _new_id() -> str:
    return "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"


def _multiply(row: Model, rows: int, source: str = "", **changed: str) -> None:
    """So many copies of the row, each with an id of its own and `changed` columns, given as SQL: `NUMBER` in it counts
    from 1, or is what `source` gives as `i`."""
    quote = connection.ops.quote_name
    fields = [field for field in row._meta.concrete_fields if not isinstance(field, AutoField)]
    changed = {"id": _new_id(), **changed}
    names = ", ".join(quote(field.column) for field in fields)
    values = ", ".join(changed.get(field.column, f"t.{quote(field.column)}") for field in fields)
    table, key = quote(row._meta.db_table), quote(row._meta.pk.column)
    series = f"WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {rows}) "
    statement = (
        f"{series}INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, ({source or 'SELECT i FROM s'}) n "
        f"WHERE t.{key} = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [row._meta.pk.get_db_prep_value(row.pk, connection)])


def _named(rows: int) -> str:
    """A text for each copy that no other has."""
    return f"'{rows}-' || {NUMBER}"


def crowd(acme: Company, room: Room, session: Session, rows: int) -> None:
    """So many more rows in every table: in this room and session, and beside them."""
    room.refresh_from_db()
    _rooms(acme, room, rows)
    _people(acme, room, session, rows)
    _orders(acme, room, session, rows)
    _films(acme, room, session, rows)
    _told(acme, room, rows)
    _house(acme, rows)


def _rooms(acme: Company, room: Room, rows: int) -> None:
    """Rooms that ana moderates, all of them."""
    ours: dict[str, Any] = {"tenant": acme.row, "room": room}
    one = Room.objects.create(tenant=acme.row, account=acme.row.account, unique_name=f"first of {rows}")
    _multiply(one, rows, unique_name=f"'room {rows}-' || {NUMBER}")
    member = Member.objects.create(**ours, identity=f"first of {rows}", role="moderator")
    _multiply(member, rows, identity=_named(rows))
    theirs = f"SELECT id AS i FROM rooms_room WHERE unique_name LIKE 'room {rows}-%%'"
    _multiply(member, rows, theirs, room_id=NUMBER, identity="'ana'")
    ban = Ban.objects.create(**ours, identity=f"first of {rows}", created_by="x")
    _multiply(ban, rows, identity=_named(rows))


def _people(acme: Company, room: Room, session: Session, rows: int) -> None:
    ours: dict[str, Any] = {"tenant": acme.row, "room": room}
    now = timezone.now()
    _multiply(Session.objects.create(**ours, telnyx_id=uuid.uuid4(), ended_at=now), rows, telnyx_id=_new_id())
    who = {"identity": f"first of {rows}", "attribution": "attributed", "joined_at": now}
    gone = Participant.objects.create(**ours, **who, session=session, telnyx_id=uuid.uuid4(), left_at=now)
    present = Participant.objects.create(**ours, **who, session=session, telnyx_id=uuid.uuid4())
    for person in (gone, present):
        _multiply(person, rows // 2, identity=_named(rows), telnyx_id=_new_id())
    _multiply(new_grant(acme, room, f"{rows}"), rows)


def _orders(acme: Company, room: Room, session: Session, rows: int) -> None:
    about = {"session_id": str(session.pk), "everybody": True, "participants": [], "exclude": []}
    order = Operation.objects.create(
        tenant=acme.row, room=room, sequence=room.orders + rows + 1, arguments=about, kind="mute", state="failed",
        ordered_by="identity:ana", finished_at=timezone.now(),
    )  # fmt: skip
    kinds = f"CASE {NUMBER} %% 2 WHEN 0 THEN 'mute' ELSE 'kick' END"
    states = f"CASE {NUMBER} %% 3 WHEN 0 THEN 'failed' WHEN 1 THEN 'succeeded' ELSE 'pending' END"
    _multiply(order, rows, sequence=f"{room.orders} + {NUMBER}", kind=kinds, state=states)
    Room.objects.filter(pk=room.pk).update(orders=room.orders + rows + 1)
    entry = AuditEntry.objects.create(tenant=acme.row, actor="x", action="room.updated", room_id=room.pk)
    _multiply(entry, rows)


def _films(acme: Company, room: Room, session: Session, rows: int) -> None:
    """Most are kept, some are held, some have gone."""
    now, tenant = timezone.now(), acme.row
    ours: dict[str, Any] = {"tenant": tenant, "room": room, "session": session, "status": "completed"}
    complete: dict[str, Any] = {"completed_at": now, "expires_at": now + timedelta(hours=1)}
    person = Participant.objects.filter(session=session).order_by("pk").first()
    film = Recording.objects.create(
        **ours, **complete, participant=person, telnyx_id=uuid.uuid4(), type="video"
    )
    states = f"CASE {NUMBER} %% 3 WHEN 0 THEN 'deleted' ELSE 'kept' END"
    _multiply(film, rows, telnyx_id=_new_id(), held=f"{NUMBER} %% 5 = 0", state=states)
    composition = Composition.objects.create(**ours, **complete, telnyx_id=uuid.uuid4())
    _multiply(composition, rows, telnyx_id=_new_id())
    _multiply(Hold.objects.create(tenant=tenant, room=room, reason="x", holder="x"), rows)
    run = PurgeRun.objects.create(tenant=tenant, state="finished", due=2, begun=1, finished_at=now)
    _multiply(run, rows)
    order = Deletion.objects.create(
        tenant=tenant, account=tenant.account, room_id=room.pk, session_id=session.pk, kind="recording", run=run,
        cause="retention", ordered_by="x", footage_id=uuid.uuid4(), state="blocked",
    )  # fmt: skip
    _multiply(
        order, rows, footage_id=_new_id(), state=f"CASE {NUMBER} %% 2 WHEN 0 THEN 'done' ELSE 'blocked' END"
    )
    erasure = Erasure.objects.create(tenant=tenant, pseudonym=f"erased:first of {rows}", state="waiting")
    _multiply(erasure, rows, pseudonym=_named(rows))


def _told(acme: Company, room: Room, rows: int) -> None:
    now = timezone.now()
    delivery = Delivery.objects.create(
        tenant=acme.row, room=room, event_type="video.room.session.started", subject_id=uuid.uuid4(), occurred_at=now,
        sequence=room.events_told + rows + 1, payload={}, deadline_at=now + timedelta(days=1),
    )  # fmt: skip
    _multiply(delivery, rows, sequence=f"{room.events_told} + {NUMBER}", subject_id=_new_id())
    Room.objects.filter(pk=room.pk).update(events_told=room.events_told + rows + 1)
    _multiply(DeliveryAttempt.objects.create(delivery=delivery, number=0), rows, number=NUMBER)
    event = Event.objects.create(
        account=acme.row.account, telnyx_id=str(uuid.uuid4()), occurred_at=now, payload={}
    )
    _multiply(event, rows, telnyx_id=_named(rows))


def _house(acme: Company, rows: int) -> None:
    first = f"first of {rows}"
    account = Account.objects.create(name=first)
    _multiply(account, rows, name=_named(rows))
    tenant = Tenant.objects.create(slug=f"first-of-{rows}", name=first, account=account)
    _multiply(tenant, rows, name=_named(rows), slug=_named(rows))
    provider = IdentityProvider.objects.create(tenant=tenant, issuer=first, audience="x", algorithm="HS256")
    _multiply(provider, rows, issuer=_named(rows))
    key = ApiKey.objects.create(tenant=acme.row, name=first, lookup=f"x{rows}", scopes=["rooms:read"])
    _multiply(key, rows, name=_named(rows), lookup=_named(rows))
    user = User.objects.create(tenant=acme.row, username=first, identity=first)
    _multiply(user, rows, username=_named(rows), identity=_named(rows))
