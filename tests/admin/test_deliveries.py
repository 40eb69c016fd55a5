"""Webhooks to tenants' back ends in the console: the operator's business, not a room's moderators'."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms.models import Delivery, DeliveryAttempt, Room
from tests.admin.forms import act_path, change_path
from videobroker.tenants.models import AuditEntry


@pytest.fixture
def failed(demo: Room) -> Delivery:
    """A delivery that was given up, after one try."""
    now = timezone.now()
    delivery = Delivery.objects.create(
        tenant=demo.tenant, room=demo, event_type="video.room.session.started", subject_id=uuid4(), sequence=1,
        occurred_at=now, payload={"sequence": 1}, state="failed", tries=1, attempt_count=1, last_status=500,
        last_error="answered 500", deadline_at=now, finished_at=now,
    )  # fmt: skip
    DeliveryAttempt.objects.create(
        delivery=delivery, number=1, url="http://back-end.example/hook", status=500, error="answered 500"
    )
    return delivery


def test_an_operator_sees_each_try_and_sends_it_again(olga: Client, demo: Room, failed: Delivery) -> None:
    body = olga.get(change_path("rooms_delivery", failed)).content.decode()
    assert "http://back-end.example/hook: answered 500" in body
    before = timezone.now()
    olga.post(act_path("rooms_delivery", failed, "replay"))
    failed.refresh_from_db()
    assert (failed.state, failed.tries, failed.sequence) == ("pending", 0, 1)
    assert failed.deadline_at > before + timedelta(hours=23)
    entry = AuditEntry.objects.get(action="webhooks.replayed")
    assert (entry.actor, entry.tenant) == ("olga", demo.tenant)


def test_one_that_is_being_sent_is_not_sent_again_beside_that(olga: Client, failed: Delivery) -> None:
    Delivery.objects.update(state="leased")
    olga.post(act_path("rooms_delivery", failed, "replay"))
    failed.refresh_from_db()
    assert failed.state == "leased"


def test_a_moderator_finds_none_of_them(ana: Client, failed: Delivery) -> None:
    assert ana.get(reverse("admin:rooms_delivery_changelist")).status_code == 403
    assert ana.post(act_path("rooms_delivery", failed, "replay")).status_code in {403, 404}
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_a_delivery_is_never_changed_by_hand(olga: Client, failed: Delivery) -> None:
    assert olga.post(change_path("rooms_delivery", failed), {"state": "delivered"}).status_code == 403
