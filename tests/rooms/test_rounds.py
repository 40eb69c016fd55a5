"""What workers do by themselves, with nobody to wake them: every round is there, and does what it is for."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from rooms.models import AccountCheck, Composition, Erasure, PurgeRun, Recording, Room, Session
from rooms.rounds import ROUNDS
from tests.cast import Company
from tests.rooms.ageing import days_pass
from tests.rooms.compositions import CuttingRoom, cutting_room
from tests.rooms.films import Studio
from tests.rooms.orders import at_telnyx, settle
from tests.rooms.receivers import Receiver
from tests.rooms.test_erasing import carry_on, order, pseudonyms_are_of_this_database
from tests.rooms.test_lingering import come_to_light, state_of
from tests.rooms.webhooks import body_of
from tests.simulated import Simulator, wait_until
from tests.tokens.passing import ahead
from tests.workers import start_worker
from tokens.models import Grant
from videobroker.tenants.models import User

__all__ = ["cutting_room", "pseudonyms_are_of_this_database"]

# A port that nobody listens at: no wake-up reaches the worker, not even one of its own.
NOWHERE = "redis://127.0.0.1:1/0"
PATIENCE_SECS = 30

WHAT_FOR = {
    "carry_out": "orders that no wake-up reached, or that are to be tried again",
    "apply_events": "webhooks whose wake-up was lost",
    "reconcile_due": "what no webhook told of rooms where somebody is in",
    "attribute_and_evict": "people who are not named yet, or may not be in though nothing happened",
    "tell_untold": "facts that a process died over before it told them",
    "deliver_due": "deliveries that no wake-up reached, or that are to be tried again",
    "follow_schedules": "rooms that close and open by the clock",
    "follow_compositions": "films whose completion no webhook told of",
    "compose_ended": "sessions that become films by themselves",
    "check_accounts": "what no webhook told of quiet rooms, and compositions whose order was lost",
    "follow_retention": "a tenant's retention that has changed",
    "begin_purges": "films that have been kept for as long as they should be",
    "purge": "purges that have begun",
    "delete_due": "deletions that no wake-up reached, or that are to be tried again",
    "erase": "erasures that were ordered",
    "delete_late_films": "films of erased people that come to light late",
    "forget_strangers": "contexts of erased people that others had copied",
}


def test_every_round_is_made_and_there_is_none_of_which_nobody_knows_what_it_is_for() -> None:
    assert sorted(each.name for each in ROUNDS) == sorted(WHAT_FOR)


def make(name: str) -> None:
    """Make the round of this name once."""
    [found] = [each for each in ROUNDS if each.name == name]
    found.make(timezone.now())


# --- Rounds that come too seldom to be waited for ---------------------------------------------------------


def test_a_purge_begins_by_itself_after_the_ends_have_followed_the_retention(
    acme: Company, studio: Studio
) -> None:
    film = studio.recorded("bo")
    days_pass(40, film)
    acme.change(recording_retention_days=90)
    make("begin_purges")
    assert not PurgeRun.objects.exists()
    days_pass(60, film)
    make("begin_purges")
    assert PurgeRun.objects.get().tenant == acme.row


def test_a_late_film_of_somebody_who_was_erased_is_deleted_by_itself(acme: Company, studio: Studio) -> None:
    order(acme, "bo")
    carry_on()
    film = come_to_light()
    make("delete_late_films")
    assert state_of(film) == "deleting"


def test_an_account_is_gone_through_by_itself_for_recordings_and_compositions(
    cutting_room: CuttingRoom,
) -> None:
    composition, unheard_of = cutting_room.sent(), cutting_room.studio.starts("ana")
    cutting_room.await_complete(composition)
    for _ in range(2):  # whoever sees an account for the first time gives it a turn
        make("check_accounts")
        AccountCheck.objects.update(due_at=timezone.now())
    composition.refresh_from_db()
    assert composition.status == "completed"
    assert Recording.objects.filter(telnyx_id=unheard_of).exists()


# --- A worker that nobody wakes ---------------------------------------------------------------------------


@dataclass
class Scene:
    """Where something is due, or has happened past us. In globex's studio is gus."""

    acme: Company
    globexs: Studio
    simulator: Simulator
    receiver: Receiver


IsDone = Callable[[], bool]


