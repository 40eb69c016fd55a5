"""Once a day all that is kept is counted at Telnyx: what it has no more is noted, and what it has after all is kept
again. Nobody else's is touched."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from rooms import counting, holding, reconciling, rounds, stocktaking, vanishing
from rooms.models import AccountCheck, Composition, Deletion, Recording, Tally
from tests.cast import Company
from tests.rooms.compositions import CuttingRoom, cutting_room
from tests.rooms.films import Studio, row
from tests.rooms.test_reconciling import check
from tests.simulated import Simulator
from videobroker.telnyx import errors
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.lines import line_of
from videobroker.tenants.models import AuditEntry

__all__ = ["cutting_room"]
LIST, VIEW = "list_room_recordings", "view_room_recording"


def vanished_a_while_ago(film: Recording | Composition) -> None:
    """Telnyx said two hours ago that it did not have it."""
    assert vanishing.note(film)
    Deletion.objects.update(done_at=timezone.now() - timedelta(hours=2))


class TestTheDailyCount:
    def test_what_had_vanished_and_is_there_after_all_is_kept_again(
        self, acme: Company, studio: Studio, caplog: pytest.LogCaptureFixture
    ) -> None:
        film = studio.recorded("bo")
        vanished_a_while_ago(film)
        holding.place(HOUSE, acme.row, {"identity": "bo"}, reason="case 7", holder="legal")
        check(acme)
        film.refresh_from_db()
        assert (film.state, film.held) == ("kept", True)
        assert not Deletion.objects.exists()
        assert AuditEntry.objects.get(action="recording.reappeared").subject == str(film.pk)
        assert "footage_reappeared" in caplog.text
        assert acme.back_end.get(f"/v2/room_recordings/{film.pk}").data["held"] is True

    def test_but_not_by_a_list_that_may_be_older_than_the_answer(self, acme: Company, studio: Studio) -> None:
        film = studio.recorded("bo")
        vanishing.note(film)
        check(acme)
        assert row(str(film.telnyx_id)).state == "deleted"

    def test_and_so_is_a_composition(self, acme: Company, studio: Studio, cutting_room: CuttingRoom) -> None:
        film = cutting_room.completed()
        vanished_a_while_ago(film)
        check(acme)
        film.refresh_from_db()
        assert (film.state, Deletion.objects.count()) == ("kept", 0)

    def test_what_telnyx_has_no_more_leaves_a_tombstone_with_a_receipt(
        self, acme: Company, studio: Studio, caplog: pytest.LogCaptureFixture
    ) -> None:
        gone, kept = studio.recorded("bo"), studio.recorded("ana")
        studio.lost_at_telnyx(gone)
        check(acme)
        assert (row(str(gone.telnyx_id)).state, row(str(kept.telnyx_id)).state) == ("deleted", "kept")
        receipt = Deletion.objects.get()
        assert (receipt.cause, receipt.state, receipt.footage_id) == ("vanished", "done", gone.pk)
        assert (receipt.answer[:3], receipt.policy["held"], receipt.done_at is None) == ("404", False, False)
        assert Tally.objects.get(name="footage_vanished").value == 1
        assert AuditEntry.objects.get(action="recording.vanished").subject == str(gone.pk)
        assert "footage_vanished" in caplog.text
        assert acme.back_end.get(f"/v2/room_recordings/{gone.pk}").status == 404

    def test_a_held_one_is_an_alarm(
        self, acme: Company, studio: Studio, caplog: pytest.LogCaptureFixture
    ) -> None:
        film = studio.recorded("bo")
        holding.place(HOUSE, acme.row, {"identity": "bo"}, reason="case 7", holder="legal")
        studio.lost_at_telnyx(film)
        check(acme)
        assert Deletion.objects.get().policy["held"] is True
        [alarm] = [record for record in caplog.records if "held_footage_vanished" in record.getMessage()]
        assert alarm.levelname == "ERROR"

    def test_what_is_only_missing_from_the_list_is_there(
        self, acme: Company, studio: Studio, simulator: Simulator
    ) -> None:
        film = studio.recorded("bo")
        simulator.fault("mutate", LIST, field="data", value=[])
        check(acme)
        assert len(simulator.calls(VIEW)) == 1
        assert row(str(film.telnyx_id)).state == "kept"
        assert not Deletion.objects.exists()

    @pytest.mark.parametrize("status", [401, 403, 429, 500])
    def test_no_other_answer_than_not_found_is_believed(
        self, acme: Company, studio: Studio, simulator: Simulator, status: int
    ) -> None:
        film = studio.recorded("bo")
        studio.lost_at_telnyx(film)
        simulator.fault("status", VIEW, status=status)
        rounds.check_accounts(timezone.now())
        AccountCheck.objects.update(due_at=timezone.now())
        rounds.check_accounts(timezone.now() + timedelta(seconds=1))
        assert row(str(film.telnyx_id)).state == "kept"

    def test_one_that_telnyx_cannot_show_keeps_nobody_from_the_others(
        self, acme: Company, studio: Studio, simulator: Simulator
    ) -> None:
        films = [studio.recorded("bo") for _ in range(2)]
        for film in films:
            studio.lost_at_telnyx(film)
        simulator.fault("status", VIEW, times=1, status=500)
        check(acme)
        states = sorted(row(str(film.telnyx_id)).state for film in films)
        assert (states, AccountCheck.objects.get().stock_day) == (["deleted", "kept"], None)

    def test_it_is_made_once_a_day(self, acme: Company, studio: Studio) -> None:
        film = studio.recorded("bo")
        check(acme)
        studio.lost_at_telnyx(film)
        check(acme)
        assert row(str(film.telnyx_id)).state == "kept"
        reconciling.check_account(acme.row.account, now=timezone.now() + timedelta(hours=25))
        assert row(str(film.telnyx_id)).state == "deleted"

    def test_day_by_day_and_it_goes_on_where_it_stopped(
        self, acme: Company, studio: Studio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        days = [datetime(2026, 5, day, 12, tzinfo=UTC) for day in (1, 3, 9)]
        films = []
        for day in days:
            film = studio.recorded("bo")
            Recording.objects.filter(pk=film.pk).update(started_at=day)
            films.append(film)
            studio.lost_at_telnyx(film)
        line, account = line_of(acme.row.account), acme.row.account
        monkeypatch.setattr(counting, "CALLS_A_TURN", 2)
        list(counting.count(line, account, timezone.now()))
        assert [row(str(film.telnyx_id)).state for film in films] == ["deleted", "kept", "kept"]
        assert AccountCheck.objects.get().stock_day == days[1].date()
        studio.simulator.fault("reset", LIST, times=1)
        with pytest.raises(errors.ConnectionLost):
            list(counting.count(line, account, timezone.now()))
        for _ in range(2):
            list(counting.count(line, account, timezone.now()))
        assert {row(str(film.telnyx_id)).state for film in films} == {"deleted"}
        found = AccountCheck.objects.get()
        assert (found.stock_day, found.stock_due_at is None) == (None, False)
        asked = {call["query"]["filter[date_started_at][eq]"] for call in studio.simulator.calls(LIST)}
        assert asked == {str(day.date()) for day in days}

    def test_if_much_is_gone_it_pauses_for_somebody_to_look(
        self, acme: Company, studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(counting, "MOST_THAT_VANISH", 2)
        for _ in range(3):
            studio.lost_at_telnyx(studio.recorded("bo"))
        check(acme)
        assert Recording.objects.kept().count() == 1
        assert "much_footage_vanished" in caplog.text
        check(acme)
        assert Recording.objects.kept().count() == 0

    def test_one_whose_deletion_has_begun_is_left_to_it(self, acme: Company, studio: Studio) -> None:
        film = studio.recorded("bo")
        studio.lost_at_telnyx(film)
        Recording.objects.update(state="deleting")
        check(acme)
        assert row(str(film.telnyx_id)).state == "deleting"
        assert not Deletion.objects.exists()

    def test_compositions_are_counted_as_well(self, acme: Company, studio: Studio) -> None:
        film = Composition.objects.create(
            tenant=acme.row, room=studio.gathering.row, session=studio.gathering.session, telnyx_id=uuid.uuid4(),
            status="completed", completed_at=timezone.now(), ordered_by="api_key:1",
        )  # fmt: skip
        check(acme)
        film.refresh_from_db()
        assert film.state == "deleted"
        assert Deletion.objects.get().kind == "composition"


def test_pages_hold_no_more_than_a_page() -> None:
    found: list[Any] = list(stocktaking.pages(iter(range(stocktaking.PAGE_SIZE + 1))))
    assert [len(page) for page in found] == [stocktaking.PAGE_SIZE, 1]
