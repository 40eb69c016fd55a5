"""Deleting one recording over REST: by whom, never what a hold covers, and with a receipt."""

from typing import Any

import pytest

from rooms.models import Deletion, Participant, Recording
from tests.cast import Company
from tests.rooms.ageing import carry_out_due
from tests.rooms.films import Studio, studio
from videobroker.tenants.models import AuditEntry

__all__ = ["studio"]

RECORDINGS = "/v2/room_recordings"


def path_of(recording: Recording) -> str:
    return f"{RECORDINGS}/{recording.pk}"


def hold(company: Company, **on: Any) -> str:
    body = {"reason": "case 7", **{name: str(value) for name, value in on.items()}}
    return str(company.back_end.post("/v2/holds", body).data["id"])


def tries(film: Recording) -> list[tuple[str, str, str]]:
    """Who has asked to delete it, what came of it and why, by the audit; in the order in which they asked."""
    asked = AuditEntry.objects.filter(action="recording.deleted", subject=str(film.pk))
    return list(asked.order_by("occurred_at").values_list("actor", "outcome", "reason"))


def states() -> dict[Any, str]:
    return dict(Recording.objects.values_list("pk", "state"))


def test_a_recording_is_gone_at_once_and_at_telnyx_soon_after(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    assert acme.back_end.delete(path_of(film)).status == 204
    assert acme.back_end.get(RECORDINGS).data == []
    assert acme.back_end.get(path_of(film)).refusal == (404, "not_found")
    assert studio.is_at_telnyx(film)
    carry_out_due()
    assert not studio.is_at_telnyx(film)
    assert states() == {film.pk: "deleted"}


def test_a_second_time_it_is_not_found(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    acme.back_end.delete(path_of(film))
    assert acme.back_end.delete(path_of(film)).refusal == (404, "not_found")
    assert Deletion.objects.count() == 1


def test_there_is_a_receipt(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    acme.back_end.delete(path_of(film))
    (order,) = acme.back_end.get("/v2/deletions", {"filter[room_id]": studio.room["id"]}).data
    assert (order["footage_id"], order["kind"], order["cause"]) == (str(film.pk), "recording", "ordered")
    assert (order["state"], order["done_at"], order["answer"]) == ("pending", None, "")
    carry_out_due()
    receipt = acme.back_end.get(f"/v2/deletions/{order['id']}").data
    assert receipt["state"] == "done"
    assert receipt["done_at"] is not None
    assert "204" in receipt["answer"]
    assert receipt["ordered_by"].startswith("api_key:")


def test_receipts_are_the_tenants_own(acme: Company, globex: Company, studio: Studio) -> None:
    acme.back_end.delete(path_of(studio.recorded("bo")))
    deletion_id = acme.back_end.get("/v2/deletions").data[0]["id"]
    assert globex.back_end.get("/v2/deletions").data == []
    assert globex.back_end.get(f"/v2/deletions/{deletion_id}").refusal == (404, "not_found")


def test_a_moderator_deletes_what_was_recorded_in_their_room(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    for other in ("bo", "cy"):
        assert acme.person(other).delete(path_of(film)).refusal == (404, "not_found")
    assert acme.person("ana").delete(path_of(film)).status == 204
    assert acme.person("bo").delete(path_of(film)).refusal == (404, "not_found")
    refused = ("refused", "not_found")
    assert tries(film) == [("bo", *refused), ("cy", *refused), ("ana", "done", "")]


def test_a_moderator_who_is_banned_deletes_nothing_and_is_seen_trying(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    acme.back_end.post("/v2/bans", {"identity": "ana"})
    assert acme.person("ana").delete(path_of(film)).refusal == (404, "not_found")
    assert Recording.objects.kept().filter(pk=film.pk).exists()
    assert tries(film) == [("ana", "refused", "not_found")]


def test_what_is_held_is_not_deleted_and_it_is_said_who_holds_it(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    hold_id = hold(acme, recording_id=film.pk, holder="Legal")
    refused = acme.back_end.delete(path_of(film))
    assert refused.refusal == (409, "held")
    assert hold_id in refused.error["detail"]
    assert "Legal" in refused.error["detail"]
    assert AuditEntry.objects.get(action="recording.deleted").reason == "held"
    acme.back_end.delete(f"/v2/holds/{hold_id}")
    assert acme.back_end.delete(path_of(film)).status == 204


def marked_alone(acme: Company, studio: Studio) -> tuple[Recording, str]:
    """A recording that a hold has covered which names it no more, and that hold: as if what bo showed had been told
    otherwise since."""
    film = studio.recorded("bo")
    hold_id = hold(acme, identity="bo")
    Participant.objects.filter(pk=film.participant_id).update(identity=None, shown_identity=None)
    return film, hold_id


def test_what_is_marked_as_held_is_not_deleted_though_no_hold_names_it_any_more(
    acme: Company, studio: Studio
) -> None:
    film, hold_id = marked_alone(acme, studio)
    assert acme.back_end.get(path_of(film)).data["held"] is True
    refused = acme.back_end.delete(path_of(film))
    assert refused.refusal == (409, "held")
    assert "none of the holds in force names it" in refused.error["detail"]
    assert "back end" in refused.error["detail"]
    assert acme.person("ana").delete(path_of(film)).refusal == (409, "held")
    assert [(outcome, reason) for _, outcome, reason in tries(film)] == [("refused", "held")] * 2
    assert studio.is_at_telnyx(film)
    acme.back_end.delete(f"/v2/holds/{hold_id}")
    assert acme.back_end.delete(path_of(film)).status == 204


def test_another_tenants_recording_is_not_found(acme: Company, globex: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    for asker in (globex.back_end, globex.person("gus")):
        assert asker.delete(path_of(film)).refusal == (404, "not_found")
    assert states() == {film.pk: "kept"}
    assert tries(film) == []


def test_telnyx_having_it_no_more_is_as_good(acme: Company, studio: Studio) -> None:
    film = studio.recorded("bo")
    studio.lost_at_telnyx(film)
    acme.back_end.delete(path_of(film))
    carry_out_due()
    assert states() == {film.pk: "deleted"}


@pytest.mark.parametrize("body", [{"session_id": "1"}, b'{"nonsense": 1', b"x", [], "bo"])
def test_a_body_is_refused_and_nothing_deleted_as_it_would_narrow_nothing(
    acme: Company, studio: Studio, body: Any
) -> None:
    film = studio.recorded("bo")
    for path in (path_of(film), f"{RECORDINGS}?filter[type]=video"):
        assert acme.back_end.ask("DELETE", path, body).refusal == (400, "body_not_taken")
    assert states() == {film.pk: "kept"}


@pytest.mark.parametrize("body", [b"", b"{}", b" { } "])
def test_an_empty_one_is_none(acme: Company, studio: Studio, body: bytes) -> None:
    film = studio.recorded("bo")
    assert acme.back_end.ask("DELETE", path_of(film), body).status == 204
