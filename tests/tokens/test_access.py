"""Asking why somebody gets in, or why not."""

from tests.asking import Asker, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import access
from tokens.models import Grant


def test_a_person_asks_about_themselves(acme: Company, demo_room: Json) -> None:
    explained = access(acme.person("bo"), demo_room)
    assert explained.status == 200
    assert explained.data == {
        "record_type": "room_access",
        "room_id": demo_room["id"],
        "identity": "bo",
        "admitted": True,
        "reason": "admitted",
        "detail": "may enter",
        "role": "participant",
        "retry_at": None,
    }


def test_who_takes_part_asks_about_nobody_else(acme: Company, demo_room: Json) -> None:
    assert access(acme.person("bo"), demo_room, "bo").status == 200
    assert access(acme.person("bo"), demo_room, "ana").refusal == (403, "not_yourself")
    assert access(acme.person("cy"), demo_room, "ana").refusal == (403, "not_yourself")


def test_a_moderator_asks_about_anybody(acme: Company, demo_room: Json) -> None:
    assert access(acme.person("ana"), demo_room, "bo").data["admitted"] is True
    assert access(acme.person("ana"), demo_room, "cy").data["reason"] == "not_a_member"
    assert access(acme.person("ana"), demo_room).data["identity"] == "ana"


def test_a_back_end_asks_about_anybody_and_about_its_own_key(acme: Company, demo_room: Json) -> None:
    assert access(acme.back_end, demo_room, "ana").data["role"] == "moderator"
    own = access(acme.back_end, demo_room).data
    assert (own["identity"], own["admitted"]) == (None, True)


def test_a_stranger_is_told_that_he_is_no_member(acme: Company, demo_room: Json) -> None:
    assert access(acme.person("cy"), demo_room).data["reason"] == "not_a_member"


def test_an_empty_identity_is_a_mistake(acme: Company, demo_room: Json) -> None:
    refused = access(acme.back_end, demo_room, "")
    assert refused.status == 400
    assert refused.error["source"] == {"parameter": "identity"}


def test_asking_takes_a_login_and_the_scope(acme: Company, demo_room: Json) -> None:
    assert access(Asker(), demo_room).status == 401
    assert access(acme.key_with("tokens:mint"), demo_room).refusal == (403, "missing_scope")


def test_asking_takes_no_seat_and_troubles_nobody(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    before = len(simulator.calls())
    access(acme.person("bo"), demo_room)
    assert Grant.objects.count() == 0
    assert len(simulator.calls()) == before
