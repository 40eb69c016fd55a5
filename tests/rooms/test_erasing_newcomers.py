"""Whoever comes under the same identity while an erasure waits for a hold is somebody new, however long it waits."""

from datetime import timedelta

from django.utils import timezone

from rooms import lingering, rounds
from rooms.models import Erasure, Participant, Recording
from tests.cast import Company
from tests.rooms.films import Studio
from tests.rooms.orders import settle
from tests.rooms.test_erasing import IDENTITY, carry_on, order, pseudonyms_are_of_this_database, studio
from tests.rooms.test_erasing_again import come_back, held_film
from tests.simulated import Simulator
from tests.tokens.doors import enter, mint
from tests.tokens.passing import Time, time
from tokens import tidying

__all__ = ["pseudonyms_are_of_this_database", "studio", "time"]


def finish(company: Company, hold_id: str) -> None:
    """Lift the hold, and let workers go on until nothing is left to do."""
    assert Erasure.objects.get().state == "waiting"
    company.back_end.delete(f"/v2/holds/{hold_id}")
    carry_on()
    assert Erasure.objects.get().state == "finished"
    lingering.delete_late_films(timezone.now())


def test_their_films_and_their_name_stay(acme: Company, studio: Studio) -> None:
    _, hold_id = held_film(acme, studio)
    order(acme)
    carry_on(2)
    film = come_back(acme, studio)
    finish(acme, hold_id)
    film.refresh_from_db()
    assert (film.state, film.participant.identity) == ("kept", IDENTITY)


def test_they_stay_when_nobody_remembers_their_grant_any_more(acme: Company, studio: Studio) -> None:
    old, hold_id = held_film(acme, studio)
    order(acme)
    carry_on(2)
    film = come_back(acme, studio)
    studio.over()
    assert tidying.forget_old(timezone.now() + timedelta(days=31)) > 0
    finish(acme, hold_id)
    film.refresh_from_db()
    old.refresh_from_db()
    assert (film.state, old.state) == ("kept", "deleted")
    person = Participant.objects.get(pk=film.participant_id)
    assert (person.identity, person.shown_identity) == (IDENTITY, IDENTITY)


def test_if_they_are_banned_they_are_put_out_also_after_it(acme: Company, studio: Studio) -> None:
    _, hold_id = held_film(acme, studio)
    order(acme)
    carry_on(2)
    come_back(acme, studio)
    studio.over()
    minted = enter(acme.person(IDENTITY), studio.room, token_ttl_secs=3600)
    assert acme.back_end.post("/v2/bans", {"identity": IDENTITY, "reason": "rude"}).status == 201
    finish(acme, hold_id)
    telnyx_id = studio.gathering.joins(minted)
    studio.gathering.hear()
    settle()
    assert not studio.gathering.is_in(telnyx_id)
    assert mint(acme.person(IDENTITY), studio.room).refusal == (403, "banned")


def test_what_is_made_of_the_others_when_their_own_recordings_are_gone_stays(
    acme: Company, simulator: Simulator, studio: Studio
) -> None:
    elsewhere = Studio.of(acme, simulator, {IDENTITY: "participant"})
    _, hold_id = held_film(acme, elsewhere)
    theirs, of_ana = studio.recorded(IDENTITY), studio.recorded("ana")
    session = {"session_id": str(of_ana.session_id)}
    shows_them = acme.back_end.post("/v2/room_compositions", session).data
    order(acme)
    carry_on(3)
    theirs.refresh_from_db()
    assert theirs.state == "deleted"
    shows_ana = acme.back_end.post("/v2/room_compositions", session).data
    carry_on(2)
    finish(acme, hold_id)
    left = [each["id"] for each in acme.back_end.get("/v2/room_compositions").data]
    assert left == [shows_ana["id"]] != [shows_them["id"]]
    assert Recording.objects.get(pk=of_ana.pk).state == "kept"


def test_who_copies_what_they_show_is_judged_also_after_it(acme: Company, studio: Studio, time: Time) -> None:
    """A device that shows the newcomer's context was taken for a second claimant, and is gone before the erasure is
    done; the newcomer then comes in again."""
    order(acme)
    come_back(acme, studio)
    minted = enter(acme.person(IDENTITY), studio.room, token_ttl_secs=3600)
    for _ in range(2):
        claimant = studio.gathering.joins(minted)
        studio.gathering.hear()
        time.passes(60)
        studio.gathering.asks()
    studio.gathering.leaves(claimant)
    studio.gathering.hear()
    time.passes(300)
    assert studio.gathering.person(claimant).attribution == "claimed"
    carry_on()
    assert Erasure.objects.get().state == "finished"
    assert studio.gathering.person(claimant).context == minted["context"]
    studio.gathering.joins(minted)
    studio.gathering.hear()
    rounds.attribute_and_evict(timezone.now())
    assert studio.gathering.person(claimant).attribution == "claimed"


def test_one_whose_context_was_taken_holds_up_nobody(acme: Company, studio: Studio, time: Time) -> None:
    """Of a grant that is alive, as may be left by an erasure of long ago."""
    minted = enter(acme.person(IDENTITY), studio.room, token_ttl_secs=3600)
    emptied = studio.gathering.joins(minted)
    studio.gathering.hear()
    Participant.objects.filter(telnyx_id=emptied).update(context="", attribution="claimed", identity=None)
    newcomer = studio.gathering.joins(minted)
    studio.gathering.hear()
    rounds.attribute_and_evict(timezone.now())
    assert studio.gathering.person(emptied).attribution == "claimed"
    assert studio.gathering.person(newcomer).identity == IDENTITY
