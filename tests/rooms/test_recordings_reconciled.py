"""Recordings that no webhook told of are found by asking. Nobody else's are touched."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from rooms import reconciling, rounds, vanishing
from rooms.models import AccountCheck, Deletion, Recording, Room, Session, Tally
from tests.asking import Json
from tests.cast import Company
from tests.rooms.films import Studio, row
from tests.rooms.test_reconciling import check, make_due
from tests.simulated import Simulator
from tests.tokens.passing import Time
from videobroker.telnyx import errors

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

    @pytest.mark.parametrize(
        "fault",
        [
            {"kind": "status", "status": 500},
            {"kind": "status", "status": 422},
            {"kind": "malformed"},
        ],
    )
    def test_one_that_telnyx_cannot_show_keeps_nobody_from_the_others(
        self, studio: Studio, fault: Json, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken, other = (studio.filming(identity) for identity in ("ana", "bo"))
        Session.objects.update(ended_at=timezone.now() - timedelta(hours=25), confirmed_at=timezone.now())
        told = dict(fault)
        struck = studio.simulator.fault(told.pop("kind"), VIEW, match={"path": str(broken.telnyx_id)}, **told)
        check(studio.gathering.company)
        assert row(str(other.telnyx_id)).ended_at is not None
        assert row(str(broken.telnyx_id)).ended_at is None
        assert AccountCheck.objects.get().stock_due_at is not None
        assert "footage_not_shown" in caplog.text
        studio.simulator.control("DELETE", f"faults/{struck}")
        check(studio.gathering.company)
        assert row(str(broken.telnyx_id)).ended_at is not None

    @pytest.mark.parametrize(
        "fault",
        [
            {"kind": "status", "status": 401},
            {"kind": "status", "status": 403},
            {"kind": "rate_limit"},
            {"kind": "reset"},
        ],
    )
    def test_but_what_concerns_the_account_ends_the_turn(self, studio: Studio, fault: Json) -> None:
        for identity in ("ana", "bo"):
            studio.filming(identity)
        Session.objects.update(ended_at=timezone.now() - timedelta(hours=25), confirmed_at=timezone.now())
        told = dict(fault)
        studio.simulator.fault(told.pop("kind"), VIEW, **told)
        with pytest.raises(errors.TelnyxError):
            check(studio.gathering.company)
        assert len(studio.simulator.calls(VIEW)) == 1


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
        long_ago = timezone.now() - timedelta(hours=hours_ago)
        Deletion.objects.update(cause="ordered", answer="204 to DELETE", done_at=long_ago)
        check(acme)
        assert row(str(film.telnyx_id)).state == "deleted"
        assert ("deleted_footage_is_there" in caplog.text) is shouted
