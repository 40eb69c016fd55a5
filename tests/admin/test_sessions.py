"""Sessions, participants and events in the console: looked at, linked, and changed by nobody."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms.admin.days import days_of
from rooms.admin.timeline import Span, lasting
from rooms.models import Event, Participant, Room, Session, TelnyxRoom
from tests.admin.filling import Filled, fill
from tests.admin.forms import act_path, change_path
from tests.cast import Company


@pytest.fixture
def filled(acme: Company, demo: Room) -> Filled:
    return fill(acme, "ours", demo)


def body(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def path_to(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


class TestSessions:
    def test_a_session_shows_who_was_in_when(self, ana: Client, filled: Filled) -> None:
        start = timezone.now() - timedelta(hours=2)
        Session.objects.update(started_at=start, ended_at=start + timedelta(hours=1))
        Participant.objects.update(
            joined_at=start + timedelta(minutes=15), left_at=start + timedelta(minutes=45)
        )
        Participant.objects.create(
            tenant=filled.room.tenant, room=filled.room, session=filled.session, telnyx_id=uuid4(), joined_at=start,
            display_name="Until the end",
        )  # fmt: skip
        shown = ana.get(change_path("rooms_session", filled.session))
        stays = {str(stay.person): stay for stay in shown.context["stays"]}
        assert (stays["ours in"].lasted, stays["Until the end"].lasted) == ("30 min 0 s", "1 h 0 min")
        assert (stays["ours in"].bar.left, stays["ours in"].bar.width) == (25.0, 50.0)
        assert "ours left" in shown.content.decode()

    def test_its_page_links_what_belongs_to_it(self, ana: Client, olga: Client, filled: Filled) -> None:
        page = body(ana, change_path("rooms_session", filled.session))
        people = f"{path_to('rooms_participant_changelist')}?session__id__exact={filled.session.pk}"
        assert path_to("rooms_room_live", filled.room.pk) in page
        assert change_path("rooms_participant", filled.participant) in page
        assert people in page
        assert ana.get(people).context["cl"].result_count == 1
        events = f"{path_to('rooms_event_changelist')}?session={filled.session.pk}"
        assert events not in page
        assert events in body(olga, change_path("rooms_session", filled.session))

    def test_sessions_are_filtered_by_whether_they_go_on(self, ana: Client, filled: Filled) -> None:
        over = Session.objects.create(
            tenant=filled.room.tenant, room=filled.room, telnyx_id=uuid4(), ended_at=timezone.now()
        )
        for state, session in (("live", filled.session), ("over", over)):
            listed = ana.get(path_to("rooms_session_changelist"), {"state": state}).context["cl"].result_list
            assert list(listed) == [session]

    def test_a_session_that_is_over_can_be_composed_and_has_no_other_buttons(
        self, ana: Client, filled: Filled
    ) -> None:
        Session.objects.update(ended_at=timezone.now())
        acts = ana.get(change_path("rooms_session", filled.session)).context["acts"]
        assert [button["act"].name for button in acts] == ["compose"]
        assert ana.get(change_path("rooms_participant", filled.participant)).context["acts"] == []

    def test_nothing_of_what_telnyx_tells_is_changed_by_hand(self, olga: Client, filled: Filled) -> None:
        for page, row in (
            ("rooms_session", filled.session),
            ("rooms_participant", filled.participant),
            ("rooms_event", filled.event),
        ):
            assert olga.get(path_to(f"{page}_add")).status_code == 403
            assert olga.post(change_path(page, row), {"ended_at": "", "state": "applied"}).status_code == 403
            assert olga.post(path_to(f"{page}_delete", row.pk), {"post": "yes"}).status_code == 403

    def test_the_history_of_a_session_tells_what_was_ordered_in_it(self, ana: Client, filled: Filled) -> None:
        ana.post(act_path("rooms_participant", filled.participant, "mute"))
        for page, row in (("rooms_session", filled.session), ("rooms_participant", filled.participant)):
            assert "participants.muted" in body(ana, path_to(f"{page}_history", row.pk))


class TestDays:
    NOON = datetime(2030, 5, 20, 12, tzinfo=timezone.now().tzinfo)

    def test_a_session_is_drawn_on_each_day_that_it_touches(self, acme: Company, demo: Room) -> None:
        over_midnight = self.session(demo, self.NOON - timedelta(hours=15), timedelta(hours=6))
        today, yesterday, *before = days_of([over_midnight], self.NOON)
        assert [(part.bar.left, part.bar.width) for part in yesterday.parts] == [(87.5, 12.5)]
        assert [(part.bar.left, part.bar.width) for part in today.parts] == [(0.0, 12.5)]
        assert not any(day.parts for day in before)

    def test_the_page_lists_them_in_words_too(self, ana: Client, demo: Room) -> None:
        start = timezone.now() - timedelta(days=2)
        session = self.session(demo, start, timedelta(minutes=20))
        page = body(ana, path_to("rooms_room_days", demo.pk))
        assert change_path("rooms_session", session) in page
        assert "20 min 0 s" in page

    def test_a_room_that_nobody_used_says_what_would_be_here(self, ana: Client, demo: Room) -> None:
        assert "Nobody was in during the last fortnight." in body(ana, path_to("rooms_room_days", demo.pk))

    @staticmethod
    def session(room: Room, start: datetime, lasts: timedelta) -> Session:
        return Session.objects.create(
            tenant=room.tenant, room=room, telnyx_id=uuid4(), started_at=start, seen_at=start, ended_at=start + lasts
        )  # fmt: skip


class TestParticipants:
    def test_one_links_their_session_their_room_and_their_grant(self, ana: Client, filled: Filled) -> None:
        page = body(ana, change_path("rooms_participant", filled.participant))
        for target in (
            change_path("rooms_session", filled.session),
            change_path("rooms_room", filled.room),
            change_path("tokens_grant", filled.grant),
        ):
            assert target in page

    def test_they_are_filtered_by_whether_they_are_in(self, ana: Client, filled: Filled) -> None:
        listing = path_to("rooms_participant_changelist")
        assert ana.get(listing, {"presence": "in"}).context["cl"].result_count == 1
        assert ana.get(listing, {"presence": "gone"}).context["cl"].result_count == 0
        Participant.objects.update(left_at=timezone.now())
        assert ana.get(listing, {"presence": "in"}).context["cl"].result_count == 0

    def test_somebody_nobody_can_name_cannot_be_banned_by_name(self, ana: Client, filled: Filled) -> None:
        Participant.objects.update(identity=None, attribution="missing")
        acts = ana.get(change_path("rooms_participant", filled.participant)).context["acts"]
        assert [each["act"].name for each in acts] == ["mute", "unmute", "kick"]

    def test_an_order_links_whom_it_is_about(self, ana: Client, filled: Filled) -> None:
        page = body(ana, change_path("rooms_operation", filled.kick))
        assert change_path("rooms_participant", filled.participant) in page
        assert change_path("rooms_session", filled.session) in page


class TestEvents:
    def test_the_payload_is_shown_without_what_opens_something(self, olga: Client, filled: Filled) -> None:
        payload = {
            "recording": {"download_url": "https://x.example/a?sig=SECRET1", "kind": "audio"},
            "tokens": [{"client_token": "SECRET2", "api_key": "SECRET3"}],
            "status": "completed",
        }
        Event.objects.update(payload=payload)
        page = body(olga, change_path("rooms_event", filled.event))
        assert "SECRET" not in page
        assert "completed" in page
        assert "audio" in page

    def test_it_links_what_it_is_about(self, olga: Client, filled: Filled) -> None:
        there = uuid4()
        TelnyxRoom.objects.create(account=filled.room.account, room=filled.room, telnyx_id=there)
        Event.objects.update(
            payload={
                "room_id": str(there),
                "session_id": str(filled.session.telnyx_id),
                "participant_id": str(filled.participant.telnyx_id),
            }
        )
        page = body(olga, change_path("rooms_event", filled.event))
        for target in (
            change_path("rooms_room", filled.room),
            change_path("rooms_session", filled.session),
            change_path("rooms_participant", filled.participant),
        ):
            assert f'href="{target}"' in page

    @pytest.mark.parametrize("payload", [{}, {"session_id": None}, {"session_id": "no id", "room_id": 7}])
    def test_one_about_nothing_of_ours_is_shown_all_the_same(
        self, payload: dict[str, object], olga: Client, filled: Filled
    ) -> None:
        Event.objects.update(payload=payload)
        body(olga, change_path("rooms_event", filled.event))

    def test_those_of_one_session_are_found(self, olga: Client, filled: Filled, acme: Company) -> None:
        fill(acme, "others")
        listed = olga.get(path_to("rooms_event_changelist"), {"session": str(filled.session.pk)})
        assert list(listed.context["cl"].result_list) == [filled.event]
        for nothing in (str(uuid4()), "no id"):
            listed = olga.get(path_to("rooms_event_changelist"), {"session": nothing})
            assert listed.context["cl"].result_count == 0

    def test_they_are_no_business_of_a_tenants_staff(self, ana: Client, filled: Filled) -> None:
        assert ana.get(path_to("rooms_event_changelist")).status_code == 403
        assert ana.get(change_path("rooms_event", filled.event)).status_code in {302, 403}


def test_a_bar_is_never_outside_of_its_line() -> None:
    start = timezone.now()
    span = Span(start, start + timedelta(hours=4))
    bar = span.bar(start - timedelta(hours=1), start + timedelta(hours=9))
    assert (bar.left, bar.width) == (0.0, 100.0)
    assert span.bar(start, start).width > 0


@pytest.mark.parametrize(
    ("secs", "words"),
    [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3600, "1 h 0 min"), (90000, "25 h 0 min")],
)
def test_how_long_something_lasted_is_said_in_two_units(secs: int, words: str) -> None:
    assert lasting(timedelta(seconds=secs)) == words
