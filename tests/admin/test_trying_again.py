"""Orders about people that failed: told with the reason, and given again while they are still what was meant."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rooms.models import Operation
from tests.admin.forms import act_path
from tests.admin.meetings import Meeting, live_path
from tests.rooms.orders import settle
from videobroker.tenants.models import AuditEntry


class TestWhatFailed:
    @pytest.fixture
    def failed(self, ana: Client, meeting: Meeting) -> Operation:
        """Bo's kick, which Telnyx refused."""
        meeting.gathering.simulator.fault("status", "kick_participant_in_session", status=422, times=1)
        meeting.press(ana, "bo", "kick")
        settle()
        assert meeting.order().state == "failed"
        return meeting.order()

    def test_the_reason_is_told_and_it_can_be_tried_again(
        self, ana: Client, meeting: Meeting, failed: Operation
    ) -> None:
        page = meeting.page(ana)
        assert "failed" in page
        again = act_path("rooms_operation", failed, "again")
        assert again in page
        assert ana.post(again)["Location"] == live_path(meeting.room["id"])
        settle()
        assert meeting.present() == {"ana"}
        entry = AuditEntry.objects.get(action="operation.repeated")
        assert (entry.actor, entry.details["new"]) == ("ana", str(meeting.order().pk))

    def test_it_is_not_tried_again_when_everybody_it_was_about_has_left(
        self, ana: Client, meeting: Meeting, failed: Operation
    ) -> None:
        meeting.gathering.leaves(meeting.bo)
        meeting.gathering.hear()
        self.assert_not_offered(ana, meeting, failed)

    def test_a_kick_is_not_tried_again_a_quarter_of_an_hour_later(
        self, ana: Client, meeting: Meeting, failed: Operation
    ) -> None:
        self.make_older(failed, timedelta(minutes=15))
        self.assert_not_offered(ana, meeting, failed)

    @pytest.mark.parametrize("kind", ["mute", "unmute"])
    def test_a_mute_is_tried_again_within_a_minute_only(
        self, kind: str, ana: Client, meeting: Meeting, failed: Operation
    ) -> None:
        Operation.objects.filter(pk=failed.pk).update(kind=kind)
        assert act_path("rooms_operation", failed, "again") in meeting.page(ana)
        self.make_older(failed, timedelta(seconds=61))
        self.assert_not_offered(ana, meeting, failed)

    def test_an_order_for_all_is_given_again_with_whom_it_spared(
        self, ana: Client, meeting: Meeting, failed: Operation
    ) -> None:
        spared = meeting.gathering.ids(meeting.ana)
        arguments = {**failed.arguments, "everybody": True, "participants": [], "exclude": spared}
        Operation.objects.filter(pk=failed.pk).update(kind="mute", arguments=arguments)
        ana.post(act_path("rooms_operation", failed, "again"))
        settle()
        assert meeting.muted() == {"bo"}

    def make_older(self, failed: Operation, by: timedelta) -> None:
        Operation.objects.filter(pk=failed.pk).update(finished_at=timezone.now() - by)

    def assert_not_offered(self, ana: Client, meeting: Meeting, failed: Operation) -> None:
        again = act_path("rooms_operation", failed, "again")
        assert again not in meeting.page(ana)
        assert "no longer applies" in ana.post(again, follow=True).content.decode()
        assert not AuditEntry.objects.filter(action="operation.repeated").exists()
