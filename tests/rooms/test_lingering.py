"""Films of erased people that come to light late go too, and films that do not show them stay."""

import uuid
from datetime import timedelta

from django.utils import timezone

from rooms import counting, lingering, reconciling, vanishing
from rooms.models import Composition, Deletion, Erasure, Participant, Recording
from tests.cast import Company
from tests.rooms.films import Studio
from tests.rooms.test_erasing import IDENTITY, carry_on, order, pseudonyms_are_of_this_database, studio

__all__ = ["pseudonyms_are_of_this_database", "studio"]

COMPOSITIONS = "/v2/room_compositions"


def come_to_light() -> Recording:
    """A recording of the erased person, of which nobody had told us."""
    person = Participant.objects.get(identity__startswith="erased:")
    return Recording.objects.create(
        tenant_id=person.tenant_id, room_id=person.room_id, session_id=person.session_id, participant=person,
        telnyx_id=uuid.uuid4(), status="completed", type="audio",
    )  # fmt: skip


def composed(acme: Company) -> Composition:
    """A film that is ordered now of the session they were in."""
    session_id = Participant.objects.get(identity__startswith="erased:").session_id
    made = acme.back_end.post(COMPOSITIONS, {"session_id": str(session_id)})
    assert made.status == 202, made
    return Composition.objects.get(pk=made.data["id"])


def state_of(film: Recording | Composition) -> str:
    film.refresh_from_db()
    return film.state


def test_a_film_that_comes_to_light_afterwards_is_deleted_too(acme: Company, studio: Studio) -> None:
    order(acme)
    carry_on()
    film = come_to_light()
    lingering.delete_late_films(timezone.now())
    assert state_of(film) == "deleting"


def test_one_that_had_vanished_and_is_kept_again_is_deleted_too(acme: Company, studio: Studio) -> None:
    film = studio.recorded(IDENTITY)
    vanishing.note(film)
    order(acme)
    carry_on()
    assert Erasure.objects.get().state == "finished"
    last_moment = timezone.now() - counting.VANISHED_LATELY + timedelta(minutes=1)
    Deletion.objects.update(done_at=last_moment)
    Erasure.objects.update(finished_at=last_moment)
    reconciling.check_account(acme.row.account, now=timezone.now())
    assert state_of(film) == "kept"
    lingering.delete_late_films(timezone.now() + timedelta(hours=12))
    assert state_of(film) == "deleting"


def test_and_so_is_what_was_composed_while_it_was_there(acme: Company, studio: Studio) -> None:
    studio.recorded("ana")
    order(acme)
    carry_on()
    film, shown = come_to_light(), composed(acme)
    lingering.delete_late_films(timezone.now())
    shown_later = composed(acme)
    Deletion.objects.filter(footage_id=film.pk).update(state="done", done_at=timezone.now())
    Recording.objects.filter(pk=film.pk).update(state="deleted")
    lingering.delete_late_films(timezone.now())
    assert (state_of(shown), state_of(shown_later)) == ("deleting", "deleting")


def test_what_is_composed_when_their_recordings_are_gone_stays(acme: Company, studio: Studio) -> None:
    studio.recorded(IDENTITY)
    studio.recorded("ana")
    order(acme)
    carry_on()
    film = composed(acme)
    lingering.delete_late_films(timezone.now())
    assert state_of(film) == "kept"
    assert acme.back_end.get(f"{COMPOSITIONS}/{film.pk}").status == 200
