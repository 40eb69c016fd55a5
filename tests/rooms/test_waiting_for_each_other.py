"""Whoever changes many films at once, a hold, a retention, an order to delete, takes them in the same order: else two
of them would wait for each other, and the database would end one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from rooms import deleting, holding, retaining
from rooms.models import Deletion, Hold, Recording
from tests.cast import Company
from tests.rooms.ageing import purge, stocked
from tests.rooms.films import Studio
from tests.rooms.test_purging_races import at_once
from videobroker.tenants.callers import HOUSE

MEMBERS = {"ana": "moderator"}
pytestmark = pytest.mark.django_db(transaction=True)
FILMS = 400
ROUNDS = 8


def hold_and_lift(studio: Studio) -> None:
    room = studio.gathering.row
    placed = holding.place(HOUSE, room.tenant, {"room": room}, reason="a quarrel", holder="dee")
    holding.lift(HOUSE, Hold.objects.get(pk=placed.hold.pk), now=timezone.now())


def keep_longer(studio: Studio) -> None:
    with transaction.atomic():
        retaining.follow_room(studio.gathering.row, now=timezone.now())


def begin_to_delete(films: list[Recording]) -> None:
    some = list(Recording.objects.select_related("room").filter(pk__in=[film.pk for film in films]))
    deleting.begin_all(some, cause=Deletion.Cause.ORDERED, ordered_by="api_key:back end")


@pytest.mark.parametrize("change", [hold_and_lift, keep_longer])
def test_who_holds_or_keeps_longer_and_who_deletes_never_wait_for_each_other(
    studio: Studio, change: Any
) -> None:
    films = stocked(studio, FILMS, days_ago=3)
    for _ in range(ROUNDS):
        at_once(lambda: change(studio), lambda: begin_to_delete(films), lambda: change(studio))
        begun = Deletion.objects.all()
        assert Recording.objects.filter(state="deleting").count() == begun.count()
        begun.delete()
        Recording.objects.update(state="kept", held=False, expires_at=timezone.now() + timedelta(days=1))


def test_a_purge_that_the_database_ends_holds_up_no_other(
    acme: Company, globex: Company, studio: Studio
) -> None:
    stocked(studio, 2, days_ago=40)
    (film, _) = stocked(Studio.of(globex, studio.simulator, MEMBERS), 2, days_ago=40)

    def ends_acme(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        is_acmes = str(acme.row.pk).replace("-", "") in str(params).replace("-", "")
        if sql.startswith('INSERT INTO "rooms_deletion"') and is_acmes:
            raise OperationalError("deadlock detected")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(ends_acme):
        purge()
    assert set(Deletion.objects.values_list("tenant__slug", flat=True)) == {"globex"}
    purge()
    assert Deletion.objects.count() == 4
    film.refresh_from_db()
    assert film.state == "deleting"
