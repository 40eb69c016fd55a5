"""Recordings in the console: who finds them, what may be done with them, and what is said of how long they are kept."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import requests
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms.models import Deletion, Hold, Member, Recording, Role, Room
from tests.admin.filling import fill
from tests.admin.forms import act_path, change_path
from tests.cast import Company
from tests.rooms.ageing import carry_out_once, days_pass
from tests.rooms.films import Studio, studio
from tests.rooms.test_deleted_meanwhile import begins, when_first_found
from tests.scenes import remembered
from tests.simulated import Simulator
from tests.tokens.doors import audited
from videobroker.tenants.models import AuditEntry, TenantStatus

__all__ = ["studio"]
LIST = "admin:rooms_recording_changelist"


@pytest.fixture
@remembered
def film(studio: Studio) -> Recording:
    """A complete recording of bo, in a room that ana moderates."""
    return studio.recorded("bo", duration_secs=125, size_mb=12.5)


def press(browser: Client, film: Recording, act: str, **form: str) -> str:
    """Press a button of the recording and say yes; what the page says that follows."""
    answer = browser.post(act_path("rooms_recording", film, act), form, follow=True)
    return str(answer.content.decode())


def page(browser: Client, film: Recording) -> str:
    return str(browser.get(change_path("rooms_recording", film)).content.decode())


def buttons(browser: Client, film: Recording) -> set[str]:
    acts = browser.get(change_path("rooms_recording", film)).context["acts"]
    return {button["act"].name for button in acts}


def found(browser: Client, **query: str) -> set[str]:
    rows = browser.get(reverse(LIST), query).context["cl"].result_list
    return {str(row.pk) for row in rows}


class TestWhoFindsThem:
    def test_a_moderator_sees_whose_it_is_how_long_and_until_when_it_is_kept(
        self, ana: Client, film: Recording
    ) -> None:
        assert found(ana) == {str(film.pk)}
        body = page(ana, film)
        for told in ("bo", "2 min 5 s", "12.5 MB", "30 days, by its tenant", "complete", "Who was in when"):
            assert told in body, told
        assert f"{film.expires_at:%Y-%m-%d}" in body

    def test_staff_who_do_not_moderate_the_room_find_nothing(
        self, film: Recording, acme: Company, sign_in_as: Callable[[str, Company], Client]
    ) -> None:
        bo = sign_in_as("bo", acme)
        assert found(bo) == set()
        assert bo.get(change_path("rooms_recording", film)).status_code == 302
        assert bo.post(act_path("rooms_recording", film, "discard")).status_code == 404

    def test_a_moderator_whose_role_is_taken_away_is_shut_out_at_once(
        self, ana: Client, film: Recording
    ) -> None:
        Member.objects.filter(room=film.room, identity="ana").update(role=Role.PARTICIPANT)
        assert found(ana) == set()
        assert ana.post(act_path("rooms_recording", film, "discard")).status_code == 404

    def test_of_a_deleted_room_only_operators_are_left(
        self, ana: Client, olga: Client, film: Recording
    ) -> None:
        Room.objects.filter(pk=film.room_id).update(deleted_at=timezone.now())
        assert found(ana) == set()
        assert found(olga) == {str(film.pk)}
        assert "discard" in buttons(olga, film)

    def test_an_operator_finds_every_tenants(self, olga: Client, film: Recording, globex: Company) -> None:
        theirs = fill(globex, "theirs").films.recording
        assert found(olga) == {str(film.pk), str(theirs.pk)}

    def test_it_is_found_by_person_room_and_id(self, ana: Client, studio: Studio, film: Recording) -> None:
        other = studio.recorded("ana")
        assert found(ana, q="bo") == {str(film.pk)}
        assert found(ana, q=str(film.pk)) == {str(film.pk)}
        assert found(ana, q=str(film.room)) == {str(film.pk), str(other.pk)}

    def test_lists_are_narrowed_by_state_type_hold_and_retention(
        self, ana: Client, studio: Studio, film: Recording
    ) -> None:
        voice = studio.recorded("bo", "audio")
        press(ana, voice, "hold", reason="case 7")
        gone = studio.recorded("ana")
        press(ana, gone, "discard")
        days_pass(29.5, film)
        ids = {"film": str(film.pk), "voice": str(voice.pk), "gone": str(gone.pk)}
        for query, expected in (
            ({}, {"film", "voice"}),
            ({"state": "deleting"}, {"gone"}),
            ({"state": "all"}, {"film", "voice", "gone"}),
            ({"type__exact": "audio"}, {"voice"}),
            ({"held": "yes"}, {"voice"}),
            ({"held": "no"}, {"film"}),
            ({"ends": "day"}, {"film"}),
            ({"ends": "due"}, set()),
        ):
            assert found(ana, **query) == {ids[each] for each in expected}, query

    def test_a_list_linked_from_the_room_or_session_has_what_is_there(
        self, ana: Client, film: Recording
    ) -> None:
        assert found(ana, room__exact=str(film.room_id)) == {str(film.pk)}
        assert found(ana, session__id__exact=str(film.session_id)) == {str(film.pk)}
        assert found(ana, participant__id__exact=str(film.participant_id)) == {str(film.pk)}


class TestTheFile:
    def path(self, film: Recording) -> str:
        return reverse("admin:rooms_recording_download", args=[film.pk])

    @pytest.mark.parametrize("who", ["ana", "olga"])
    def test_a_fresh_link_that_opens_it_and_stands_on_no_page(
        self, who: str, ana: Client, olga: Client, film: Recording, studio: Studio
    ) -> None:
        browser = {"ana": ana, "olga": olga}[who]
        assert f'href="{self.path(film)}" target="_blank"' in page(browser, film)
        answer = browser.get(self.path(film))
        assert (answer.status_code, answer.content) == (302, b"")
        assert "no-store" in answer["Cache-Control"]
        assert requests.get(answer["Location"], timeout=10).status_code == 200
        assert answer["Location"] not in page(browser, film)
        assert audited(studio.room, "recording.downloaded") == [(who, str(film.pk), "")]

    def test_asking_for_the_headers_alone_takes_no_file(
        self, ana: Client, film: Recording, studio: Studio
    ) -> None:
        answer = ana.head(self.path(film))
        assert (answer.status_code, "Location" in answer) == (405, False)
        assert audited(studio.room, "recording.downloaded") == []

    def test_who_reaches_for_it_without_the_right_is_seen_reaching(
        self, film: Recording, acme: Company, studio: Studio, sign_in_as: Callable[[str, Company], Client]
    ) -> None:
        assert sign_in_as("bo", acme).get(self.path(film)).status_code == 404
        assert audited(studio.room, "recording.downloaded") == [("bo", str(film.pk), "not_found")]

    def test_there_is_none_while_it_is_recorded(self, ana: Client, studio: Studio) -> None:
        film = studio.filming("bo")
        assert "Download" not in page(ana, film)
        assert "There is no file to hand out" in ana.get(self.path(film), follow=True).content.decode()

    def test_telnyx_being_away_is_said(self, ana: Client, film: Recording, simulator: Simulator) -> None:
        simulator.fault("status", "view_room_recording", status=503)
        assert "There is no file to hand out" in ana.get(self.path(film), follow=True).content.decode()

    def test_none_for_the_staff_of_a_suspended_tenant(
        self, ana: Client, film: Recording, acme: Company
    ) -> None:
        acme.change(status=TenantStatus.SUSPENDED)
        assert "Download" not in page(ana, film)
        assert ana.get(self.path(film)).status_code == 403


class TestDeleting:
    def test_it_is_asked_then_gone_at_telnyx_with_a_receipt(
        self, ana: Client, film: Recording, studio: Studio
    ) -> None:
        question = ana.get(act_path("rooms_recording", film, "discard")).content.decode()
        assert "This cannot be taken back" in question
        assert studio.is_at_telnyx(film)
        assert "is being deleted" in press(ana, film, "discard")
        assert acme_lists(studio) == []
        carry_out_once()
        assert not studio.is_at_telnyx(film)
        receipt = Deletion.objects.get(footage_id=film.pk)
        assert (receipt.state, receipt.cause, receipt.ordered_by) == ("done", "ordered", "identity:ana")
        assert change_path("rooms_deletion", receipt) in page(ana, film)
        assert receipt.answer in ana.get(change_path("rooms_deletion", receipt)).content.decode()
        assert audited(studio.room, "recording.deleted") == [("ana", str(film.pk), "")]

    def test_what_is_held_has_no_such_button_and_pressing_it_does_nothing(
        self, ana: Client, olga: Client, film: Recording
    ) -> None:
        press(ana, film, "hold", reason="case 7")
        for browser in (ana, olga):
            assert "discard" not in buttons(browser, film)
            assert "no longer applies" in press(browser, film, "discard")
        assert not Deletion.objects.exists()

    def test_what_is_going_has_no_buttons_any_more(self, ana: Client, olga: Client, film: Recording) -> None:
        press(ana, film, "discard")
        for browser in (ana, olga):
            assert buttons(browser, film) == set()
            for act in ("hold", "discard"):
                assert "no longer applies" in press(browser, film, act)
        assert Deletion.objects.count() == 1

    def test_the_staff_of_a_suspended_tenant_delete_nothing(
        self, ana: Client, film: Recording, acme: Company
    ) -> None:
        acme.change(status=TenantStatus.SUSPENDED)
        assert ana.post(act_path("rooms_recording", film, "discard")).status_code == 403


@pytest.mark.parametrize("page", ["recording", "composition", "hold", "deletion", "purgerun", "erasure"])
def test_nothing_of_it_is_changed_or_deleted_by_hand(
    page: str, olga: Client, acme: Company, demo: Room
) -> None:
    filled = fill(acme, "ours", demo)
    (row,) = (row for row in filled.everything if row._meta.model_name == page)
    values = {"state": "kept", "held": "", "expires_at": "", "lifted_at": ""}
    assert olga.post(change_path(f"rooms_{page}", row), values).status_code == 403
    assert olga.post(reverse(f"admin:rooms_{page}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    if page not in {"hold", "erasure"}:
        assert olga.get(reverse(f"admin:rooms_{page}_add")).status_code == 403


class TestKeeping:
    def test_a_moderator_holds_and_an_operator_lifts(
        self, ana: Client, olga: Client, film: Recording
    ) -> None:
        press(ana, film, "hold", reason="case 7", holder="Legal")
        hold = Hold.objects.get(recording=film)
        assert (hold.reason, hold.holder, hold.placed_by) == ("case 7", "Legal", "identity:ana")
        body = page(ana, film)
        assert "case 7" in body
        assert "Legal answers for it" in body
        assert act_path("rooms_hold", hold, "lift") not in body
        assert ana.post(act_path("rooms_hold", hold, "lift")).status_code == 403
        assert act_path("rooms_hold", hold, "lift") in page(olga, film)
        olga.post(act_path("rooms_hold", hold, "lift"))
        hold.refresh_from_db()
        assert hold.lifted_by == "operator:olga"
        assert "discard" in buttons(ana, film)

    def test_whoever_holds_without_a_name_answers_for_it(self, ana: Client, film: Recording) -> None:
        press(ana, film, "hold", reason="case 7")
        assert Hold.objects.get().holder == "identity:ana"

    def test_a_hold_needs_a_reason(self, ana: Client, film: Recording) -> None:
        assert "This field is required" in press(ana, film, "hold", reason="")
        assert not Hold.objects.exists()

    def test_an_operator_keeps_it_until_a_time_of_its_own_and_lets_go(
        self, olga: Client, film: Recording
    ) -> None:
        until = timezone.now().replace(second=0, microsecond=0) + timedelta(days=300)
        press(olga, film, "retain", until=f"{until:%Y-%m-%dT%H:%M}")
        film.refresh_from_db()
        assert (film.retain_until, film.expires_at) == (until, until)
        assert "a time of its own" in page(olga, film)
        press(olga, film, "retain", until="")
        film.refresh_from_db()
        assert film.retain_until is None
        assert "30 days, by its tenant" in page(olga, film)
        entries = AuditEntry.objects.filter(action="recording.retained", actor="olga", tenant=film.tenant_id)
        assert entries.count() == 2

    def test_what_is_deleted_meanwhile_is_not_said_to_be_kept(self, olga: Client, film: Recording) -> None:
        with when_first_found(film, begins):
            told = press(olga, film, "retain", until="2040-01-01T00:00")
        assert "Its deletion has begun" in told
        film.refresh_from_db()
        assert (film.state, film.retain_until) == ("deleting", None)

    def test_less_than_a_day_is_refused(self, olga: Client, film: Recording) -> None:
        soon = timezone.now() + timedelta(hours=3)
        assert "at least a day" in press(olga, film, "retain", until=f"{soon:%Y-%m-%dT%H:%M}")
        film.refresh_from_db()
        assert film.retain_until is None

    def test_a_time_of_its_own_is_not_a_moderators_to_give(self, ana: Client, film: Recording) -> None:
        assert "retain" not in buttons(ana, film)
        assert ana.post(act_path("rooms_recording", film, "retain"), {"until": ""}).status_code == 403

    def test_what_is_over_but_held_says_so(self, ana: Client, film: Recording) -> None:
        days_pass(40, film)
        assert "due" in page(ana, film)
        press(ana, film, "hold", reason="case 7")
        assert "over, but held" in page(ana, film)


def acme_lists(studio: Studio) -> list[str]:
    """What acme's back end still finds of the room."""
    answer = studio.gathering.company.back_end.get(f"/v2/room_recordings?filter[room_id]={studio.room['id']}")
    return [each["id"] for each in answer.data]
