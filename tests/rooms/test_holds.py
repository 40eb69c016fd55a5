"""Legal holds: placed by back ends and moderators, in the way of every deletion, lifted by back ends."""

from collections.abc import Callable
from typing import Any

import pytest

from rooms import deleting
from rooms.models import Composition, Deletion, Hold, Participant, Recording
from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.rooms.films import Studio, studio
from tests.simulated import Simulator
from tests.tokens.doors import enter
from videobroker.tenants.models import AuditEntry

__all__ = ["studio"]

HOLDS = "/v2/holds"


def place(asker: Asker, **on: object) -> Answer:
    return asker.post(HOLDS, {"reason": "case 7", **{name: str(value) for name, value in on.items()}})


def is_held(recording: Recording) -> bool:
    recording.refresh_from_db()
    return recording.held


def can_be_deleted(recording: Recording) -> bool:
    """Whether deleting it would begin. It is not: what was begun here is undone."""
    ordered = deleting.begin(recording, cause=Deletion.Cause.ORDERED, ordered_by="test")
    if ordered is not None:
        ordered.delete()
        Recording.objects.filter(pk=recording.pk).update(state="kept")
    return ordered is not None


def composed(recording: Recording) -> Composition:
    """A composition of the recording's session."""
    return Composition.objects.create(
        tenant_id=recording.tenant_id, room_id=recording.room_id, session_id=recording.session_id,
        status="completed", ordered_by="test",
    )  # fmt: skip


