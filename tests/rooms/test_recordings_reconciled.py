"""Recordings that no webhook told of are found by asking, and what Telnyx has no more is noted. Nobody else's are
touched."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from rooms import counting, holding, reconciling, rounds, stocktaking, vanishing
from rooms.models import AccountCheck, Composition, Deletion, Recording, Room, Session, Tally
from tests.asking import Json
from tests.cast import Company
from tests.rooms.compositions import CuttingRoom, cutting_room
from tests.rooms.films import Studio, row
from tests.rooms.test_reconciling import check, make_due
from tests.simulated import Simulator
from tests.tokens.passing import Time
from videobroker.telnyx import errors
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.lines import line_of
from videobroker.tenants.models import AuditEntry

__all__ = ["cutting_room"]
LIST, VIEW = "list_room_recordings", "view_room_recording"


def told_drift() -> int:
    return sum(Tally.objects.filter(name="drift_healed").values_list("value", flat=True))


class TestWhereSomebodyIsRecorded:
    """Every webhook about recordings was dropped."""

    def test_what_goes_on_is_found_with_all_that_telnyx_says(self, studio: Studio) -> None:
        telnyx_id = studio.starts("bo", "audio")
        assert studio.gathering.asks() == 1
        film = row(telnyx_id)
        assert (film.type, film.status, film.participant.identity) == ("audio", "processing", "bo")
        studio.completes(telnyx_id, duration_secs=12, size_mb=0.5)
        assert studio.gathering.asks() == 1
        film = row(telnyx_id)
        assert (film.status, film.duration_secs, film.size_mb, film.codec) == ("completed", 12, 0.5, "opus")
        assert film.ended_at is not None
        assert film.expires_at is not None
        assert told_drift() == 2

    def test_it_takes_a_minute_at_most(self, studio: Studio, time: Time) -> None:
        telnyx_id = studio.starts("bo")
        time.passes(60)
        reconciling.reconcile_due(timezone.now())
        studio.completes(telnyx_id)
        time.passes(60)
        reconciling.reconcile_due(timezone.now())
        assert row(telnyx_id).status == "completed"

    def test_asking_again_writes_nothing(self, studio: Studio) -> None:
        studio.recorded("bo")
        studio.filming("ana")
        studio.gathering.asks()
        before = list(Recording.objects.order_by("pk").values())
        assert studio.gathering.asks() == 0
        assert list(Recording.objects.order_by("pk").values()) == before

    def test_a_room_that_does_not_record_is_not_asked(self, acme: Company, simulator: Simulator) -> None:
        quiet = Studio.of(acme, simulator)
        Room.objects.update(enable_recording=False)
        quiet.gathering.asks()
        assert simulator.calls(LIST) == []

    def test_but_it_is_once_something_of_it_is_known(self, studio: Studio) -> None:
        film = studio.filming("bo")
        Room.objects.update(enable_recording=False)
        studio.completes(str(film.telnyx_id))
        studio.gathering.asks()
        assert row(str(film.telnyx_id)).status == "completed"

    def test_a_list_of_others_sessions_is_not_believed(self, studio: Studio, simulator: Simulator) -> None:
        studio.starts("bo")
        simulator.fault("mutate", LIST, field="data.0.session_id", value=str(uuid.uuid4()))
        with pytest.raises(errors.GarbledAnswer):
            studio.gathering.asks()
        assert not Recording.objects.exists()

    @pytest.mark.parametrize("strange", ["smell", ""])
    def test_one_that_makes_no_sense_does_not_keep_others_from_being_known(
        self, studio: Studio, simulator: Simulator, strange: str
    ) -> None:
        studio.starts("bo")
        studio.starts("ana")
        simulator.fault("mutate", LIST, field="data.0.type", value=strange or "x" * 99)
        studio.gathering.asks()
        assert Recording.objects.count() == 1

    @pytest.mark.parametrize(
        "fault", [{"kind": "status", "status": 500}, {"kind": "reset"}, {"kind": "truncate_json"}]
    )
    def test_while_telnyx_does_not_answer_nothing_changes_and_its_turn_comes(
        self, studio: Studio, fault: Json
    ) -> None:
        studio.filming("bo")
        told = dict(fault)
        studio.simulator.fault(told.pop("kind"), LIST, **told)
        make_due(studio.room)
        assert reconciling.reconcile_due(timezone.now()) == 1
        assert Recording.objects.get().state == "kept"
        assert studio.gathering.row.reconcile_due_at is not None


class TestAfterTheSession:
    def ends_while_it_is_processed(self, studio: Studio) -> str:
        """Everybody left; Telnyx has ended the session and still works on bo's recording."""
        telnyx_id = str(studio.filming("bo").telnyx_id)
        studio.over()
        Recording.objects.update(status="processing", completed_at=None, expires_at=None)
        ended_at = timezone.now()
        studio.simulator.put_state(
            recordings=[{"id": telnyx_id, "status": "processing", "completed_at": None}]
        )
        Session.objects.update(ended_at=ended_at, confirmed_at=ended_at + timedelta(seconds=1))
        return telnyx_id

    def test_it_is_asked_until_all_is_complete(self, studio: Studio) -> None:
        telnyx_id = self.ends_while_it_is_processed(studio)
        for _ in range(2):
            make_due(studio.room)
            reconciling.reconcile_due(timezone.now())
            assert studio.gathering.row.reconcile_due_at is not None
        studio.completes(telnyx_id)
        make_due(studio.room)
        reconciling.reconcile_due(timezone.now())
        assert row(telnyx_id).status == "completed"
        make_due(studio.room)
        reconciling.reconcile_due(timezone.now())
        assert studio.gathering.row.reconcile_due_at is None

    def test_or_an_hour_has_passed(self, studio: Studio) -> None:
        self.ends_while_it_is_processed(studio)
        Session.objects.update(ended_at=timezone.now() - timedelta(minutes=61), confirmed_at=timezone.now())
        make_due(studio.room)
        reconciling.reconcile_due(timezone.now())
        assert studio.gathering.row.reconcile_due_at is None

    def test_one_that_is_never_completed_ends_with_its_session_after_a_day(self, studio: Studio) -> None:
        telnyx_id = self.ends_while_it_is_processed(studio)
        long_ago = timezone.now() - timedelta(hours=25)
        Session.objects.update(ended_at=long_ago, confirmed_at=timezone.now())
        check(studio.gathering.company)
        film = row(telnyx_id)
        assert (film.status, film.ended_at is None, film.expires_at is None) == ("processing", False, False)
        asked = len(studio.simulator.calls(VIEW))
        check(studio.gathering.company)
        assert len(studio.simulator.calls(VIEW)) == asked