def a_session_becomes_a_film(scene: Scene) -> IsDone:
    """Nobody has told us that it was recorded and has ended. That the film is complete Telnyx tells us: it is kept, and
    that is all."""
    studio = Studio.of(scene.acme, scene.simulator, {"ana": "moderator"}, auto_compose=True)
    studio.completes(studio.starts("ana"))
    studio.gathering.leaves(studio.people["ana"])
    Room.objects.filter(pk=studio.room["id"]).update(reconcile_due_at=timezone.now())
    heard: list[str] = []

    def is_complete() -> bool:
        film = Composition.objects.filter(is_automatic=True).first()
        if film is not None and not heard:
            for event in studio.gathering.told():
                if event["payload"].get("composition_id") == str(film.telnyx_id):
                    heard.append(event["id"])
                    body = body_of(event["event_type"], event["payload"], event_id=event["id"])
                    assert studio.gathering.post.hand_in(body).status == 200
        return film is not None and film.status == "completed"

    return is_complete


def a_person_is_erased(scene: Scene) -> IsDone:
    """Of whom there is a film, and whose last token is over."""
    studio = Studio.of(scene.acme, scene.simulator, {"bo": "participant"})
    film = studio.recorded("bo")
    Grant.objects.filter(identity="bo").update(client_token_expires_at=timezone.now())
    erasure_id = order(scene.acme, "bo").data["id"]

    def is_erased() -> bool:
        is_finished = Erasure.objects.filter(pk=erasure_id, state="finished").exists()
        return is_finished and not studio.is_at_telnyx(film)

    return is_erased


def a_tenant_keeps_for_longer(scene: Scene) -> IsDone:
    film = scene.globexs.recorded("gus")
    assert film.completed_at is not None
    until = film.completed_at + timedelta(days=90)
    scene.globexs.gathering.company.change(recording_retention_days=90)
    return lambda: Recording.objects.filter(pk=film.pk, expires_at=until).exists()


def a_purge_has_begun(scene: Scene) -> IsDone:
    film = scene.globexs.recorded("gus")
    days_pass(100, film)
    PurgeRun.objects.create(tenant_id=film.tenant_id)
    return lambda: not scene.globexs.is_at_telnyx(film)


def a_film_is_complete_and_nobody_says_so(scene: Scene) -> IsDone:
    """From here on nobody may hear what was told of globex's studio."""
    scene.globexs.recorded("gus")
    cutting_room = CuttingRoom(scene.globexs)
    film = cutting_room.sent()
    cutting_room.await_complete(film)
    Composition.objects.filter(pk=film.pk).update(ask_due_at=timezone.now())
    return lambda: Composition.objects.filter(pk=film.pk, status="completed").exists()


def somebody_who_is_in_is_deactivated(scene: Scene) -> IsDone:
    """And their room is not looked at for now."""
    studio = scene.globexs
    Room.objects.filter(pk=studio.room["id"]).update(reconcile_due_at=None)
    User.objects.create(username="gus", tenant=studio.gathering.company.row, identity="gus", is_active=False)
    return lambda: not studio.gathering.is_in(studio.people["gus"])


def a_fact_was_left_untold(scene: Scene) -> IsDone:
    room = Room.objects.get(pk=scene.acme.new_room(webhook_event_url=scene.receiver.url)["id"])
    now = timezone.now()
    Session.objects.create(
        room=room, tenant_id=room.tenant_id, telnyx_id=uuid4(), started_at=now, ended_at=now, confirmed_at=now
    )
    # Two that are sent at the same time may arrive in any order.
    return lambda: sorted(scene.receiver.kinds) == ["session.ended", "session.started"]


def a_room_closes(scene: Scene) -> IsDone:
    room = scene.acme.new_room(closes_at=ahead(hours=1))
    settle()
    assert at_telnyx(scene.simulator, room)
    Room.objects.filter(pk=room["id"]).update(closes_at=timezone.now())
    return lambda: not at_telnyx(scene.simulator, room)


DUE = (
    a_session_becomes_a_film, a_person_is_erased, a_tenant_keeps_for_longer, a_purge_has_begun,
    a_film_is_complete_and_nobody_says_so, somebody_who_is_in_is_deactivated, a_fact_was_left_untold, a_room_closes,
)  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_nobody_wakes_does_all_that_is_due(
    acme: Company, globex: Company, simulator: Simulator, receiver: Receiver, tmp_path: Path
) -> None:
    scene = Scene(acme, Studio.of(globex, simulator, {"gus": "moderator"}), simulator, receiver)
    left = {each.__name__: each(scene) for each in DUE}
    assert not [name for name, is_done in left.items() if is_done()]

    def all_is_done() -> bool:
        for name in [name for name, is_done in left.items() if is_done()]:
            del left[name]
        return not left

    with start_worker(tmp_path, ready="Cannot connect", REDIS_URL=NOWHERE) as worker:
        with suppress(AssertionError):  # what is left says more
            wait_until(all_is_done, PATIENCE_SECS, pause_secs=0.1)
        worker.kill()  # which would go on looking for its broker for a while
    assert not left, f"not done: {', '.join(left)}\n{worker.log}"
