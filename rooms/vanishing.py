"""Recordings and compositions that Telnyx has no more, though nobody here deleted them: written down, and told to who
watches. What is gone cannot be kept, by a hold neither; that it should have been is an alarm.

Telnyx may be wrong, or have been asked with another account's key. So what it lists again a while later is kept again:
else nobody could see it, and nobody would ever delete it.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models.functions import Now

from rooms import holding, retaining
from rooms.models import Composition, Deletion, Footage, Recording, Tally
from videobroker.tenants import auditing
from videobroker.tenants.callers import HOUSE

log = structlog.get_logger(__name__)

# A list may be older than the answer that something is gone; after this long it is not.
LISTS_LAG: Final = timedelta(hours=1)


def note(footage: Recording | Composition) -> bool:
    """Telnyx has said, asked for this very id, that it does not have it: leave a tombstone with a receipt. False if
    that was known, or a deletion has begun, which finds out by itself."""
    model = type(footage)
    kind = Deletion.Kind.RECORDING if model is Recording else Deletion.Kind.COMPOSITION
    with transaction.atomic():
        kept = model._default_manager.filter(pk=footage.pk, state=Footage.State.KEPT)
        if not kept.update(state=Footage.State.DELETED):
            return False
        is_held = bool(holding.held_among([footage]))
        Deletion.objects.create(
            tenant_id=footage.tenant_id,
            account_id=footage.room.account_id,
            room_id=footage.room_id,
            session_id=footage.session_id,
            kind=kind,
            footage_id=footage.pk,
            telnyx_id=footage.telnyx_id,
            cause=Deletion.Cause.VANISHED,
            policy={**retaining.policy_of(footage), "held": is_held},
            ordered_by=f"{HOUSE.kind}:{HOUSE.subject}",
            state=Deletion.State.DONE,
            done_at=Now(),
            due_at=None,
            answer="404: not found when looked for",
        )
        auditing.record(
            HOUSE, f"{kind}.vanished", tenant=footage.room.tenant, room_id=footage.room_id,
            subject_kind=kind, subject=footage.pk, details={"held": is_held},
        )  # fmt: skip
    Tally.add(Tally.Name.FOOTAGE_VANISHED)
    if is_held:
        log.error("held_footage_vanished", kind=kind, footage=str(footage.pk), room=str(footage.room_id))
    else:
        log.warning("footage_vanished", kind=kind, footage=str(footage.pk), room=str(footage.room_id))
    return True


def take_back(footage: Recording | Composition, now: datetime) -> bool:
    """Telnyx lists what had vanished: keep it again, under the holds there are now, and without the receipt. False for
    what was deleted here, or vanished only just now."""
    model = type(footage)
    vanished = Deletion.objects.filter(
        footage_id=footage.pk, cause=Deletion.Cause.VANISHED, done_at__lt=now - LISTS_LAG
    )
    tenant = footage.room.tenant
    with transaction.atomic():
        holding.take_turn(tenant)
        if not vanished.delete()[0]:
            return False
        rows = model._default_manager.filter(pk=footage.pk)
        rows.filter(state=Footage.State.DELETED).update(state=Footage.State.KEPT)
        rows.filter(holding.covering(model)).update(held=True)
        kind = footage._meta.model_name
        auditing.record(
            HOUSE, f"{kind}.reappeared", tenant=tenant, room_id=footage.room_id,
            subject_kind=str(kind), subject=footage.pk,
        )  # fmt: skip
    footage.refresh_from_db(fields=["state", "held"])
    log.warning("footage_reappeared", kind=kind, footage=str(footage.pk), room=str(footage.room_id))
    return True