class TestQuietRooms:
    def test_a_recording_nobody_told_of_is_found_with_the_account(
        self, acme: Company, studio: Studio
    ) -> None:
        studio.completes(studio.starts("bo"))
        Session.objects.all().delete()
        check(acme)
        film = Recording.objects.get()
        assert (film.status, film.participant.identity, film.room_id) == (
            "completed", "bo", studio.gathering.row.pk,
        )  # fmt: skip

    def test_within_a_quarter_of_an_hour(self, studio: Studio, time: Time) -> None:
        rounds.check_accounts(timezone.now())
        studio.completes(studio.starts("bo"))
        Room.objects.update(reconcile_due_at=None)
        time.passes(14 * 60)
        rounds.check_accounts(timezone.now())
        assert Recording.objects.get().status == "completed"

    def test_recordings_of_rooms_that_are_not_ours_are_not_taken_in(
        self, acme: Company, studio: Studio, simulator: Simulator
    ) -> None:
        theirs = simulator.create_room(key=acme.telnyx_key, enable_recording=True)
        minted = simulator.mint(theirs["id"], key=acme.telnyx_key)
        simulator.start_recording(simulator.join(minted["token"])["participant_id"])
        for _ in range(2):
            check(acme)
        assert not Recording.objects.exists()
        assert simulator.calls("delete_room_recording") == []

    def test_nor_those_of_another_account(self, acme: Company, globex: Company, studio: Studio) -> None:
        studio.starts("bo")
        check(globex)
        assert not Recording.objects.exists()

    @pytest.mark.parametrize(("hours_ago", "shouted"), [(0, False), (2, True)])
    def test_a_tombstone_that_telnyx_lists_again_stays_one_and_is_shouted_about_after_a_while(
        self, acme: Company, studio: Studio, caplog: pytest.LogCaptureFixture, hours_ago: int, shouted: bool
    ) -> None:
        film = studio.recorded("bo")
        studio.gathering.asks()
        vanishing.note(row(str(film.telnyx_id)))
        Deletion.objects.update(cause="ordered", done_at=timezone.now() - timedelta(hours=hours_ago))
        check(acme)
        assert row(str(film.telnyx_id)).state == "deleted"
        assert ("deleted_footage_is_there" in caplog.text) is shouted


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
