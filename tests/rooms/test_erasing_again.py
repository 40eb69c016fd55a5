"""Erasing somebody who is being erased already: one erasure, which reaches what they have come to have since."""

import pytest

from rooms import erasing
from rooms.models import Erasure, Member, Participant, Recording
from tests.cast import Company
from tests.rooms.films import Studio
from tests.rooms.meanwhile import when_first_written
from tests.rooms.orders import settle
from tests.rooms.test_erasing import (
    ERASURES,
    IDENTITY,
    NAME,
    carry_on,
    later,
    order,
    places_of,
    pseudonyms_are_of_this_database,
    studio,
)
from tests.rooms.test_erasing_resumed import PowerCut, go_on, power_cut_at
from tests.tokens.doors import mint
from videobroker.tenants.models import AuditEntry

__all__ = ["pseudonyms_are_of_this_database", "studio"]


def come_back(company: Company, studio: Studio) -> Recording:
    """They are a member again, come in, and are filmed."""
    settle()
    studio.gathering.hear()
    path = f"/v2/rooms/{studio.room['id']}/members"
    body = {"identity": IDENTITY, "display_name": f"{NAME} II"}
    assert company.back_end.post(path, body).status == 201
    studio.comes(IDENTITY)
    return studio.recorded(IDENTITY)


def held_film(company: Company, studio: Studio) -> tuple[Recording, str]:
    """A film of theirs that is held, and the hold's id."""
    film = studio.recorded(IDENTITY)
    hold = company.back_end.post("/v2/holds", {"recording_id": str(film.pk), "reason": "case 7"})
    return film, hold.data["id"]


def test_what_they_have_come_to_have_since_is_taken_as_well(acme: Company, studio: Studio) -> None:
    held, hold_id = held_film(acme, studio)
    first = order(acme)
    carry_on(2)
    film = come_back(acme, studio)
    again = order(acme)
    assert (again.status, again.data["id"]) == (202, first.data["id"])
    assert not Member.objects.filter(identity=IDENTITY).exists()
    assert mint(acme.person(IDENTITY), studio.room).refusal == (403, "not_a_member")
    carry_on()
    assert (Recording.objects.get(pk=film.pk).state, Recording.objects.get(pk=held.pk).state) == (
        "deleted",
        "kept",
    )
    acme.back_end.delete(f"/v2/holds/{hold_id}")
    carry_on()
    found = acme.back_end.get(f"{ERASURES}/{first.data['id']}").data
    assert (found["state"], found["removed"]["members"], found["removed"]["recordings"]) == ("finished", 2, 2)
    assert places_of(IDENTITY, NAME) == []


def test_names_stay_for_as_long_as_a_later_token_could_bring_them_back(acme: Company, studio: Studio) -> None:
    order(acme)
    come_back(acme, studio)
    order(acme)
    erasing.go_on_with_all(later(seconds=100))
    settle()
    assert Participant.objects.filter(identity=IDENTITY).count() == 2
    carry_on()
    assert places_of(IDENTITY, NAME) == []


def test_who_comes_back_after_the_last_order_is_somebody_new(acme: Company, studio: Studio) -> None:
    order(acme)
    old = come_back(acme, studio)
    order(acme)
    new = come_back(acme, studio)
    carry_on()
    assert Erasure.objects.get().state == "finished"
    assert (Recording.objects.get(pk=old.pk).state, Recording.objects.get(pk=new.pk).state) == (
        "deleted",
        "kept",
    )
    assert Participant.objects.get(identity=IDENTITY).pk == new.participant_id


def test_the_audit_says_that_it_was_ordered_again(acme: Company, studio: Studio) -> None:
    pseudonym = order(acme).data["pseudonym"]
    order(acme)
    carry_on()
    entries = AuditEntry.objects.filter(action__startswith="erasure.").order_by("occurred_at")
    assert [(entry.action, entry.subject) for entry in entries] == [
        ("erasure.ordered", pseudonym),
        ("erasure.ordered_again", pseudonym),
        ("erasure.finished", pseudonym),
    ]


@pytest.mark.parametrize("table", ["rooms_participant", "tenants_auditentry", "rooms_removal"])
def test_one_that_is_ordered_again_while_names_go_does_not_finish_without_it(
    acme: Company, studio: Studio, table: str
) -> None:
    order(acme)
    film = come_back(acme, studio)
    with when_first_written(table, lambda: order(acme)):
        go_on()
    assert Erasure.objects.get().state == "pending"
    carry_on()
    film.refresh_from_db()
    assert (Erasure.objects.get().state, film.state) == ("finished", "deleted")
    assert places_of(IDENTITY, NAME) == []


def test_one_that_was_broken_off_while_names_went_begins_with_the_films_again(
    acme: Company, studio: Studio
) -> None:
    order(acme)
    film = come_back(acme, studio)
    with pytest.raises(PowerCut), power_cut_at(8):
        go_on()
    assert "names_go_since" in Erasure.objects.get().receipt
    order(acme)
    carry_on()
    film.refresh_from_db()
    assert (Erasure.objects.get().state, film.state) == ("finished", "deleted")
    assert places_of(IDENTITY, NAME) == []
