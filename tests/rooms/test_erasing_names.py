"""Replacing somebody's name in what people wrote, however long it gets; and what fails there harms no other."""

from typing import Any

import pytest

from rooms.models import Ban, Erasure, Hold
from tests.cast import Company
from tests.rooms.films import Studio
from tests.rooms.refusing import refuse
from tests.rooms.test_erasing import (
    IDENTITY,
    carry_on,
    order,
    places_of,
    pseudonyms_are_of_this_database,
    studio,
)

__all__ = ["pseudonyms_are_of_this_database", "studio"]

LONG = f"{IDENTITY}, {IDENTITY} and again {IDENTITY}: ".ljust(500, "x")


def state_of(identity: str, orders: dict[str, str]) -> str:
    return Erasure.objects.get(pk=orders[identity]).state


def test_in_the_reason_of_a_ban_as_long_as_may_be(acme: Company, studio: Studio) -> None:
    assert acme.back_end.post("/v2/bans", {"identity": IDENTITY, "reason": LONG}).status == 201
    order(acme)
    carry_on()
    ban = Ban.objects.get()
    assert (Erasure.objects.get().state, places_of(IDENTITY)) == ("finished", [])
    assert ban.reason == LONG.replace(IDENTITY, ban.identity)
    assert acme.back_end.get("/v2/bans").data[0]["reason"] == ban.reason


def test_in_the_reason_of_a_lifted_hold_as_long_as_may_be(acme: Company, studio: Studio) -> None:
    held = acme.back_end.post("/v2/holds", {"identity": IDENTITY, "reason": LONG})
    acme.back_end.delete(f"/v2/holds/{held.data['id']}")
    order(acme)
    carry_on()
    hold = Hold.objects.get()
    assert (Erasure.objects.get().state, places_of(IDENTITY)) == ("finished", [])
    assert hold.reason == LONG.replace(IDENTITY, hold.identity or "")


def test_a_longer_reason_is_still_refused(acme: Company, studio: Studio) -> None:
    for path in ("/v2/bans", "/v2/holds"):
        refused = acme.back_end.post(path, {"identity": IDENTITY, "reason": LONG + "x"})
        assert refused.status == 422, path
        assert refused.error["source"] == {"pointer": "/reason"}, path


@pytest.mark.parametrize("holder", [IDENTITY, None])
def test_who_answered_for_a_hold_on_a_room(acme: Company, studio: Studio, holder: str | None) -> None:
    """By name, or because they placed it."""
    acme.back_end.patch(
        f"/v2/rooms/{studio.room['id']}/members/{member_id(acme, studio)}", {"role": "moderator"}
    )
    asker = acme.back_end if holder else acme.person(IDENTITY)
    body: dict[str, Any] = {"room_id": studio.room["id"], "reason": "case 7"}
    held = asker.post("/v2/holds", body | ({"holder": holder} if holder else {}))
    assert held.status == 201, held
    acme.back_end.delete(f"/v2/holds/{held.data['id']}")
    order(acme)
    carry_on()
    assert (Erasure.objects.get().state, places_of(IDENTITY)) == ("finished", [])


def test_who_answered_for_a_hold_by_a_very_long_name(acme: Company) -> None:
    name = "zaphod-" + "m" * 248
    room = acme.new_room({name: "moderator"})
    held = acme.person(name).post("/v2/holds", {"room_id": room["id"], "reason": "case 7"})
    assert held.data["holder"] == f"identity:{name}"
    acme.back_end.delete(f"/v2/holds/{held.data['id']}")
    order(acme, name)
    carry_on()
    assert (Erasure.objects.get().state, places_of("zaphod-m")) == ("finished", [])


def test_an_erasure_that_fails_keeps_no_other_waiting(acme: Company, studio: Studio) -> None:
    acme.back_end.post("/v2/bans", {"identity": IDENTITY, "reason": "rude"})
    orders = {identity: order(acme, identity).data["id"] for identity in (IDENTITY, "eve")}
    refuse(Ban, "UPDATE")
    carry_on()
    assert (state_of(IDENTITY, orders), state_of("eve", orders)) == ("pending", "finished")


def member_id(company: Company, studio: Studio) -> str:
    path = f"/v2/rooms/{studio.room['id']}/members"
    return str(company.back_end.get(path, {"filter[identity]": IDENTITY}).data[0]["id"])
