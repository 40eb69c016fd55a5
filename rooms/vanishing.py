"""Recordings and compositions that Telnyx has no more, though nobody here deleted them: written down, and told to who
watches. What is gone cannot be kept, by a hold neither; that it should have been is an alarm.

Telnyx may be wrong, or have been asked with another account's key. So what it lists again a while later is kept again,
or deleted after all if it was being deleted: else nobody could see it, and nobody would ever delete it.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from rooms import holding, retaining, waking
from rooms.models import Composition, Deletion, Footage, Recording, Tally
from videobroker.tenants import auditing
from videobroker.tenants.callers import HOUSE

log = structlog.get_logger(__name__)

# A list may be older than the answer that something is gone; after this long it is not.
LISTS_LAG: Final = timedelta(hours=1)


def note(footage: Recording | Composition) -> bool:
    """Telnyx has said, asked for this very id, that it does not have it: leave a tombstone with a receipt. Of a
    composition there may be another with its key: look first (`doubling.find_again`). False if that was known, or a
    deletion has begun, which finds out by itself."""
    model = type(footage)
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
            kind=model.kind,
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
            HOUSE, f"{model.kind}.vanished", tenant=footage.room.tenant, room_id=footage.room_id,
            subject_kind=model.kind, subject=footage.pk, details={"held": is_held},
        )  # fmt: skip
    Tally.add(Tally.Name.FOOTAGE_VANISHED)
    if is_held:
        log.error(
            "held_footage_vanished", kind=model.kind, footage=str(footage.pk), room=str(footage.room_id)
        )
    else:
        log.warning("footage_vanished", kind=model.kind, footage=str(footage.pk), room=str(footage.room_id))
    return True


def believe_list(footage: Recording | Composition, now: datetime) -> bool:
    """Telnyx lists what it had said that it did not have: what had vanished is kept again, what was being deleted here
    goes on being deleted. False for what Telnyx said that it had deleted, or did not have only just now."""
    vanished = _unproven(footage, now).filter(cause=Deletion.Cause.VANISHED)
    return _keep_again(footage, vanished) or _delete_after_all(footage, now)


def keep_another(composition: Composition, telnyx_id: str) -> bool:
    """Telnyx has a film of its order under this other id: the composition is that one, and kept again, if it had
    vanished. False if it had not."""
    vanished = Deletion.objects.filter(footage_id=composition.pk, cause=Deletion.Cause.VANISHED)
    return _keep_again(composition, vanished, telnyx_id=telnyx_id)


def _keep_again(footage: Recording | Composition, vanished: QuerySet[Deletion], **changes: str) -> bool:
    """Under the holds there are now, and without the receipt, which is one of `vanished`."""
    model = type(footage)
    tenant = footage.room.tenant
    with transaction.atomic():
        holding.take_turn(tenant)
        if not vanished.delete()[0]:
            return False
        rows = model._default_manager.filter(pk=footage.pk)
        rows.filter(state=Footage.State.DELETED).update(state=Footage.State.KEPT, **changes)
        rows.filter(holding.covering(model)).update(held=True)
        auditing.record(
            HOUSE, f"{footage.kind}.reappeared", tenant=tenant, room_id=footage.room_id,
            subject_kind=footage.kind, subject=footage.pk,
        )  # fmt: skip
    footage.refresh_from_db(fields=["state", "held", "telnyx_id"])
    log.warning("footage_reappeared", kind=footage.kind, footage=str(footage.pk), room=str(footage.room_id))
    return True


def _delete_after_all(footage: Recording | Composition, now: datetime) -> bool:
    """Take up its deletion again. That was begun when no hold covered the film, and as with any other that has begun,
    holds placed since are too late for it. It is looked at anew before anything is sent."""
    with transaction.atomic():
        again = {"state": Deletion.State.PENDING, "due_at": Now(), "done_at": None, "answer": ""}
        if not _unproven(footage, now).exclude(cause=Deletion.Cause.VANISHED).update(**again):
            return False
        rows = type(footage)._default_manager.filter(pk=footage.pk)
        rows.filter(state=Footage.State.DELETED).update(state=Footage.State.DELETING)
        kind = str(footage._meta.model_name)
        auditing.record(
            HOUSE, "deletion.reopened", tenant=footage.room.tenant, room_id=footage.room_id,
            subject_kind=kind, subject=footage.pk,
        )  # fmt: skip
        transaction.on_commit(waking.wake_for_deletions)
    footage.refresh_from_db(fields=["state"])
    log.warning("deletion_reopened", kind=kind, footage=str(footage.pk), room=str(footage.room_id))
    return True


def _unproven(footage: Recording | Composition, now: datetime) -> QuerySet[Deletion]:
    """Its receipt, if that rests on an answer that lists are newer than."""
    return Deletion.objects.unproven().filter(footage_id=footage.pk, done_at__lt=now - LISTS_LAG)
