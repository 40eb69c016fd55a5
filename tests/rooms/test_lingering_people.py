"""Erased people who come to light late get the pseudonym, and strangers who showed their context lose the name."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rooms import lingering
from rooms.models import Erasure, Event, Participant
from tests.cast import Company
from tests.rooms.films import Studio, row
from tests.rooms.meanwhile import just_before, when_first_written
from tests.rooms.test_erasing import (
    IDENTITY,
    NAME,
    carry_on,
    order,
    places_of,
    pseudonyms_are_of_this_database,
    studio,
)
from tests.rooms.test_erasing_resumed import go_on
from tests.tokens.doors import enter
from tokens import attributing
from tokens.models import Grant

__all__ = ["pseudonyms_are_of_this_database", "studio"]


def held_back(studio: Studio, telnyx_id: str) -> Callable[[], None]:
    """What Telnyx tells of this participant is under way for long; call it, and it arrives."""
    told = {
        each["id"] for each in studio.gathering.told() if each["payload"].get("participant_id") == telnyx_id
    }
    studio.gathering.heard |= told

    def arrives() -> None:
        studio.gathering.heard -= told
        studio.gathering.hear()

    return arrives


def erased(acme: Company) -> str:
    """They are erased; their pseudonym."""
    order(acme)
    carry_on()
    erasure = Erasure.objects.get()
    assert erasure.state == "finished"
    return erasure.pseudonym


def test_one_of_whom_nobody_had_heard_gets_the_pseudonym(acme: Company, studio: Studio) -> None:
    minted = enter(acme.person(IDENTITY), studio.room)
    unheard = studio.gathering.joins(minted)
    studio.gathering.leaves(unheard)
    arrives = held_back(studio, unheard)
    pseudonym = erased(acme)
    arrives()
    found = studio.gathering.person(unheard)
    assert (found.identity, found.attribution, found.context) == (pseudonym, "attributed", "")
    assert Event.objects.filter(payload__participant_id=unheard).count() == 2
    assert places_of(IDENTITY, NAME, minted["context"].split(".")[1]) == []


def test_and_their_film_is_deleted(acme: Company, studio: Studio) -> None:
    studio.people["unheard"] = unheard = studio.gathering.comes(IDENTITY)
    film_id = studio.starts("unheard")
    studio.completes(film_id)
    studio.gathering.leaves(unheard)
    arrives = held_back(studio, unheard)
    erased(acme)
    arrives()
    lingering.delete_late_films(timezone.now())
    assert row(film_id).state == "deleting"


def test_and_they_are_put_out_should_they_still_be_in(acme: Company, studio: Studio) -> None:
    unheard = studio.gathering.comes(IDENTITY)
    arrives = held_back(studio, unheard)
    erased(acme)
    assert studio.gathering.is_in(unheard)
    arrives()
    carry_on(1)
    assert not studio.gathering.is_in(unheard)


def test_one_who_is_heard_of_while_names_go_is_found_afterwards(acme: Company, studio: Studio) -> None:
    minted = enter(acme.person(IDENTITY), studio.room)
    unheard = studio.gathering.joins(minted)
    studio.gathering.leaves(unheard)
    arrives = held_back(studio, unheard)
    order(acme)
    with when_first_written("tenants_auditentry", arrives):
        go_on()
    assert studio.gathering.person(unheard).attribution == "foreign"
    lingering.forget_strangers(timezone.now())
    assert studio.gathering.person(unheard).identity == Erasure.objects.get().pseudonym
    assert places_of(IDENTITY, NAME, minted["context"].split(".")[1]) == []


def test_somebody_new_of_the_same_name_is_nobody_who_was_erased(acme: Company, studio: Studio) -> None:
    erased(acme)
    Erasure.objects.update(created_at=timezone.now() - timedelta(hours=2))
    acme.back_end.post(f"/v2/rooms/{studio.room['id']}/members", {"identity": IDENTITY})
    unheard = studio.gathering.comes(IDENTITY)
    arrives = held_back(studio, unheard)
    Grant.objects.filter(identity=IDENTITY).delete()
    arrives()
    found = studio.gathering.person(unheard)
    assert (found.identity, found.attribution) == (None, "foreign")
    assert found.context


class TestStrangers:
    """Somebody copied the person's context."""

    @pytest.fixture
    def context(self, studio: Studio) -> str:
        return str(studio.person(IDENTITY).context)

    @pytest.fixture
    def copier(self, acme: Company, studio: Studio, context: str, time: Any) -> str:
        """Their id at Telnyx: for too long in with the person to be their new connection. We have heard nothing yet."""
        minted = enter(acme.person("ana"), studio.room)
        studio.people["copier"] = studio.gathering.joins(minted, context=context)
        time.passes(60)
        return studio.people["copier"]

    def test_one_who_is_still_in_loses_the_name_when_they_are_gone(
        self, acme: Company, studio: Studio, context: str, copier: str
    ) -> None:
        studio.gathering.hear()
        studio.gathering.asks()
        erased(acme)
        assert studio.gathering.person(copier).attribution == "claimed"
        lingering.forget_strangers(timezone.now())
        assert studio.gathering.person(copier).context == context
        studio.over()
        lingering.forget_strangers(timezone.now())
        assert places_of(IDENTITY, NAME, context.split(".")[1]) == []

    def test_one_of_whom_nobody_had_heard_is_not_taken_for_them(
        self, acme: Company, studio: Studio, context: str, copier: str
    ) -> None:
        film_id = studio.starts("copier")
        studio.completes(film_id)
        studio.gathering.leaves(copier)
        arrives = held_back(studio, copier)
        erased(acme)
        arrives()
        studio.gathering.asks()
        assert studio.gathering.person(copier).attribution == "claimed"
        for look in (lingering.forget_strangers, lingering.delete_late_films):
            look(timezone.now())
        assert row(film_id).state == "kept"
        assert places_of(IDENTITY, NAME, context.split(".")[1]) == []

    def test_it_is_not_looked_for_them_for_ever(
        self, acme: Company, studio: Studio, context: str, copier: str
    ) -> None:
        studio.gathering.hear()
        studio.gathering.asks()
        erased(acme)
        studio.over()
        lingering.forget_strangers(timezone.now() + lingering.FOLLOWED_FOR)
        assert studio.gathering.person(copier).context == context


def test_one_who_is_attributed_at_the_very_moment_of_the_erasure_is_not_named_again(
    acme: Company, studio: Studio
) -> None:
    """A worker has read the grant that the participant shows; another takes it and replaces all names; the first goes
    on."""
    found = Participant.objects.filter(pk=studio.person(IDENTITY).pk)
    found.update(role="", display_name="")
    person = found.select_related("session", "room", "tenant").get()
    order(acme)

    def erase() -> None:
        carry_on()
        assert Erasure.objects.get().state == "finished"

    with just_before(begins, erase):
        attribute(person)
    assert_named_by_nobody(person)


def attribute(*people: Participant) -> None:
    attributing.attribute(people, now=timezone.now())


def assert_named_by_nobody(person: Participant) -> None:
    """Nor when workers look again."""
    attribute(Participant.objects.select_related("session", "room", "tenant").get(pk=person.pk))
    lingering.forget_strangers(timezone.now())
    assert places_of(IDENTITY, NAME) == []


def begins(sql: str) -> bool:
    """Whether a transaction begins, in the one that the test is."""
    return sql.startswith("SAVEPOINT")
