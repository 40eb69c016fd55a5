"""How long recordings and compositions are kept: as their room says, else as the tenant says, unless they were given a
time of their own.

The end is written on each row (`Footage.expires_at`), so that what is due is found by an index and can be seen. A
retention that becomes longer holds at once. One that becomes shorter holds after a day (`RETENTION_FLOOR`): nothing
expires sooner than that because of it, so a slip of the finger can be taken back. Nothing expires sooner than a day
after its end was first written either. Deleting asks again what the
retention is (`is_over`), so a change that was not followed yet can only keep more.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import models, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Value
from django.db.models.functions import Coalesce, Greatest, Least, Now

from rooms.models import RETENTION_FLOOR, Composition, Footage, Recording, Room, TenantRetention
from rooms.models.footage import FootageQuerySet
from videobroker.api.problems import conflict, invalid
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller
from videobroker.tenants.models import Tenant

log = structlog.get_logger(__name__)

AnyFootage = Recording | Composition

# Films whose ends are moved in one transaction, when a tenant's retention has changed.
MOVED_AT_ONCE: Final = 1000


def days_of(room: Room) -> int:
    """How many days what is recorded in the room is kept."""
    own = room.recording_retention_days
    return room.tenant.recording_retention_days if own is None else own


def begin(footage: AnyFootage) -> None:
    """Let the retention of something begin that is complete now; what has an end already keeps it.

    Nothing expires within a day (`RETENTION_FLOOR`) from when its end is first written, by the database's clock,
    however long ago it was complete: we may hear of it late, its retention may just have been shortened, and the clock
    that said since when it is complete may be behind.
    """
    kept_from = footage.kept_from_at
    if kept_from is None:
        return
    until = footage.retain_until or kept_from + timedelta(days=days_of(footage.room))
    not_before = Now() + RETENTION_FLOOR
    expires_at = Greatest(Value(until), not_before, output_field=DateTimeField())
    rows = type(footage)._default_manager.filter(pk=footage.pk)
    if rows.filter(expires_at=None).update(expires_at=expires_at):
        footage.expires_at = rows.values_list("expires_at", flat=True).get()


def is_over(footage: AnyFootage, now: datetime) -> bool:
    """Whether the retention is over at `now`, by the end that is written and by what the room and the tenant say."""
    if footage.expires_at is None or footage.expires_at > now:
        return False
    if footage.retain_until is not None:
        return footage.retain_until <= now
    kept_from = footage.kept_from_at
    return kept_from is not None and kept_from + timedelta(days=days_of(footage.room)) <= now


def policy_of(footage: AnyFootage) -> dict[str, Any]:
    """What says how long it is kept, for receipts and for people."""
    expires_at = footage.expires_at.isoformat() if footage.expires_at else None
    if footage.retain_until is not None:
        return {"by": "retain_until", "expires_at": expires_at}
    by = "tenant" if footage.room.recording_retention_days is None else "room"
    return {"by": by, "days": days_of(footage.room), "expires_at": expires_at}


def retain(caller: Caller, footage: AnyFootage, until: datetime | None, *, now: datetime) -> None:
    """Keep it until then, or with None as its room says. Raises `Problem`: 422 for a time less than a day from now, 409
    `deletion_begun` for what is being deleted, or gone, by now."""
    if until is not None and until < now + RETENTION_FLOOR:
        told = (
            "give a time at least a day from now: nothing expires sooner than that, so it can be taken back"
        )
        raise invalid(told, "/retain_until")
    with transaction.atomic():
        rows = type(footage)._default_manager.filter(pk=footage.pk, state=Footage.State.KEPT)
        if not rows.update(retain_until=until, updated_at=now):
            raise conflict("deletion_begun", "its deletion has begun and cannot be stopped any more")
        if until is not None:
            move(rows.exclude(expires_at=None), Value(until), now)
        else:
            move(rows.exclude(expires_at=None), _after(days_of(footage.room)), now)
        kind = "recording" if isinstance(footage, Recording) else "composition"
        auditing.record(
            caller, f"{kind}.retained", tenant=footage.room.tenant, room_id=footage.room_id,
            subject_kind=kind, subject=footage.pk, details={"until": until.isoformat() if until else None},
        )  # fmt: skip
    footage.refresh_from_db(fields=["retain_until", "expires_at", "updated_at"])


def follow_room(room: Room, *, now: datetime) -> None:
    """Have the ends of what was recorded in the room follow its retention, in the caller's transaction."""
    for model in (Recording, Composition):
        move(_under_policy(model).filter(room=room), _after(days_of(room)), now)


def follow_tenants(now: datetime) -> int:
    """Have the ends follow the retention of tenants that has changed, whoever changed it; how many tenants. Raises
    `DatabaseError`; what was moved until then stays moved, and the next time goes on."""
    known = TenantRetention.objects.filter(
        tenant=models.OuterRef("pk"), days=F("tenant__recording_retention_days")
    )
    changed = Tenant.objects.exclude(models.Exists(known))
    return sum(_follow_tenant(tenant, now) for tenant in changed)


def _follow_tenant(tenant: Tenant, now: datetime) -> int:
    days = tenant.recording_retention_days
    for model in (Recording, Composition):
        rows = _under_policy(model).filter(tenant=tenant, room__recording_retention_days=None)
        for some in _in_batches(rows):
            with transaction.atomic():
                move(some, _after(days), now)
    # Last, so that whoever is cut off begins again; by then most of it is where it should be.
    _, is_new = TenantRetention.objects.update_or_create(
        tenant=tenant, defaults={"days": days, "followed_at": now}
    )
    if not is_new:
        log.info("retention_followed", tenant=tenant.slug, days=days)
    return 1


def _in_batches(rows: FootageQuerySet[Any]) -> Iterator[FootageQuerySet[Any]]:
    """The rows, so many at a time: whoever would delete or hold one of very many waits for a few, not for all."""
    ordered = rows.order_by("pk").values_list("pk", flat=True)
    ids = list(ordered[:MOVED_AT_ONCE])
    while ids:
        yield rows.filter(pk__in=ids)
        ids = list(ordered.filter(pk__gt=ids[-1])[:MOVED_AT_ONCE])


def _under_policy(model: type[Recording] | type[Composition]) -> FootageQuerySet[Any]:
    return model.objects.filter(state=Footage.State.KEPT, retain_until=None).exclude(expires_at=None)


def _after(days: int) -> models.Expression:
    kept_from = Coalesce("completed_at", "ended_at")
    return ExpressionWrapper(kept_from + timedelta(days=days), output_field=DateTimeField())


def move(rows: FootageQuerySet[Any], end: models.Expression, now: datetime) -> None:
    """Let the rows expire at `end`: at once where that is later than it was; where it is earlier, not before a day from
    now, unless they expired before that already. Rows that have that end already are neither written nor locked. In the
    caller's transaction."""
    not_before = Least(F("expires_at"), Value(now + RETENTION_FLOOR), output_field=DateTimeField())
    becomes = Greatest(end, not_before, output_field=DateTimeField())
    others = rows.exclude(expires_at=None).alias(becomes=becomes).exclude(expires_at=F("becomes"))
    others.in_turn().update(expires_at=becomes)