def test_a_hold_says_what_it_is_on_who_answers_for_it_and_why(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    placed = place(acme.back_end, recording_id=film.pk, holder="Legal")
    assert placed.status == 201
    told = {
        name: value for name, value in placed.data.items() if name not in {"id", "placed_at", "placed_by"}
    }
    assert told == {
        "record_type": "hold",
        "room_id": None,
        "identity": None,
        "recording_id": str(film.pk),
        "composition_id": None,
        "reason": "case 7",
        "holder": "Legal",
        "active": True,
        "lifted_at": None,
        "lifted_by": "",
        "too_late_for": [],
    }
    assert placed.data["placed_by"].startswith("api_key:")
    assert is_held(film)


def test_who_places_a_hold_answers_for_it_unless_somebody_is_named(acme: Company, demo_room: Json) -> None:
    placed = place(acme.person("ana"), room_id=demo_room["id"])
    assert (placed.data["holder"], placed.data["placed_by"]) == ("identity:ana", "identity:ana")


def test_a_hold_on_a_room_covers_what_was_and_will_be_recorded_there(acme: Company, studio: Studio) -> None:
    before = studio.recorded("bo")
    assert place(acme.back_end, room_id=studio.room["id"]).status == 201
    after = studio.recorded("ana")
    assert (is_held(before), can_be_deleted(before), can_be_deleted(after)) == (True, False, False)


def test_a_hold_on_a_person_covers_them_in_all_rooms_and_nobody_else(
    acme: Company, simulator: Simulator, studio: Studio
) -> None:
    of_bo, of_ana = studio.recorded("bo"), studio.recorded("ana")
    other = Studio.of(acme, simulator, {"bo": "participant"})
    elsewhere = other.recorded("bo")
    assert place(acme.back_end, identity="bo").status == 201
    later = other.recorded("bo", "audio")
    assert [can_be_deleted(film) for film in (of_bo, elsewhere, later)] == [False, False, False]
    assert can_be_deleted(of_ana)


def test_a_hold_on_a_person_covers_compositions_that_show_them(acme: Company, studio: Studio) -> None:
    composition = composed(studio.recorded("bo"))
    place(acme.back_end, identity="bo")
    assert deleting.begin(composition, cause=Deletion.Cause.ORDERED, ordered_by="test") is None


def test_what_two_hold_is_held_until_both_are_lifted(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    on_film = place(acme.back_end, recording_id=film.pk).data["id"]
    on_person = place(acme.back_end, identity="bo").data["id"]
    assert acme.back_end.delete(f"{HOLDS}/{on_film}").status == 204
    assert (is_held(film), can_be_deleted(film)) == (True, False)
    assert acme.back_end.delete(f"{HOLDS}/{on_person}").status == 204
    assert (is_held(film), can_be_deleted(film)) == (False, True)


def test_a_lifted_hold_stays_to_be_seen(acme: Company, demo_room: Json) -> None:
    hold_id = place(acme.back_end, room_id=demo_room["id"]).data["id"]
    for _ in range(2):
        assert acme.back_end.delete(f"{HOLDS}/{hold_id}").status == 204
    lifted = acme.back_end.get(f"{HOLDS}/{hold_id}").data
    assert (lifted["active"], lifted["lifted_by"]) == (False, lifted["placed_by"])
    assert acme.back_end.get(HOLDS, {"filter[active]": "true"}).data == []
    assert [each["id"] for each in acme.back_end.get(HOLDS, {"filter[active]": "false"}).data] == [hold_id]
    assert AuditEntry.objects.filter(action="hold.lifted").count() == 1


def test_a_hold_comes_too_late_for_what_is_being_deleted(acme: Company, studio: Studio) -> None:
    going, staying = studio.recorded("bo"), studio.recorded("bo", "audio")
    assert deleting.begin(going, cause=Deletion.Cause.ORDERED, ordered_by="test")
    refused = place(acme.back_end, recording_id=going.pk)
    assert refused.refusal == (409, "deletion_begun")
    assert Hold.objects.count() == 0
    placed = place(acme.back_end, identity="bo")
    assert (placed.status, placed.data["too_late_for"]) == (201, [str(going.pk)])
    assert (is_held(staying), is_held(going)) == (True, False)


def test_a_hold_comes_too_late_for_a_composition_that_is_being_deleted(acme: Company, studio: Studio) -> None:
    staying = studio.recorded("bo")
    going = composed(staying)
    assert deleting.begin(going, cause=Deletion.Cause.ORDERED, ordered_by="test")
    refused = place(acme.back_end, composition_id=going.pk)
    assert refused.refusal == (409, "deletion_begun")
    assert Hold.objects.count() == 0
    placed = place(acme.back_end, identity="bo")
    assert (placed.status, placed.data["too_late_for"]) == (201, [str(going.pk)])
    going.refresh_from_db()
    assert (is_held(staying), going.held, going.state) == (True, False, "deleting")


def films_of_a_second_claimant(studio: Studio, time: Any) -> tuple[Recording, Callable[[], None]]:
    """A film of who is taken for ana, as we have not heard yet that another shows the same context, and what has us
    hear of it."""
    minted = enter(studio.gathering.company.person("ana"), studio.room)
    first = studio.gathering.joins(minted)
    late = {
        event["id"] for event in studio.gathering.told() if event["payload"].get("participant_id") == first
    }
    studio.gathering.heard |= late
    time.passes(60)
    studio.people["a second ana"] = studio.gathering.joins(minted)
    studio.gathering.hear()

    def hear() -> None:
        time.passes(60)
        studio.gathering.heard -= late
        studio.gathering.hear()
        studio.gathering.asks()

    return studio.recorded("a second ana"), hear


def test_who_was_taken_for_a_held_person_stays_held_when_that_turns_out_wrong(
    acme: Company, studio: Studio, time: Any
) -> None:
    film, hear = films_of_a_second_claimant(studio, time)
    shown = composed(film)
    hold_id = place(acme.back_end, identity="ana").data["id"]
    assert film.participant.identity == "ana"
    hear()
    film.participant.refresh_from_db()
    assert film.participant.identity is None
    assert not can_be_deleted(film)
    refused = acme.back_end.delete(f"/v2/room_recordings/{film.pk}")
    assert refused.refusal == (409, "held")
    assert hold_id in refused.error["detail"]
    assert deleting.begin(shown, cause=Deletion.Cause.ORDERED, ordered_by="test") is None
    acme.back_end.delete(f"{HOLDS}/{hold_id}")
    assert (is_held(film), can_be_deleted(film)) == (False, True)


def test_with_the_last_hold_all_is_free(acme: Company, studio: Studio) -> None:
    film, other = studio.recorded("bo"), studio.recorded("ana")
    on_bo = place(acme.back_end, identity="bo").data["id"]
    on_other = place(acme.back_end, recording_id=other.pk).data["id"]
    # As if what bo showed had been told otherwise since.
    Participant.objects.filter(pk=film.participant_id).update(identity=None, shown_identity=None)
    acme.back_end.delete(f"{HOLDS}/{on_bo}")
    assert is_held(film)
    acme.back_end.delete(f"{HOLDS}/{on_other}")
    assert (is_held(film), can_be_deleted(film)) == (False, True)


def test_a_room_that_is_held_is_not_deleted(acme: Company, demo_room: Json) -> None:
    hold_id = place(acme.back_end, room_id=demo_room["id"], holder="Legal").data["id"]
    path = f"/v2/rooms/{demo_room['id']}"
    refused = acme.back_end.delete(path)
    assert refused.refusal == (409, "held")
    assert hold_id in refused.error["detail"]
    assert "Legal" in refused.error["detail"]
    assert AuditEntry.objects.filter(action="room.deleted", reason="held").count() == 1
    acme.back_end.delete(f"{HOLDS}/{hold_id}")
    assert acme.back_end.delete(path).status == 204


@pytest.mark.parametrize("on", ["recording", "composition", "person"])
def test_a_room_in_which_something_is_held_is_not_deleted(acme: Company, studio: Studio, on: str) -> None:
    film = studio.recorded("bo")
    subject = {
        "recording": {"recording_id": film.pk},
        "composition": {"composition_id": composed(film).pk},
        "person": {"identity": "bo"},
    }[on]
    hold_id = place(acme.back_end, **subject).data["id"]
    path = f"/v2/rooms/{studio.room['id']}"
    assert acme.back_end.delete(path).refusal == (409, "held")
    acme.back_end.delete(f"{HOLDS}/{hold_id}")
    assert acme.back_end.delete(path).status == 204


def test_a_hold_on_somebody_who_was_never_recorded_there_keeps_no_room(
    acme: Company, demo_room: Json
) -> None:
    place(acme.back_end, identity="bo")
    assert acme.back_end.delete(f"/v2/rooms/{demo_room['id']}").status == 204


def test_what_was_recorded_in_a_deleted_room_can_still_be_held(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    acme.back_end.delete(f"/v2/rooms/{studio.room['id']}")
    assert place(acme.back_end, room_id=studio.room["id"]).status == 201
    assert not can_be_deleted(film)


def test_a_moderator_holds_what_was_recorded_in_their_room(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    placed = place(acme.person("ana"), recording_id=film.pk)
    assert placed.status == 201
    assert [hold["id"] for hold in acme.person("ana").get(HOLDS).data] == [placed.data["id"]]
    assert acme.person("ana").get(f"{HOLDS}/{placed.data['id']}").data["active"]


def test_who_takes_part_holds_nothing(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    assert place(acme.person("bo"), room_id=studio.room["id"]).refusal == (403, "not_a_moderator")
    assert place(acme.person("bo"), recording_id=film.pk).refusal == (404, "not_found")
    assert place(acme.person("cy"), room_id=studio.room["id"]).refusal == (403, "not_a_member")
    assert acme.person("bo").get(HOLDS).data == []
    tried = AuditEntry.objects.filter(action="hold.placed", outcome="refused").order_by("occurred_at")
    assert [entry.actor for entry in tried] == ["bo", "cy"]


def test_a_moderator_of_a_room_that_is_deleted_holds_nothing_there(acme: Company, studio: Studio) -> None:
    film, film_of_all = studio.recorded("bo"), composed(studio.recorded("ana"))
    acme.back_end.delete(f"/v2/rooms/{studio.room['id']}")
    assert place(acme.person("ana"), recording_id=film.pk).refusal == (404, "not_found")
    assert place(acme.person("ana"), composition_id=film_of_all.pk).refusal == (404, "not_found")
    assert place(acme.back_end, recording_id=film.pk).status == 201


def test_why_a_person_is_held_is_not_told_to_moderators(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    hold_id = place(acme.back_end, identity="bo", holder="Works council").data["id"]
    refused = acme.person("ana").delete(f"/v2/room_recordings/{film.pk}")
    assert refused.refusal == (409, "held")
    assert not [word for word in (hold_id, "case 7", "Works council") if word in refused.error["detail"]]
    place(acme.person("ana"), recording_id=film.pk, holder="Ana herself")
    told = acme.person("ana").delete(f"/v2/room_recordings/{film.pk}").error["detail"]
    assert "Ana herself" in told
    assert "Works council" not in told
    assert "Works council" in acme.back_end.delete(f"/v2/room_recordings/{film.pk}").error["detail"]


def test_a_person_is_held_by_back_ends_alone(acme: Company, demo_room: Json) -> None:
    assert place(acme.person("ana"), identity="bo").refusal == (403, "back_end_only")
    assert AuditEntry.objects.get(action="hold.placed").reason == "back_end_only"


def test_holds_are_lifted_by_back_ends_alone(acme: Company, demo_room: Json) -> None:
    hold_id = place(acme.person("ana"), room_id=demo_room["id"]).data["id"]
    assert acme.person("ana").delete(f"{HOLDS}/{hold_id}").refusal == (403, "back_end_only")
    assert Hold.objects.in_force().count() == 1


def test_nothing_of_another_tenant_can_be_held(acme: Company, globex: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    subjects = {"room_id": studio.room["id"], "recording_id": film.pk, "composition_id": composed(film).pk}
    for name, value in subjects.items():
        assert place(globex.back_end, **{name: value}).refusal == (404, "not_found")
    placed = place(globex.back_end, identity="bo").data["id"]
    assert not is_held(film)
    assert can_be_deleted(film)
    assert acme.back_end.get(f"{HOLDS}/{placed}").refusal == (404, "not_found")
    assert acme.back_end.delete(f"{HOLDS}/{placed}").refusal == (404, "not_found")
    assert acme.back_end.get(HOLDS).data == []


@pytest.mark.parametrize("body", [{}, {"identity": "bo", "room_id": "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"}])
def test_a_hold_is_on_exactly_one_thing(acme: Company, body: Json) -> None:
    assert acme.back_end.post(HOLDS, {"reason": "case 7", **body}).refusal == (422, "invalid")


def test_a_hold_has_a_reason(acme: Company) -> None:
    refused = acme.back_end.post(HOLDS, {"identity": "bo"})
    assert (refused.refusal, refused.error["source"]) == ((422, "required"), {"pointer": "/reason"})


def test_the_same_request_twice_places_one_hold(acme: Company, demo_room: Json) -> None:
    body = {"reason": "case 7", "room_id": demo_room["id"]}
    answers = [acme.back_end.post(HOLDS, body, Idempotency_Key="once") for _ in range(2)]
    assert answers[0].raw == answers[1].raw
    assert Hold.objects.count() == 1
