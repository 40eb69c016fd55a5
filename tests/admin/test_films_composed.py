"""Compositions in the console: ordered, followed, handed out and deleted."""

from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse

from rooms.models import Composition, Deletion, Hold, Operation
from tests.admin.forms import act_path, change_path
from tests.cast import Company
from tests.rooms.ageing import carry_out_once
from tests.rooms.compositions import OURS, CuttingRoom
from tests.rooms.films import Studio, studio
from tests.rooms.orders import settle
from tests.simulated import Simulator

__all__ = ["studio"]


@pytest.fixture
def cutting_room(studio: Studio, settings: Any) -> CuttingRoom:
    """What was recorded of bo, in a session that is over."""
    settings.PUBLIC_URL = OURS
    studio.recorded("bo")
    studio.over()
    return CuttingRoom(studio)


def compose(browser: Client, cutting_room: CuttingRoom) -> Any:
    return browser.post(
        act_path("rooms_session", cutting_room.studio.gathering.session, "compose"), follow=True
    )


def page(browser: Client, composition: Composition) -> str:
    return str(browser.get(change_path("rooms_composition", composition)).content.decode())


def test_a_moderator_has_a_session_composed_and_takes_the_film(
    ana: Client, cutting_room: CuttingRoom
) -> None:
    session_page = ana.get(change_path("rooms_session", cutting_room.studio.gathering.session))
    assert "Compose" in session_page.content.decode()
    assert "Ordered" in compose(ana, cutting_room).content.decode()
    composition = Composition.objects.get()
    assert composition.ordered_by == "identity:ana"
    assert "in the making" in page(ana, composition)
    settle()
    composition.refresh_from_db()
    cutting_room.await_complete(composition)
    cutting_room.asks_about(composition)
    assert "complete" in page(ana, composition)
    answer = ana.get(reverse("admin:rooms_composition_download", args=[composition.pk]))
    assert requests.get(answer["Location"], timeout=10).status_code == 200
    assert cutting_room.made() == 1


def test_a_session_that_goes_on_or_has_nothing_left_is_not_composed(
    ana: Client, studio: Studio, cutting_room: CuttingRoom
) -> None:
    studio.gathering.session.recordings.update(state="deleted")
    session_page = ana.get(change_path("rooms_session", studio.gathering.session))
    assert "compose" not in {button["act"].name for button in session_page.context["acts"]}
    assert "no longer applies" in compose(ana, cutting_room).content.decode()
    assert not Composition.objects.exists()


def test_globex_cannot_have_it_composed(cutting_room: CuttingRoom, globex: Company, sign_in_as: Any) -> None:
    gus = sign_in_as("gus", globex)
    path = act_path("rooms_session", cutting_room.studio.gathering.session, "compose")
    assert gus.post(path).status_code == 404
    assert not Composition.objects.exists()


def test_what_telnyx_refused_says_why_and_is_ordered_again(
    ana: Client, cutting_room: CuttingRoom, simulator: Simulator
) -> None:
    simulator.fault("status", "create_room_composition", status=422, times=1)
    compose(ana, cutting_room)
    settle()
    composition = Composition.objects.get()
    body = page(ana, composition)
    assert "failed" in body
    assert "Try again" in body
    order = Operation.objects.get(kind="compose")
    assert change_path("rooms_operation", order) in body
    ana.post(act_path("rooms_composition", composition, "again"))
    settle()
    composition.refresh_from_db()
    assert (composition.telnyx_id is not None, composition.failed_because) == (True, "")
    assert cutting_room.made() == 1


def test_it_is_held_and_deleted_like_a_recording(
    ana: Client, olga: Client, cutting_room: CuttingRoom
) -> None:
    composition = cutting_room.completed()
    path = act_path("rooms_composition", composition, "discard")
    ana.post(act_path("rooms_composition", composition, "hold"), {"reason": "case 7"})
    ana.post(path)
    assert not Deletion.objects.exists()
    olga.post(act_path("rooms_hold", Hold.objects.get(), "lift"))
    ana.post(path)
    carry_out_once()
    assert (Deletion.objects.get().state, Deletion.objects.get().kind) == ("done", "composition")
    assert cutting_room.at_telnyx(composition) == []


def test_lists_are_narrowed_by_progress(ana: Client, cutting_room: CuttingRoom) -> None:
    composition = cutting_room.ordered()
    for progress, count in (("making", 1), ("complete", 0), ("failed", 0)):
        answer = ana.get(reverse("admin:rooms_composition_changelist"), {"progress": progress})
        assert answer.context["cl"].result_count == count, progress
    Composition.objects.filter(pk=composition.pk).update(failed_because="no such luck")
    answer = ana.get(reverse("admin:rooms_composition_changelist"), {"progress": "failed"})
    assert answer.context["cl"].result_count == 1
