"""Purging: what is due and free goes, and nothing else; never too much at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from structlog.testing import capture_logs

from rooms import holding, purging, retaining
from rooms.models import STUBBORN_AFTER, Composition, Deletion, Hold, PurgeRun, Recording
from tests.asking import Json
from tests.cast import Company
from tests.rooms.ageing import (
    LATER,
    assert_never_in_bulk,
    carry_out_due,
    carry_out_once,
    days_pass,
    deleted_at_telnyx,
    kept,
    purge,
    purge_all,
    receipt,
    run_of,
    stocked,
)
from tests.rooms.deletions import DELETE, composed
from tests.rooms.films import Studio
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_purges_are_free(settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 100


# --- What goes, and what stays ----------------------------------------------------------------------------


def test_what_is_due_goes_and_what_is_not_stays(studio: Studio) -> None:
    old, young, running = studio.recorded("bo"), studio.recorded("ana"), studio.filming("ana", "audio")
    days_pass(30.01, old)
    days_pass(29.9, young)
    purge_all()
    assert kept() == {young.pk, running.pk}
    assert deleted_at_telnyx(studio.simulator) == [str(old.telnyx_id)]
    told = receipt(old)
    assert (told.cause, told.ordered_by) == ("retention", "system:videobroker")
    assert (told.policy["by"], told.policy["days"]) == ("tenant", 30)
    run = run_of(studio.gathering.company)
    assert (run.state, run.stored, run.due, run.begun) == ("finished", 3, 1, 1)
    assert_never_in_bulk(studio.simulator)


def test_compositions_go_as_recordings_do(studio: Studio) -> None:
    old, held, young = (composed(studio) for _ in range(3))
    for composition, days in ((old, 31), (held, 31), (young, 29)):
        then = timezone.now() - timedelta(days=days)
        Composition.objects.filter(pk=composition.pk).update(
            status="completed", completed_at=then, expires_at=then + timedelta(days=30)
        )
    holding.place(HOUSE, studio.gathering.row.tenant, {"composition": held}, reason="a quarrel", holder="dee")
    purge_all()
    assert deleted_at_telnyx(studio.simulator) == [str(old.telnyx_id)]
    assert set(Composition.objects.filter(state="kept")) == {held, young}
    assert receipt(old).kind == "composition"


def test_a_hold_on_somebody_covers_the_compositions_that_show_them(studio: Studio) -> None:
    film, composition = studio.recorded("bo"), composed(studio)
    then = timezone.now() - timedelta(days=400)
    Composition.objects.update(status="completed", completed_at=then, expires_at=then)
    holding.place(HOUSE, studio.gathering.row.tenant, {"identity": "bo"}, reason="a quarrel", holder="dee")
    days_pass(400, film)
    purge_all()
    assert Composition.objects.get(pk=composition.pk).state == "kept"
    assert kept() == {film.pk}


def test_the_longest_expired_goes_first(studio: Studio) -> None:
    films = [studio.recorded("bo") for _ in range(3)]
    for days, film in zip((32, 34, 33), films, strict=True):
        days_pass(days, film)
    purge()
    begun = Deletion.objects.order_by("policy__expires_at").values_list("footage_id", flat=True)
    assert list(begun) == [films[1].pk, films[2].pk, films[0].pk]
    assert [each.pk for each in purging.due_of(studio.gathering.row.tenant, timezone.now())] == []


@pytest.mark.parametrize("covers", ["room", "identity", "recording"])
def test_what_is_held_stays_until_the_hold_is_lifted(studio: Studio, covers: str) -> None:
    film = studio.recorded("bo")
    row = studio.gathering.row
    subject: Json = {"room": row, "identity": "bo", "recording": film}
    placed = holding.place(
        HOUSE, row.tenant, {covers: subject[covers]}, reason="a quarrel", holder="dee's lawyer"
    )
    days_pass(400, film)
    purge_all()
    assert kept() == {film.pk}
    assert not PurgeRun.objects.exists()
    holding.lift(HOUSE, placed.hold, now=timezone.now())
    purge_all()
    assert kept() == set()


def test_a_hold_on_somebody_covers_what_was_recorded_after_it(studio: Studio) -> None:
    row = studio.gathering.row
    holding.place(HOUSE, row.tenant, {"identity": "bo"}, reason="a quarrel", holder="dee")
    film = studio.recorded("bo")
    Recording.objects.update(held=False)  # as if it had been recorded and attributed since
    days_pass(400, film)
    purge_all()
    assert kept() == {film.pk}


def test_each_tenant_has_its_own_retention_and_purge(studio: Studio, globex: Company) -> None:
    theirs = Studio.of(globex, studio.simulator, {"gus": "moderator"})
    globex.change(recording_retention_days=90)
    ours, foreign = studio.recorded("bo"), theirs.recorded("gus")
    days_pass(60)
    purge_all()
    assert kept() == {foreign.pk}
    assert deleted_at_telnyx(studio.simulator) == [str(ours.telnyx_id)]
    assert {run.tenant_id for run in PurgeRun.objects.all()} == {studio.gathering.company.row.pk}


def test_the_retention_of_a_suspended_tenant_goes_on(studio: Studio) -> None:
    film = studio.recorded("bo")
    days_pass(31)
    studio.gathering.company.change(status="suspended")
    purge_all()
    film.refresh_from_db()
    assert film.state == "deleted"


def test_so_does_that_of_a_deleted_room(studio: Studio) -> None:
    film = studio.recorded("bo")
    studio.over()
    assert studio.gathering.company.back_end.delete(f"/v2/rooms/{studio.room['id']}").status == 204
    days_pass(31)
    purge_all()
    film.refresh_from_db()
    assert film.state == "deleted"


def test_the_next_purge_begins_anew(studio: Studio) -> None:
    for _ in range(2):
        studio.recorded("bo")
        days_pass(31)
        purge_all()
        purge_all()
    assert [(run.state, run.due, run.begun) for run in PurgeRun.objects.all()] == [("finished", 1, 1)] * 2


def test_purges_are_forgotten_in_the_end_and_receipts_are_not(studio: Studio) -> None:
    stocked(studio, 2, days_ago=40)
    purge_all()
    now = timezone.now()
    assert purging.forget_old(now + purging.KEPT_FOR - timedelta(minutes=1)) == 0
    assert purging.forget_old(now + purging.KEPT_FOR + timedelta(minutes=1)) == 1
    assert not PurgeRun.objects.exists()
    assert Deletion.objects.filter(state="done", run=None).count() == 2


# --- What Telnyx will not delete --------------------------------------------------------------------------


def test_one_that_telnyx_refuses_for_ever_holds_up_nothing_that_expires_later(studio: Studio) -> None:
    refused = studio.recorded("bo")
    days_pass(31, refused)
    fault = studio.simulator.fault("status", DELETE, status=422)
    purge()
    Deletion.objects.update(attempts=STUBBORN_AFTER - 2)
    carry_out_once()
    purge()
    assert run_of(studio.gathering.company).state == "running"
    carry_out_once()
    purge()
    assert run_of(studio.gathering.company).state == "finished"

    studio.simulator.control("DELETE", f"faults/{fault}")
    later = studio.recorded("ana")
    days_pass(31, later)
    Deletion.objects.update(due_at=timezone.now() + timedelta(minutes=15))
    purge()
    carry_out_due()
    assert deleted_at_telnyx(studio.simulator) == [str(later.telnyx_id)]
    purge_all()
    assert receipt(refused).attempts == STUBBORN_AFTER + 1


def test_nor_does_it_take_the_place_of_another(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 1000
    stocked(studio, 201, days_ago=40)
    purge()
    purge()
    assert Deletion.objects.count() == purging.BEGUN_AT_ONCE
    Deletion.objects.filter(pk=Deletion.objects.all()[0].pk).update(attempts=STUBBORN_AFTER)
    purge()
    assert Deletion.objects.count() == purging.BEGUN_AT_ONCE + 1


def test_whoever_is_on_call_hears_once_of_what_is_refused_for_ever(studio: Studio) -> None:
    film = studio.recorded("bo")
    days_pass(31, film)
    studio.simulator.fault("status", DELETE, status=422)
    purge()
    Deletion.objects.update(attempts=STUBBORN_AFTER - 2)
    with capture_logs() as logs:
        for _ in range(4):
            carry_out_once()
    (alarm,) = [line for line in logs if line["event"] == "deletion_stubborn"]
    assert (alarm["log_level"], alarm["footage"]) == ("error", str(film.pk))
    assert "422" in alarm["error"]
    assert Deletion.objects.unfinished().get().attempts == STUBBORN_AFTER + 2


# --- A retention that changes -----------------------------------------------------------------------------


def test_a_room_that_keeps_longer_keeps_at_once(studio: Studio) -> None:
    film = studio.recorded("bo")
    days_pass(29.9)
    path = f"/v2/rooms/{studio.room['id']}"
    back_end = studio.gathering.company.back_end
    assert back_end.patch(path, {"recording_retention_days": 60}).status == 200
    days_pass(1)
    purge_all()
    assert kept() == {film.pk}
    days_pass(30)
    purge_all()
    assert kept() == set()


def test_a_room_that_keeps_for_less_can_be_put_right_for_a_day(studio: Studio) -> None:
    film = studio.recorded("bo")
    days_pass(20)
    path = f"/v2/rooms/{studio.room['id']}"
    back_end = studio.gathering.company.back_end
    assert back_end.patch(path, {"recording_retention_days": 1}).status == 200
    days_pass(0.99)
    purge_all()
    assert kept() == {film.pk}
    assert back_end.patch(path, {"recording_retention_days": None}).status == 200
    days_pass(1)
    purge_all()
    assert kept() == {film.pk}


def test_an_end_that_does_not_follow_the_retention_is_put_right_instead_of_believed(studio: Studio) -> None:
    film = studio.recorded("bo")
    days_pass(31)
    company = studio.gathering.company
    retaining.follow_tenants(timezone.now())
    company.change(recording_retention_days=365)
    now = timezone.now()
    PurgeRun.objects.create(tenant=company.row)
    purging.go_on(now)  # before anybody has followed the tenant
    assert kept() == {film.pk}
    film.refresh_from_db()
    assert film.expires_at is not None
    assert film.expires_at > now + timedelta(days=300)


# --- How much at once -------------------------------------------------------------------------------------


def test_what_a_purge_has_not_come_to_can_still_be_held(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 1000
    films = stocked(studio, 300, days_ago=40)
    purge()
    purge()
    assert Deletion.objects.count() == purging.BEGUN_AT_ONCE
    row = studio.gathering.row
    placed = holding.place(HOUSE, row.tenant, {"room": row}, reason="a quarrel", holder="dee")
    assert len(placed.too_late_for) == 200
    carry_out_once()
    purge_all()
    assert len(kept()) == 100
    assert Recording.objects.filter(held=True).count() == 100
    run = run_of(studio.gathering.company)
    assert (run.state, run.due, run.begun) == ("finished", 300, 200)
    assert len(films) == 300


def test_tenants_of_one_account_share_what_is_begun_at_once(
    studio: Studio, globex: Company, settings: Any
) -> None:
    settings.PURGE_FREE_COUNT = 1000
    theirs = Studio.of(globex, studio.simulator, {"ana": "moderator"})
    stocked(studio, 210, days_ago=40)
    stocked(theirs, 210, days_ago=40)
    globex.change(account=studio.gathering.company.row.account)
    for _ in range(3):
        purge()
    begun = {run.tenant.slug: run.begun for run in PurgeRun.objects.select_related("tenant")}
    assert begun == {"acme": purging.BEGUN_AT_ONCE // 2, "globex": purging.BEGUN_AT_ONCE // 2}


def test_too_large_a_share_waits_to_be_allowed(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 3
    stocked(studio, 5, days_ago=40)
    stocked(studio, 5, days_ago=2)
    with capture_logs() as logs:
        purge()
        purge()
    (alarm,) = [line for line in logs if line["event"] == "purge_stopped"]
    assert (alarm["log_level"], alarm["due"], alarm["stored"]) == ("error", 5, 10)
    run = run_of(studio.gathering.company)
    assert (run.state, run.due, run.begun) == ("stopped", 5, 0)
    assert "5 of 10" in run.why
    assert len(kept()) == 10

    assert purging.allow(run, by=HOUSE, now=timezone.now())
    assert not purging.allow(run, by=HOUSE, now=timezone.now())
    purge_all()
    assert len(kept()) == 5
    run.refresh_from_db()
    assert (run.state, run.allowed_by, run.begun) == ("finished", "system:videobroker", 5)
    assert AuditEntry.objects.get(action="purge.allowed").details == {"stored": 10, "due": 5}


def test_what_is_allowed_is_what_was_counted(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 3
    stocked(studio, 5, days_ago=40)
    purge()
    stocked(studio, 7, days_ago=39)
    assert purging.allow(run_of(studio.gathering.company), by=HOUSE, now=timezone.now())
    for _ in range(4):
        purging.go_on(timezone.now())
        carry_out_once()
    assert len(kept()) == 7
    assert [run.state for run in PurgeRun.objects.all()] == ["finished"]
    purge()
    assert run_of(studio.gathering.company).state == "stopped"


def test_nor_is_allowed_what_was_counted_after_somebody_looked(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 3
    stocked(studio, 5, days_ago=40)
    purge()
    looked_at = run_of(studio.gathering.company)
    stocked(studio, 7, days_ago=39)
    purge(timezone.now() + purging.LOOKED_AT_EVERY)
    assert not purging.allow(looked_at, by=HOUSE, now=timezone.now())
    purge()
    assert (len(kept()), run_of(studio.gathering.company).state) == (12, "stopped")


@pytest.mark.parametrize(("free", "share"), [(5, 0.1), (3, 0.5)])
def test_a_small_number_or_share_goes_without_asking(
    studio: Studio, settings: Any, free: int, share: float
) -> None:
    settings.PURGE_FREE_COUNT, settings.PURGE_MAX_SHARE = free, share
    stocked(studio, 5, days_ago=40)
    stocked(studio, 5, days_ago=2)
    purge_all()
    assert len(kept()) == 5


def test_a_mistake_that_is_put_right_ends_the_purge_that_was_stopped(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 3
    stocked(studio, 5, days_ago=40)
    purge()
    studio.gathering.company.change(recording_retention_days=300)
    PurgeRun.objects.update(checked_at=F("checked_at") - LATER)
    purge()
    assert run_of(studio.gathering.company).state == "finished"
    assert len(kept()) == 5


def test_held_ones_are_no_matter_for_the_share(studio: Studio, settings: Any) -> None:
    settings.PURGE_FREE_COUNT = 3
    films = stocked(studio, 6, days_ago=40)
    for film in films[:4]:
        Hold.objects.create(
            tenant_id=film.tenant_id, recording=film, reason="a quarrel", holder="dee", placed_by="x"
        )
    purge_all()
    assert kept() == {film.pk for film in films[:4]}
