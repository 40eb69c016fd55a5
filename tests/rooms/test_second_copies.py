"""A composition whose order's answer was lost may be at Telnyx twice. While a hold covers it both stay, and the last of
them is never taken for one too many. With the composition both are deleted."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from rooms import operations, rounds
from rooms.following import BELIEVED_GONE_AFTER
from rooms.models import AccountCheck, Composition, Deletion
from tests.asking import Json
from tests.cast import Company
from tests.rooms.ageing import assert_never_in_bulk, carry_out_once, deleted_at_telnyx, receipt
from tests.rooms.compositions import OURS, CuttingRoom, cutting_room, path
from tests.rooms.deletions import begun
from tests.rooms.dying import Step, dies_at
from tests.rooms.orders import settle

__all__ = ["cutting_room"]
LIST, DELETE = "list_room_compositions", "delete_room_composition"


def second_copy(cutting_room: CuttingRoom, composition: Composition) -> str:
    """Telnyx makes the film again, as an order does whose first answer was lost; its id there."""
    body = {
        "session_id": str(composition.session.telnyx_id),
        "webhook_event_url": f"{OURS}/webhooks/telnyx/x?composition={composition.pk}",
    }
    made = cutting_room.simulator.api("POST", "/room_compositions", key=key_of(cutting_room), json=body)
    assert made.status_code == 202
    return str(made.json()["data"]["id"])


def lost_at_telnyx(cutting_room: CuttingRoom, composition: Composition) -> None:
    """Somebody deletes the film that we know, past us."""
    gone = f"/room_compositions/{composition.telnyx_id}"
    assert cutting_room.simulator.api("DELETE", gone, key=key_of(cutting_room)).status_code == 204


def key_of(cutting_room: CuttingRoom) -> str:
    return cutting_room.studio.gathering.company.telnyx_key


def held(cutting_room: CuttingRoom) -> Json:
    body = {"room_id": cutting_room.studio.room["id"], "reason": "case 7"}
    placed = cutting_room.back_end.post("/v2/holds", body)
    assert placed.status == 201, placed
    return dict(placed.data)


def lifted(cutting_room: CuttingRoom, hold: Json) -> None:
    assert cutting_room.back_end.delete(f"/v2/holds/{hold['id']}").status == 204


def ids_at_telnyx(cutting_room: CuttingRoom, composition: Composition) -> list[str]:
    return [each["id"] for each in cutting_room.at_telnyx(composition)]


def test_one_that_vanishes_is_its_second_copy_from_then_on(cutting_room: CuttingRoom, acme: Company) -> None:
    composition = cutting_room.completed()
    copy = second_copy(cutting_room, composition)
    held(cutting_room)
    cutting_room.goes_through()
    assert len(ids_at_telnyx(cutting_room, composition)) == 2
    lost_at_telnyx(cutting_room, composition)
    due = timezone.now() - timedelta(seconds=1)
    AccountCheck.objects.update_or_create(account=acme.row.account, defaults={"due_at": due})
    rounds.check_accounts(timezone.now())
    assert ids_at_telnyx(cutting_room, composition) == [copy]
    assert acme.back_end.get(path(composition)).data["held"] is True
    composition.refresh_from_db()
    assert str(composition.telnyx_id) == copy
    assert not Deletion.objects.exists()


def test_whoever_downloads_one_that_vanished_is_given_its_second_copy(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.completed()
    copy = second_copy(cutting_room, composition)
    lost_at_telnyx(cutting_room, composition)
    composition.telnyx_id = copy
    cutting_room.await_complete(composition)
    answer = cutting_room.back_end.get(f"{path(composition)}/download")
    assert answer.status == 302
    assert copy in answer.headers["Location"]
    composition.refresh_from_db()
    assert (str(composition.telnyx_id), composition.state) == (copy, "kept")


def test_one_that_had_vanished_is_kept_again_when_a_second_copy_shows(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.completed()
    lost_at_telnyx(cutting_room, composition)
    assert cutting_room.back_end.get(f"{path(composition)}/download").refusal == (404, "gone_upstream")
    held(cutting_room)
    copy = second_copy(cutting_room, composition)
    cutting_room.goes_through()
    assert ids_at_telnyx(cutting_room, composition) == [copy]
    composition.refresh_from_db()
    assert (str(composition.telnyx_id), composition.state, composition.held) == (copy, "kept", True)
    assert not Deletion.objects.exists()


def test_what_shows_of_a_deleted_one_stays_while_a_hold_covers_it(
    cutting_room: CuttingRoom,
) -> None:
    composition = cutting_room.completed()
    assert cutting_room.back_end.delete(path(composition)).status == 204
    carry_out_once()
    hold = held(cutting_room)
    copy = second_copy(cutting_room, composition)
    cutting_room.goes_through()
    assert ids_at_telnyx(cutting_room, composition) == [copy]
    lifted(cutting_room, hold)
    cutting_room.goes_through()
    assert ids_at_telnyx(cutting_room, composition) == []


@pytest.mark.parametrize("is_held", [False, True])
def test_what_an_order_finds_of_a_deleted_one_stays_while_a_hold_covers_it(
    cutting_room: CuttingRoom, is_held: bool
) -> None:
    composition = cutting_room.ordered()
    cutting_room.simulator.fault("lost_answer", "create_room_composition", how="reset", times=1)
    operations.carry_out(cutting_room.order_of(composition).pk)
    Composition.objects.filter(pk=composition.pk).update(state="deleted")
    if is_held:
        held(cutting_room)
    settle()
    assert cutting_room.order_of(composition).state == "cancelled"
    assert len(ids_at_telnyx(cutting_room, composition)) == (1 if is_held else 0)


def test_one_that_is_asked_about_is_its_second_copy_if_it_vanished(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.sent()
    copy = second_copy(cutting_room, composition)
    lost_at_telnyx(cutting_room, composition)
    Composition.objects.update(seen_at=timezone.now() - BELIEVED_GONE_AFTER - timedelta(seconds=1))
    cutting_room.asks_about(composition)
    composition.refresh_from_db()
    assert (str(composition.telnyx_id), composition.state) == (copy, "kept")


# --- Deleted with it --------------------------------------------------------------------------------------


def test_a_second_copy_goes_with_the_composition_however_late_its_hold_is_lifted(
    cutting_room: CuttingRoom,
) -> None:
    composition = cutting_room.completed()
    copy = second_copy(cutting_room, composition)
    hold = held(cutting_room)
    cutting_room.goes_through()
    assert len(ids_at_telnyx(cutting_room, composition)) == 2
    lifted(cutting_room, hold)
    assert cutting_room.back_end.delete(path(composition)).status == 204
    carry_out_once()
    assert deleted_at_telnyx(cutting_room.simulator) == [copy, str(composition.telnyx_id)]
    assert receipt(composition).answer == "204 to DELETE"
    assert_never_in_bulk(cutting_room.simulator)


@pytest.mark.parametrize("operation", [LIST, DELETE])
def test_there_is_no_receipt_before_a_second_copy_could_be_deleted(
    cutting_room: CuttingRoom, operation: str
) -> None:
    composition = cutting_room.completed()
    second_copy(cutting_room, composition)
    assert cutting_room.back_end.delete(path(composition)).status == 204
    cutting_room.simulator.fault("status", operation, status=503, times=1)
    carry_out_once()
    assert len(ids_at_telnyx(cutting_room, composition)) == 2
    assert not Deletion.objects.filter(state="done").exists()
    carry_out_once()
    assert ids_at_telnyx(cutting_room, composition) == []
    assert receipt(composition).answer == "204 to DELETE"


def test_a_second_copy_is_deleted_in_the_place_of_one_that_vanished(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.completed()
    copy = second_copy(cutting_room, composition)
    lost_at_telnyx(cutting_room, composition)
    assert cutting_room.back_end.delete(path(composition)).status == 204
    carry_out_once()
    assert not Deletion.objects.filter(state="done").exists()
    carry_out_once()
    assert ids_at_telnyx(cutting_room, composition) == []
    assert (receipt(composition).answer, str(receipt(composition).telnyx_id)) == ("204 to DELETE", copy)


def test_a_second_copy_in_the_place_of_one_that_vanished_is_kept_if_its_retention_is_not_over(
    cutting_room: CuttingRoom,
) -> None:
    composition = cutting_room.completed()
    copy = second_copy(cutting_room, composition)
    begun(composition)
    lost_at_telnyx(cutting_room, composition)
    carry_out_once()
    carry_out_once()
    assert ids_at_telnyx(cutting_room, composition) == [copy]
    composition.refresh_from_db()
    assert (composition.state, str(composition.telnyx_id)) == ("kept", copy)
    assert not Deletion.objects.exists()


def test_what_bears_another_key_or_none_is_not_deleted_with_a_composition(cutting_room: CuttingRoom) -> None:
    composition, other = cutting_room.completed(), cutting_room.completed()
    body = {"session_id": str(composition.session.telnyx_id)}
    keyless = cutting_room.simulator.api(
        "POST", "/room_compositions", key=key_of(cutting_room), json=body
    ).json()["data"]["id"]
    assert cutting_room.back_end.delete(path(composition)).status == 204
    carry_out_once()
    assert {each["id"] for each in cutting_room.films()} == {str(other.telnyx_id), keyless}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "step",
    [
        Step("rooms.shredding", "_about_to_ask", "return"),
        Step("rooms.doubling", "_delete", "call"),
        Step("rooms.doubling", "_delete", "return"),
        Step("rooms.shredding", "_delete", "return"),
    ],
    ids=str,
)
def test_killed_while_both_are_deleted_it_goes_on(cutting_room: CuttingRoom, step: Step) -> None:
    composition = cutting_room.completed()
    copy = second_copy(cutting_room, composition)
    assert cutting_room.back_end.delete(path(composition)).status == 204
    assert dies_at(step, carry_out_once)
    Deletion.objects.filter(state="leased").update(due_at=Now())
    carry_out_once()
    assert deleted_at_telnyx(cutting_room.simulator) == [copy, str(composition.telnyx_id)]
    assert receipt(composition).answer in ("204 to DELETE", "404 to GET")


@pytest.mark.django_db(transaction=True)
def test_killed_once_a_second_copy_was_put_in_its_place_it_goes_on(cutting_room: CuttingRoom) -> None:
    composition = cutting_room.completed()
    copy = second_copy(cutting_room, composition)
    lost_at_telnyx(cutting_room, composition)
    assert cutting_room.back_end.delete(path(composition)).status == 204
    assert dies_at(Step("rooms.doubling", "go_on_with_another", "return"), carry_out_once)
    Deletion.objects.filter(state="leased").update(due_at=Now())
    carry_out_once()
    assert ids_at_telnyx(cutting_room, composition) == []
    assert str(receipt(composition).telnyx_id) == copy
