"""Films that grow old, in the rows alone: as if time had passed, while all clocks agree on what time it is."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from rooms import deleting, purging, retaining, shredding
from rooms.models import Composition, Deletion, Participant, PurgeRun, Recording, Room, TenantRetention
from tests.asking import Json
from tests.cast import Company
from tests.rooms.films import Studio
from tests.simulated import Simulator
from videobroker.tenants.models import Tenant

TIMES = ("started_at", "ended_at", "completed_at", "expires_at", "retain_until")
A_DAY = timedelta(days=1)
SHOT_FOR = timedelta(minutes=1)
SHOT: Json = {"codec": "vp8", "duration_secs": 60, "size_mb": 9.0}


def days_pass(days: float, *only: Recording | Composition) -> None:
    """Everything that is kept, or only this, is so much older."""
    for model in (Recording, Composition):
        rows: Any = model.objects.all()
        if only:
            rows = rows.filter(pk__in=[each.pk for each in only])
        rows.update(**{name: F(name) - days * A_DAY for name in TIMES})
    TenantRetention.objects.update(followed_at=F("followed_at") - days * A_DAY)


def stocked(studio: Studio, count: int, *, days_ago: float, of: str = "ana") -> list[Recording]:
    """So many complete recordings of one person in the studio, at Telnyx and here, put there all at once."""
    person = studio.person(of)
    then = timezone.now() - days_ago * A_DAY
    ids = [uuid.uuid4() for _ in range(count)]
    put_at_telnyx(studio.simulator, person, ids, then)
    rows = [
        Recording(
            tenant_id=person.tenant_id,
            room_id=person.room_id,
            session_id=person.session_id,
            participant=person,
            telnyx_id=telnyx_id,
            type="video",
            status="completed",
            **SHOT,
            started_at=then - SHOT_FOR,
            ended_at=then,
            completed_at=then,
            start_told=True,
            completion_told=True,
            expires_at=then + timedelta(days=retaining.days_of(studio.gathering.row)),
        )
        for telnyx_id in ids
    ]
    return Recording.objects.bulk_create(rows, batch_size=1000)


def put_at_telnyx(simulator: Simulator, person: Participant, ids: list[uuid.UUID], at: datetime) -> None:
    """Telnyx has complete recordings of this person under these ids."""
    telnyx_room_id = str(Room.objects.get(pk=person.room_id).telnyx_id)
    of = {
        "account_id": account_id_of(simulator, telnyx_room_id),
        "room_id": telnyx_room_id,
        "session_id": str(person.session.telnyx_id),
        "participant_id": str(person.telnyx_id),
        "type": "video",
        "status": "completed",
        **SHOT,
        **dict.fromkeys(("created_at", "started_at"), (at - SHOT_FOR).isoformat()),
        **dict.fromkeys(("ended_at", "completed_at", "updated_at"), at.isoformat()),
    }
    simulator.put_state(recordings=[{"id": str(each), **of} for each in ids])


def account_id_of(simulator: Simulator, telnyx_room_id: str) -> str:
    (found,) = (room for room in simulator.state()["rooms"] if room["id"] == telnyx_room_id)
    return str(found["account_id"])


# --- Purging by hand --------------------------------------------------------------------------------------


def purge(now: datetime | None = None, tenants: QuerySet[Tenant] | None = None) -> None:
    """Begin what is due, to these tenants or to all, and take each of their purges a step further."""
    now = now or timezone.now()
    retaining.follow_tenants(now)
    purging.begin_due(now, tenants=tenants)
    purging.go_on(now, tenants=tenants)


def carry_out_once(now: datetime | None = None) -> list[Any]:
    """Try everything once that is to be deleted, also what waits for its next try; what came of each."""
    Deletion.objects.filter(state="pending").update(due_at=Now())
    return carry_out_due(now)


def carry_out_due(now: datetime | None = None) -> list[Any]:
    """Try once what is due, all of it read beforehand; what came of each."""
    cases = shredding.cases_of(deleting.due().order_by("due_at"))
    return [deleting.carry_out(each, now=now or timezone.now()) for each in cases]


# After so long a purge compares the clocks again.
LATER = purging.LOOKED_AT_EVERY + timedelta(seconds=1)


def purge_all(rounds: int = 30) -> None:
    """Purge until nothing is left to do; fails if there is no end to it."""
    for _ in range(rounds):
        purge()
        carry_out_once()
        if not PurgeRun.objects.filter(state="running").exists() and not left() and not is_anything_due():
            return
    raise AssertionError(f"still to be deleted after {rounds} rounds: {left()}")


def is_anything_due(tenants: QuerySet[Tenant] | None = None) -> bool:
    """Whether a purge of these tenants, or of any, would begin now; not while one is stopped."""
    stopped = PurgeRun.objects.filter(state__in=["stopped", "refused"]).values("tenant")
    waiting = (Tenant.objects.all() if tenants is None else tenants).exclude(pk__in=stopped)
    now = timezone.now()
    return any(purging.due(model, now).filter(tenant__in=waiting).exists() for model in purging.MODELS)


def kept() -> set[Any]:
    """The recordings that no deletion has been begun of."""
    return set(Recording.objects.kept().values_list("pk", flat=True))


def run_of(company: Company) -> PurgeRun:
    """The tenant's latest purge."""
    return PurgeRun.objects.filter(tenant=company.row)[0]


def left() -> list[tuple[str, str]]:
    return list(Deletion.objects.filter(state__in=Deletion.UNFINISHED).values_list("state", "last_error"))


# --- What came of it --------------------------------------------------------------------------------------


def deleted_at_telnyx(simulator: Simulator) -> list[str]:
    """The recordings and compositions that Telnyx has deleted, in that order, as often as it did."""
    return [
        str(
            effect["ids"]["recording_id"]
            if "recording_id" in effect["ids"]
            else effect["ids"]["composition_id"]
        )
        for effect in simulator.effects()
        if effect["effect"] in ("recording.deleted", "composition.deleted")
    ]


def assert_never_in_bulk(simulator: Simulator) -> None:
    """Telnyx was never asked to delete by anything but an id."""
    assert simulator.calls("delete_room_recordings") == []
    assert all(call["path"].rstrip("/").split("/")[-1] != "room_recordings" for call in deletes(simulator))


def deletes(simulator: Simulator) -> list[dict[str, Any]]:
    return [call for call in simulator.calls() if call["method"] == "DELETE"]


def receipt(recording: Recording | Composition) -> Deletion:
    """The one receipt of a deletion that is done."""
    return Deletion.objects.get(footage_id=recording.pk, state="done")
