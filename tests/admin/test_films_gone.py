"""What has gone and what goes next: deletions, purges, erasures, and the alarms on the front page of the console."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms import erasing
from rooms.models import Deletion, Erasure, Hold, PurgeRun, Recording
from rooms.models.deletion import STUBBORN_AFTER
from tests.admin.filling import fill
from tests.admin.forms import act_path, change_path
from tests.asking import Json
from tests.cast import Company
from tests.rooms.ageing import carry_out_due, carry_out_once, days_pass, purge, purge_all, stocked
from tests.rooms.films import Studio, studio
from videobroker.tenants.models import AuditEntry

__all__ = ["studio"]
ERASE = "admin:rooms_erasure_add"


def figures(browser: Client) -> dict[str, Any]:
    return {figure.label: figure for figure in browser.get("/admin/").context["figures"]}


def rows(browser: Client, page: str, **query: str) -> list[Any]:
    return list(browser.get(reverse(f"admin:rooms_{page}_changelist"), query).context["cl"].result_list)


@pytest.fixture
def blocked(ana: Client, studio: Studio) -> Deletion:
    """The deletion of a recording that Telnyx has under another room, as it seemed."""
    ana.post(act_path("rooms_recording", studio.recorded("bo"), "discard"))
    Deletion.objects.update(state="blocked", last_error="it is of another room")
    return Deletion.objects.get()


class TestDeletions:
    def test_an_operator_has_a_blocked_one_tried_again(
        self, ana: Client, olga: Client, studio: Studio, blocked: Deletion
    ) -> None:
        for browser in (ana, olga):
            assert (
                "it is of another room"
                in browser.get(change_path("rooms_deletion", blocked)).content.decode()
            )
        assert ana.post(act_path("rooms_deletion", blocked, "unblock")).status_code == 403
        olga.post(act_path("rooms_deletion", blocked, "unblock"))
        carry_out_once()
        blocked.refresh_from_db()
        assert blocked.state == "done"
        assert studio.simulator.effects("recording.deleted")
        entry = AuditEntry.objects.get(action="deletion.unblocked")
        assert (entry.actor, entry.tenant) == ("olga", blocked.tenant)

    def test_one_that_is_not_blocked_has_no_such_button(self, olga: Client, blocked: Deletion) -> None:
        Deletion.objects.update(state="done")
        assert olga.get(change_path("rooms_deletion", blocked)).context["acts"] == []

    def test_moderators_find_receipts_of_their_rooms_alone(
        self, ana: Client, acme: Company, globex: Company, blocked: Deletion
    ) -> None:
        fill(acme, "others")
        fill(globex, "theirs")
        assert rows(ana, "deletion") == [blocked]
        assert rows(ana, "deletion", q=str(blocked.footage_id)) == [blocked]
        assert rows(ana, "deletion", q="theirs") == []

    def test_blocked_ones_come_first_on_the_front_page(self, olga: Client, blocked: Deletion) -> None:
        first = next(iter(figures(olga).values()))
        assert (first.label, first.value, first.tone) == ("deletions blocked", 1, "bad")

    def test_those_that_telnyx_fails_again_and_again_are_told_apart_and_listed(
        self, ana: Client, studio: Studio
    ) -> None:
        stubborn, new = (studio.recorded("bo") for _ in range(2))
        for film in (stubborn, new):
            ana.post(act_path("rooms_recording", film, "discard"))
        assert "deletions stubborn" not in figures(ana)
        Deletion.objects.filter(footage_id=stubborn.pk).update(attempts=STUBBORN_AFTER)
        figure = figures(ana)["deletions stubborn"]
        assert (figure.value, figure.tone) == (1, "bad")
        (listed,) = ana.get(figure.url).context["cl"].result_list
        assert listed.footage_id == stubborn.pk
        page = ana.get("/admin/rooms/deletion/").content.decode()
        assert [page.count(f"{state}</span>") for state in ("stubborn", "waiting")] == [1, 1]
        carry_out_due()
        assert "deletions stubborn" not in figures(ana)


class TestPurges:
    @pytest.fixture
    def stopped(self, studio: Studio, settings: Any) -> PurgeRun:
        """A purge of all that is stored."""
        settings.PURGE_FREE_COUNT = 1
        stocked(studio, 3, days_ago=40)
        purge()
        return PurgeRun.objects.get(state="stopped")

    def test_an_operator_lets_one_go_on_and_is_told_for_how_many(
        self, ana: Client, olga: Client, studio: Studio, stopped: PurgeRun
    ) -> None:
        question = olga.get(act_path("rooms_purgerun", stopped, "allow")).content.decode()
        assert "3 of the 3 recordings and compositions that “acme” has stored are deleted" in question
        assert Recording.objects.kept().count() == 3
        olga.post(act_path("rooms_purgerun", stopped, "allow"))
        purge_all()
        stopped.refresh_from_db()
        assert (stopped.state, stopped.begun, stopped.allowed_by) == ("finished", 3, "operator:olga")
        assert len(studio.simulator.effects("recording.deleted")) == 3
        body = ana.get(change_path("rooms_purgerun", stopped)).content.decode()
        assert "3 of 3" in body
        assert f"?run__id__exact={stopped.pk}" in body
        assert len(rows(ana, "deletion", run__id__exact=str(stopped.pk))) == 3
        assert AuditEntry.objects.get(action="purge.allowed").details == {"stored": 3, "due": 3}

    def test_nobody_lets_more_go_than_they_were_asked_about(
        self, olga: Client, studio: Studio, stopped: PurgeRun
    ) -> None:
        path = act_path("rooms_purgerun", stopped, "allow")
        asked = olga.get(path).context["question"]
        PurgeRun.objects.update(due=4, stored=4)
        answer = olga.post(path, {"question": asked})
        assert "Something has changed since you were asked" in answer.content.decode()
        assert "4 of the 4 recordings" in answer.context["question"]
        stopped.refresh_from_db()
        assert stopped.state == "stopped"
        olga.post(path, {"question": answer.context["question"]})
        stopped.refresh_from_db()
        assert stopped.state == "running"

    def test_staff_see_it_and_do_not_let_it_go_on(
        self, ana: Client, stopped: PurgeRun, acme: Company, sign_in_as: Callable[[str, Company], Client]
    ) -> None:
        for browser in (ana, sign_in_as("bo", acme)):
            assert rows(browser, "purgerun") == [stopped]
            assert browser.get(change_path("rooms_purgerun", stopped)).context["acts"] == []
            assert browser.post(act_path("rooms_purgerun", stopped, "allow")).status_code == 403

    @pytest.mark.parametrize("state", ["running", "refused", "finished"])
    def test_only_a_stopped_one_is_let_go_on(self, state: str, olga: Client, stopped: PurgeRun) -> None:
        PurgeRun.objects.update(state=state)
        answer = olga.post(act_path("rooms_purgerun", stopped, "allow"), follow=True)
        assert "no longer applies" in answer.content.decode()

    def test_stopped_and_refused_ones_are_alarms_at_the_top(
        self, ana: Client, olga: Client, stopped: PurgeRun, globex: Company
    ) -> None:
        PurgeRun.objects.create(tenant=globex.row, state="refused", why="clocks")
        assert next(iter(figures(ana).values())).label == "purges stopped, to be allowed"
        assert "purges refused, as clocks differ" not in figures(ana)
        shown = figures(olga)
        for label in ("purges stopped, to be allowed", "purges refused, as clocks differ"):
            assert (shown[label].value, shown[label].tone) == (1, "bad")
        assert {"purges stopped, to be allowed", "purges refused, as clocks differ"} == set(list(shown)[:2])

    def test_one_that_goes_on_shows_how_far_it_is(self, ana: Client, acme: Company) -> None:
        run = PurgeRun.objects.create(tenant=acme.row, due=4000, begun=1000, stored=9000)
        body = ana.get(change_path("rooms_purgerun", run)).content.decode()
        assert "1,000 of 4,000" in body
        assert "width: 25.0%" in body


class TestErasures:
    def order(self, browser: Client, company: Company, **more: str) -> Any:
        return browser.post(reverse(ERASE), {"tenant": str(company.row.pk), "identity": "bo", **more})

    def test_what_will_happen_is_said_and_asked_before_anybody_is_erased(
        self, olga: Client, acme: Company, studio: Studio
    ) -> None:
        film = studio.recorded("bo")
        question = self.order(olga, acme).content.decode()
        assert "This cannot be taken back" in question
        assert "recordings removed</th><td>1</td>" in question
        assert not Erasure.objects.exists()
        assert self.order(olga, acme, confirmed="yes").status_code == 302
        erasure = Erasure.objects.get()
        assert (erasure.tenant, erasure.identity, erasure.ordered_by) == (acme.row, "bo", "operator:olga")
        erasing.go_on(erasure.pk, now=timezone.now())
        carry_out_once()
        erasing.go_on(erasure.pk, now=timezone.now() + timedelta(hours=1))
        assert not studio.is_at_telnyx(film)
        body = olga.get(change_path("rooms_erasure", erasure)).content.decode()
        assert "finished" in body
        assert "1 recordings" in body
        assert rows(olga, "erasure", q="bo") == [erasure]
        assert rows(olga, "erasure", q="ana") == []

    def test_what_a_hold_keeps_is_said_before_and_after(
        self, olga: Client, acme: Company, studio: Studio
    ) -> None:
        film = studio.recorded("bo")
        olga.post(act_path("rooms_recording", film, "hold"), {"reason": "case 7"})
        assert "recordings kept by a hold" in self.order(olga, acme).content.decode()
        self.order(olga, acme, confirmed="yes")
        erasure = erasing.go_on(Erasure.objects.get().pk, now=timezone.now())
        assert erasure.state == "waiting"
        body = olga.get(change_path("rooms_erasure", erasure)).content.decode()
        assert "1 recordings" in body
        assert change_path("rooms_recording", film) in body
        assert figures(olga)["erasures waiting for a hold"].tone == "warn"

    def test_ordered_twice_it_is_one(self, olga: Client, acme: Company, studio: Studio) -> None:
        studio.recorded("bo")
        for _ in range(2):
            assert self.order(olga, acme, confirmed="yes").status_code == 302
        assert Erasure.objects.count() == 1

    @pytest.mark.parametrize("identity", ["", "erased:0123", "x" * 300])
    def test_who_cannot_be_is_not_erased(self, identity: str, olga: Client, acme: Company) -> None:
        answer = self.order(olga, acme, identity=identity)
        assert "identity" in answer.context["adminform"].form.errors
        assert not Erasure.objects.exists()

    def test_staff_have_no_part_in_it(self, ana: Client, acme: Company, studio: Studio) -> None:
        assert self.order(ana, acme, confirmed="yes").status_code == 403
        assert ana.get(reverse("admin:rooms_erasure_changelist")).status_code == 403
        assert ana.get(reverse("admin:rooms_erasure_export")).status_code == 403
        assert not Erasure.objects.exists()

    def test_what_is_kept_about_somebody_is_exported_and_audited(
        self, olga: Client, acme: Company, globex: Company, studio: Studio
    ) -> None:
        film = studio.recorded("bo")
        form = {"tenant": str(acme.row.pk), "identity": "bo"}
        answer = olga.post(reverse("admin:rooms_erasure_export"), form)
        assert answer["Content-Disposition"] == 'attachment; filename="personal-data.json"'
        told: Json = json.loads(b"".join(answer.streaming_content))["data"]
        (recording,) = told["recordings"]
        assert recording["id"] == str(film.pk)
        assert recording["download_url"] == f"http://testserver/v2/room_recordings/{film.pk}/download"
        entry = AuditEntry.objects.get(action="personal_data.exported")
        assert (entry.actor, entry.tenant, entry.subject) == ("olga", acme.row, "bo")


class TestTheFrontPage:
    def test_it_counts_what_is_stored_goes_and_is_held(
        self, ana: Client, olga: Client, studio: Studio, globex: Company
    ) -> None:
        _, going, held = (studio.recorded("bo") for _ in range(3))
        days_pass(29.5, going)
        ana.post(act_path("rooms_recording", held, "hold"), {"reason": "case 7"})
        fill(globex, "theirs")
        shown = figures(ana)
        for label, count in (
            ("recordings stored", 3),
            ("recordings that go within a day", 1),
            ("recordings held", 1),
            ("holds in force", 1),
            ("compositions stored", 0),
            ("deletions blocked", 0),
        ):
            assert shown[label].value == count, label
        for label, listed in (("recordings that go within a day", going), ("recordings held", held)):
            answer = ana.get(shown[label].url)
            assert [row.pk for row in answer.context["cl"].result_list] == [listed.pk], label
        assert figures(olga)["recordings stored"].value == 4

    def test_operators_have_the_tenants_side_by_side(
        self, olga: Client, studio: Studio, acme: Company, globex: Company
    ) -> None:
        studio.recorded("bo")
        fill(globex, "theirs")
        Hold.objects.all().delete()
        table = olga.get("/admin/").context["tenants"]
        told = {
            tenant.slug: dict(zip(table["labels"], found, strict=True)) for tenant, found in table["rows"]
        }
        assert (told["acme"]["recordings stored"], told["globex"]["recordings stored"]) == (1, 1)
        assert (told["acme"]["recordings held"], told["globex"]["recordings held"]) == (0, 1)
        assert told["acme"]["purges stopped or refused"] == 0
