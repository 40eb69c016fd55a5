"""A room's live page: who is in, and every button on it, through to the simulated Telnyx."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms.models import Ban, Member, Operation, Role, Session
from tests.admin.forms import act_path
from tests.admin.meetings import Meeting, live_path
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.rooms.orders import settle
from tests.tokens.doors import audited, enter, mint
from videobroker.tenants.models import AuditEntry, TenantStatus


class TestWhatIsShown:
    def test_who_is_in_since_when_as_what_and_whether_they_can_be_believed(
        self, ana: Client, meeting: Meeting
    ) -> None:
        page = meeting.page(ana)
        assert "<strong>2</strong> in now" in page
        assert "Ana" in page
        assert "moderator" in page
        assert "attributed" in page
        joined = meeting.gathering.person(meeting.bo).joined_at
        assert joined is not None
        assert f"{joined:%H:%M:%S}" in page

    def test_who_shows_no_context_is_flagged_with_the_reason(
        self, ana: Client, meeting: Meeting, acme: Company
    ) -> None:
        meeting.gathering.joins(enter(acme.person("bo"), meeting.room), context=None)
        meeting.gathering.hear()
        page = meeting.page(ana)
        assert "flagged" in page
        assert "not attributed: No context" in page
        assert "Somebody unknown" in page

    def test_a_quiet_room_says_what_would_be_here(self, ana: Client, gathering: Gathering) -> None:
        page = ana.get(live_path(gathering.room["id"])).content.decode()
        assert "Nobody is in." in page
        assert "Nothing was ordered here lately." in page

    def test_what_is_as_the_browser_has_it_is_not_sent_again(self, ana: Client, meeting: Meeting) -> None:
        path = live_path(meeting.room["id"], "live_now")
        first = ana.get(path)
        again = ana.get(path, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        meeting.gathering.leaves(meeting.bo)
        meeting.gathering.hear()
        after = ana.get(path, headers={"If-None-Match": first["ETag"]})
        assert after.status_code == 200
        assert after["ETag"] != first["ETag"]

    def test_it_is_linked_from_the_rooms_page_and_from_the_list(self, ana: Client, meeting: Meeting) -> None:
        path = live_path(meeting.room["id"])
        change = reverse("admin:rooms_room_change", args=[meeting.room["id"]])
        assert path in ana.get(change).content.decode()
        listed = ana.get(reverse("admin:rooms_room_changelist")).content.decode()
        assert f'href="{path}">2 in now</a>' in listed


class TestWhoMay:
    def test_another_tenants_moderator_finds_no_such_room(
        self, meeting: Meeting, sign_in_as: Callable[[str, Company], Client], globex: Company
    ) -> None:
        gus = sign_in_as("gus", globex)
        for name in ("live", "live_now", "days"):
            assert gus.get(live_path(meeting.room["id"], name)).status_code == 404
        for act in ("mute", "unmute", "kick", "ban"):
            person = meeting.gathering.person(meeting.bo)
            assert gus.post(act_path("rooms_participant", person, act)).status_code == 404
        for act in ("mute-all", "unmute-all", "kick-all", "end"):
            session = meeting.gathering.session
            assert gus.post(act_path("rooms_session", session, act)).status_code == 404
        assert not Operation.objects.filter(kind__in=Operation.URGENT).exists()

    def test_staff_who_do_not_moderate_the_room_are_refused(
        self, meeting: Meeting, sign_in_as: Callable[[str, Company], Client], acme: Company
    ) -> None:
        cy = sign_in_as("cy", acme)
        assert cy.get(live_path(meeting.room["id"])).status_code == 403
        assert cy.get(live_path(meeting.room["id"], "live_now")).status_code == 403
        assert cy.get(live_path(meeting.room["id"], "days")).status_code == 403
        assert (
            "in now"
            not in cy.get(reverse("admin:rooms_room_changelist")).content.decode().split("<tbody>")[1]
        )

    def test_whose_role_is_taken_away_decides_no_more(self, ana: Client, meeting: Meeting) -> None:
        Member.objects.filter(identity="ana").update(role=Role.PARTICIPANT)
        assert ana.get(live_path(meeting.room["id"], "live_now")).status_code == 403
        assert meeting.press(ana, "bo", "kick").status_code == 404
        assert not Operation.objects.filter(kind="kick").exists()

    def test_staff_of_a_suspended_tenant_see_no_buttons(
        self, ana: Client, meeting: Meeting, acme: Company
    ) -> None:
        acme.change(status=TenantStatus.SUSPENDED)
        assert 'class="act' not in meeting.page(ana)
        assert meeting.press(ana, "bo", "kick").status_code == 403

    def test_an_operator_decides_in_any_room(self, olga: Client, meeting: Meeting, acme: Company) -> None:
        meeting.press(olga, "bo", "mute")
        settle()
        assert meeting.muted() == {"bo"}
        entry = AuditEntry.objects.get(action="participants.muted")
        assert (entry.actor_kind, entry.actor, entry.tenant) == ("operator", "olga", acme.row)


class TestOrders:
    def test_each_button_asks_first_and_names_what_will_happen(self, ana: Client, meeting: Meeting) -> None:
        person = meeting.gathering.person(meeting.bo)
        for act in ("mute", "unmute", "kick", "ban"):
            assert "“Bo”" in ana.get(act_path("rooms_participant", person, act)).content.decode()
        for act in ("mute-all", "unmute-all", "kick-all", "end"):
            asked = ana.get(act_path("rooms_session", meeting.gathering.session, act)).content.decode()
            assert "“demo”" in asked
        assert not Operation.objects.filter(kind__in=Operation.URGENT).exists()

    def test_who_is_muted_is_shown_so_and_can_be_unmuted(self, ana: Client, meeting: Meeting) -> None:
        followed = meeting.press(ana, "bo", "mute")
        assert followed.redirect_chain[-1][0] == live_path(meeting.room["id"])
        assert "mute under way" in followed.content.decode()
        settle()
        assert meeting.muted() == {"bo"}
        done = meeting.order().finished_at
        assert done is not None
        page = meeting.page(ana)
        assert f"muted</span> by order at {done:%H:%M:%S} UTC" in page
        assert "Mute: Bo" in page
        assert f'id="unmute-{meeting.gathering.person(meeting.bo).pk}"' in page
        meeting.press(ana, "bo", "unmute")
        settle()
        assert meeting.muted() == set()
        assert "unmuted</span> by order" in meeting.page(ana)

    def test_who_is_kicked_is_out_and_the_audit_tells(self, ana: Client, meeting: Meeting) -> None:
        meeting.press(ana, "bo", "kick")
        settle()
        meeting.gathering.hear()
        assert meeting.present() == {"ana"}
        assert "<strong>1</strong> in now" in meeting.page(ana)
        assert audited(meeting.room, "participants.kicked")[0][0] == "ana"
        assert not Ban.objects.exists()

    def test_who_is_kicked_and_banned_gets_no_token(
        self, ana: Client, meeting: Meeting, acme: Company
    ) -> None:
        meeting.press(ana, "bo", "ban", lasting="3600", reason="shouting")
        settle()
        assert meeting.present() == {"ana"}
        ban = Ban.objects.get()
        assert (ban.identity, ban.reason, ban.created_by) == ("bo", "shouting", "identity:ana")
        assert ban.until is not None
        assert timedelta(minutes=59) < ban.until - timezone.now() <= timedelta(hours=1)
        assert mint(acme.person("bo"), meeting.room).refusal == (403, "banned")

    @pytest.mark.parametrize(
        ("terms", "field"),
        [
            ({"lasting": "until"}, "until"),
            ({"lasting": "until", "until": "2020-01-01T10:00"}, "until"),
            ({"lasting": "7"}, "lasting"),
            ({"lasting": "3600", "reason": "x" * 501}, "reason"),
        ],
    )
    def test_a_ban_without_sense_is_refused_at_the_field(
        self, terms: dict[str, str], field: str, ana: Client, meeting: Meeting
    ) -> None:
        answer = meeting.press(ana, "bo", "ban", **terms)
        assert field in answer.context["form"].errors
        assert not Ban.objects.exists()
        assert not Operation.objects.filter(kind="kick").exists()

    def test_a_ban_may_last_until_it_is_lifted_or_until_a_time(self, ana: Client, meeting: Meeting) -> None:
        until = timezone.now().replace(second=0, microsecond=0) + timedelta(days=2)
        meeting.press(ana, "bo", "ban", lasting="until", until=f"{until:%Y-%m-%dT%H:%M}")
        meeting.press(ana, "ana", "ban", lasting="")
        assert {ban.identity: ban.until for ban in Ban.objects.all()} == {"bo": until, "ana": None}

    def test_everybody_but_moderators_is_muted(self, ana: Client, meeting: Meeting) -> None:
        meeting.press_for_all(ana, "mute-all", spare_moderators="on")
        settle()
        assert meeting.muted() == {"bo"}
        assert "everybody but 1" in meeting.page(ana)
        assert meeting.page(ana).count("muted</span> by order") == 1

    def test_everybody_is_muted_unmuted_and_put_out(self, ana: Client, meeting: Meeting) -> None:
        meeting.press_for_all(ana, "mute-all")
        settle()
        assert meeting.muted() == {"ana", "bo"}
        meeting.press_for_all(ana, "unmute-all")
        settle()
        assert meeting.muted() == set()
        meeting.press_for_all(ana, "kick-all")
        settle()
        assert meeting.present() == set()

    def test_a_session_is_ended(self, ana: Client, meeting: Meeting) -> None:
        meeting.press_for_all(ana, "end")
        settle()
        meeting.gathering.hear()
        assert not Session.objects.live().exists()
        assert "Nobody is in." in meeting.page(ana)
        assert audited(meeting.room, "session.ended")[0][0] == "ana"

    def test_a_room_is_locked_from_here_and_one_is_back_here(self, ana: Client, meeting: Meeting) -> None:
        path = reverse("admin:rooms_room_lock", args=[meeting.room["id"]])
        assert f"{path}?from=live" in meeting.page(ana)
        answer = ana.post(f"{path}?from=live")
        assert answer["Location"] == live_path(meeting.room["id"])
        assert "locked" in meeting.page(ana)

    def test_who_has_left_meanwhile_is_told_so(self, ana: Client, meeting: Meeting) -> None:
        meeting.gathering.leaves(meeting.bo)
        meeting.gathering.hear()
        assert "no longer applies" in meeting.press(ana, "bo", "kick").content.decode()
        assert not Operation.objects.filter(kind="kick").exists()

    def test_what_the_house_ordered_by_itself_is_told_as_its_own(
        self, ana: Client, meeting: Meeting, acme: Company
    ) -> None:
        acme.back_end.post(f"/v2/rooms/{meeting.room['id']}/bans", {"identity": "bo"})
        assert "by the house" in meeting.page(ana)
