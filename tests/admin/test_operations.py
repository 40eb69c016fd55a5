"""Operations, followed and ordered again through the console."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rooms import operations
from rooms.models import Operation, Room
from tests.admin.filling import fill
from tests.admin.forms import act_path, change_path
from tests.cast import Company
from tests.rooms.compositions import OURS, CuttingRoom
from tests.rooms.films import Studio
from tests.rooms.orders import settle
from tests.simulated import Simulator
from videobroker.tenants.models import AuditEntry


@pytest.fixture
def failed(demo: Room) -> Operation:
    """The order that should have made the demo room at Telnyx."""
    Operation.objects.filter(room=demo).update(
        state=Operation.State.FAILED, last_error="no such luck", finished_at=timezone.now()
    )
    return Operation.objects.get(room=demo)


def test_a_failed_order_is_given_again_and_carried_out(
    ana: Client, demo: Room, failed: Operation, simulator: Simulator
) -> None:
    ana.post(act_path("rooms_operation", failed, "again"))
    again = Operation.objects.exclude(pk=failed.pk).get(room=demo)
    assert (again.kind, again.ordered_by) == (failed.kind, "identity:ana")
    operations.carry_out(again.pk)
    demo.refresh_from_db()
    assert str(demo.telnyx_id) in {room["id"] for room in simulator.state()["rooms"]}
    entry = AuditEntry.objects.get(action="operation.repeated")
    assert (entry.actor, entry.subject, entry.details["new"]) == ("ana", str(failed.pk), str(again.pk))


def test_the_failed_order_stays_as_it_was(ana: Client, failed: Operation) -> None:
    ana.post(act_path("rooms_operation", failed, "again"))
    failed.refresh_from_db()
    assert (failed.state, failed.last_error) == ("failed", "no such luck")


@pytest.mark.parametrize("state", ["pending", "leased", "verifying", "succeeded", "cancelled"])
def test_only_failed_orders_are_given_again(state: str, ana: Client, failed: Operation) -> None:
    Operation.objects.filter(pk=failed.pk).update(state=state)
    ana.post(act_path("rooms_operation", failed, "again"))
    assert Operation.objects.count() == 1


def test_an_order_shows_its_attempts_and_its_last_error(ana: Client, demo: Room, failed: Operation) -> None:
    Operation.objects.filter(pk=failed.pk).update(attempts=17)
    body = ana.get(change_path("rooms_operation", failed)).content.decode()
    assert "no such luck" in body
    assert ">17<" in body


def test_an_order_is_never_changed_by_hand(olga: Client, failed: Operation) -> None:
    assert olga.post(change_path("rooms_operation", failed), {"state": "succeeded"}).status_code == 403
    assert olga.get(reverse("admin:rooms_operation_add")).status_code == 403


def test_an_operator_has_the_telnyx_room_of_a_deleted_room_deleted_again(
    olga: Client, acme: Company, demo: Room
) -> None:
    olga.post(act_path("rooms_room", demo, "remove"))
    Operation.objects.filter(room=demo).update(state=Operation.State.FAILED)
    deleting, making = (
        Operation.objects.get(room=demo, kind=kind) for kind in ("delete_room", "create_room")
    )
    assert olga.post(act_path("rooms_operation", deleting, "again")).status_code == 302
    assert olga.post(act_path("rooms_operation", making, "again")).status_code == 403
    assert Operation.objects.filter(room=demo, kind="delete_room", state="pending").count() == 1


def test_the_front_page_counts_what_failed_today(ana: Client, acme: Company, demo: Room) -> None:
    fill(acme, "mine", demo)
    figures = {figure.label: figure for figure in ana.get("/admin/").context["figures"]}
    assert figures["operations failed today"].value == 2
    assert figures["operations failed today"].tone == "bad"


def test_a_film_that_telnyx_refused_is_ordered_again_and_made_once(
    acme: Company, simulator: Simulator, olga: Client, settings: Any
) -> None:
    settings.PUBLIC_URL = OURS
    studio = Studio.of(acme, simulator)
    studio.recorded("bo")
    simulator.fault("status", "create_room_composition", status=422, times=1)
    composition = CuttingRoom(studio).sent()
    refused = Operation.objects.get(kind="compose")
    assert (refused.state, composition.failed_because != "") == ("failed", True)
    olga.post(act_path("rooms_operation", refused, "again"))
    olga.post(act_path("rooms_operation", refused, "again"))
    settle()
    composition.refresh_from_db()
    assert (composition.telnyx_id is not None, composition.failed_because) == (True, "")
    assert len(simulator.effects("composition.created")) == 1
    assert Operation.objects.filter(kind="compose").count() == 2
