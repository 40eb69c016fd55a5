"""The front page: what goes on, what was used by day, and for operators each tenant beside the others."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from rooms.admin.usage import Used, usage_of
from rooms.models import Operation, Participant, Room, Session
from tests.admin.filling import fill
from tests.cast import Company

NOON = datetime(2030, 5, 20, 12, tzinfo=timezone.now().tzinfo)


def stay(room: Room, came: datetime, lasts: timedelta | None, session: Session | None = None) -> Session:
    """Somebody was in for so long (None: is still), in a session of their own or in this one."""
    session = session or Session.objects.create(
        tenant=room.tenant, room=room, telnyx_id=uuid4(), started_at=came, seen_at=came
    )
    Participant.objects.create(
        tenant=room.tenant, room=room, session=session, telnyx_id=uuid4(), joined_at=came, seen_at=came,
        left_at=came + lasts if lasts else None,
    )  # fmt: skip
    return session


def figures(browser: Client) -> dict[str, Any]:
    return {figure.label: figure for figure in browser.get("/admin/").context["figures"]}


class TestUsage:
    def test_minutes_go_to_the_days_on_which_they_were_spent(self, demo: Room) -> None:
        session = stay(demo, NOON - timedelta(hours=13), timedelta(hours=2))
        stay(demo, NOON - timedelta(hours=1), timedelta(minutes=10), session)
        usage = usage_of([demo.tenant_id], NOON)
        assert usage.on(date(2030, 5, 19)) == Used(sessions=1, minutes=60)
        assert usage.on(date(2030, 5, 20)) == Used(sessions=0, minutes=70)
        assert usage.whole == Used(sessions=1, minutes=130)

    def test_who_is_still_in_counts_up_to_now(self, demo: Room) -> None:
        stay(demo, NOON - timedelta(minutes=30), None)
        assert usage_of([demo.tenant_id], NOON).whole == Used(sessions=1, minutes=30)

    def test_who_never_left_a_session_that_ended_counts_up_to_its_end(self, demo: Room) -> None:
        session = stay(demo, NOON - timedelta(minutes=30), None)
        Session.objects.filter(pk=session.pk).update(ended_at=NOON - timedelta(minutes=10))
        assert usage_of([demo.tenant_id], NOON).whole.minutes == 20

    def test_what_is_longer_ago_is_left_out(self, demo: Room) -> None:
        stay(demo, NOON - timedelta(days=14), timedelta(hours=1))
        usage = usage_of([demo.tenant_id], NOON)
        assert usage.whole == Used()
        assert len(usage.days) == 14

    def test_each_tenant_has_its_own(self, demo: Room, globex: Company) -> None:
        theirs = fill(globex, "theirs").room
        stay(demo, NOON - timedelta(hours=1), timedelta(minutes=20))
        stay(theirs, NOON - timedelta(hours=2), timedelta(minutes=40))
        usage = usage_of([demo.tenant_id, theirs.tenant_id], NOON)
        assert (usage.of(demo.tenant_id).minutes, usage.of(theirs.tenant_id).minutes) == (20, 40)
        assert usage_of([demo.tenant_id], NOON).whole.minutes == 20


class TestTheFrontPage:
    def test_a_moderator_sees_the_tenants_days_and_nobody_elses(
        self, ana: Client, demo: Room, globex: Company
    ) -> None:
        now = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(hours=12)
        stay(demo, now, timedelta(minutes=7))
        stay(fill(globex, "theirs").room, now, timedelta(minutes=1234))
        body = ana.get("/admin/").content.decode()
        assert "7 participant-minutes" in body
        assert "1234" not in body
        assert "By tenant" not in body

    def test_it_counts_who_is_in_now(self, ana: Client, acme: Company, demo: Room) -> None:
        fill(acme, "mine", demo)
        fill(acme, "not-mine")
        found = figures(ana)
        assert found["people in rooms now"].value == 1
        assert found["sessions going on"].value == 1
        assert found["tokens minted today"].value == 1
        assert next(iter(found)) == "people in rooms now"

    def test_an_operator_sees_each_tenant_beside_the_others(
        self, olga: Client, acme: Company, globex: Company
    ) -> None:
        fill(acme, "ours")
        fill(acme, "ours too")
        fill(globex, "theirs")
        shown = olga.get("/admin/").context["tenants"]
        rows = {
            tenant.slug: dict(zip(shown["labels"], found, strict=True)) for tenant, found in shown["rows"]
        }
        for label, ours, theirs in (
            ("people now", 2, 1),
            ("sessions in 14 days", 2, 1),
            ("tokens minted today", 2, 1),
            ("operations failed today", 4, 2),
        ):
            assert (rows["acme"][label], rows["globex"][label]) == (ours, theirs), label

    def test_days_without_anybody_say_what_would_be_here(self, ana: Client, demo: Room) -> None:
        assert "No session in these days." in ana.get("/admin/").content.decode()

    def test_what_failed_longer_ago_is_not_of_today(self, ana: Client, acme: Company, demo: Room) -> None:
        fill(acme, "mine", demo)
        Operation.objects.update(created_at=timezone.now() - timedelta(days=2))
        assert figures(ana)["operations failed today"].value == 0
