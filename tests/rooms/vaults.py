"""Films as they come to be, at Telnyx and here, in two rooms of one tenant: recordings, and compositions of them. What
becomes of them afterwards happens in `archives`.

On the same Telnyx account is what nothing may touch: another tenant's films, of whom nobody purges, and what nobody
here knows.
"""

import random
import uuid
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from rooms import footage, purging
from rooms.models import Composition, Recording, Room
from tests.asking import Json
from tests.cast import Company
from tests.rooms.ageing import A_DAY, account_id_of, put_at_telnyx, stocked
from tests.rooms.books import Book, Film
from tests.rooms.films import Studio
from tests.simulated import Simulator

MODELS: Final[dict[str, type[Recording] | type[Composition]]] = {
    "recording": Recording,
    "composition": Composition,
}


def share_account(acme: Company, globex: Company) -> None:
    """Both are on acme's account from now on, as tenants are who have none of their own."""
    globex.change(account=acme.row.account)
    globex.telnyx_key = acme.telnyx_key


class Vault(Book):
    """`foreign` is another tenant's studio on the same account."""

    def __init__(self, studios: list[Studio], foreign: Studio, seed: int) -> None:
        super().__init__(UUID(str(studio.room["id"])) for studio in studios)
        self.chance = random.Random(seed)
        self.studios = {UUID(str(studio.room["id"])): studio for studio in studios}
        self.simulator: Simulator = studios[0].simulator
        self.account = account_id_of(self.simulator, str(studios[0].gathering.row.telnyx_id))
        # How many films there are to be in the end, and how many acts there have been.
        self.wanted = self.acts = 0
        self.people = {
            (room, identity): studio.person(identity)
            for room, studio in self.studios.items()
            for identity in ("ana", "bo")
        }
        self.telnyx_rooms = {
            room: str(studio.gathering.row.telnyx_id) for room, studio in self.studios.items()
        }
        for (room, identity), person in self.people.items():
            if Recording.objects.filter(session=person.session_id, participant__identity=identity).exists():
                self.recorded[room].add(identity)
        self.keep_foreign(foreign)

    def keep_foreign(self, foreign: Studio) -> None:
        """Another tenant's films, which are due and free; and films of our own session that we have never heard of."""
        unknown = [uuid.uuid4() for _ in range(2)]
        put_at_telnyx(self.simulator, next(iter(self.people.values())), unknown, timezone.now() - 40 * A_DAY)
        self.theirs = Recording.objects.filter(tenant=foreign.gathering.row.tenant_id)
        if not self.theirs.exists():
            stocked(foreign, 3, days_ago=40, of="gus")
        known = self.theirs.values_list("telnyx_id", flat=True)
        self.foreign = {str(telnyx_id) for telnyx_id in (*unknown, *known)}

    def record(self) -> None:
        """Some films begin, at Telnyx and here."""
        many = min(self.chance.randint(1, 4), self.wanted - len(self.films))
        made = [self.new_film() for _ in range(many)]
        for kind, model in MODELS.items():
            some = [film for film in made if film.kind == kind]
            self.simulator.put_state(**{f"{kind}s": [self.at_telnyx(film) for film in some]})
            model._default_manager.bulk_create(self.new_row(film) for film in some)
        self.films |= {film.id: film for film in made}
        for film in made:
            if film.kind == "recording":
                self.recorded[film.room].add(film.identity)

    def new_film(self) -> Film:
        room, identity = self.chance.choice(list(self.people))
        where = list(self.studios).index(room)
        kind = self.chance.choice(["recording", "recording", "composition"])
        history = [f"{kind} of {identity} in room {where} at {self.acts}"]
        return Film(kind, uuid.uuid4(), uuid.uuid4(), room, identity, history)

    def at_telnyx(self, film: Film) -> Json:
        person = self.people[film.room, film.identity]
        of_recordings = {"participant_id": str(person.telnyx_id), "type": "video"}
        return {
            "id": str(film.telnyx_id), "account_id": self.account, "status": "processing",
            "room_id": self.telnyx_rooms[film.room], "session_id": str(person.session.telnyx_id),
            **(of_recordings if film.kind == "recording" else {}),
        }  # fmt: skip

    def new_row(self, film: Film) -> Any:
        person = self.people[film.room, film.identity]
        of_recordings = {"participant": person, "type": "video"}
        return MODELS[film.kind](
            id=film.id, telnyx_id=film.telnyx_id, tenant_id=person.tenant_id, room_id=film.room,
            session=person.session, status="processing",
            **(of_recordings if film.kind == "recording" else {"ordered_by": "x:y"}),
        )  # fmt: skip

    def row(self, film: Film) -> Any:
        """Our row, with what it is part of."""
        rows = MODELS[film.kind]._default_manager.select_related("session", "room", "room__tenant")
        return rows.get(pk=film.id)

    def complete(self) -> None:
        """Some that run are complete."""
        running = [film for film in self.films.values() if film.completed is None]
        some = self.chance.sample(running, min(len(running), self.chance.randint(1, 5)))
        now = datetime.now(UTC)
        done = {"status": "completed", "completed_at": now.isoformat()}
        for kind in MODELS:
            ids = [str(film.telnyx_id) for film in some if film.kind == kind]
            self.simulator.put_state(**{f"{kind}s": [{"id": each, **done} for each in ids]})
        for film in some:
            self.tell(film, now)
            film.history.append("complete")
            film.completed = self.today
            film.end = film.until or self.today + self.days_now(film)

    def tell(self, film: Film, completed_at: datetime) -> None:
        """What reconciling would find, merged as it does."""
        person = self.people[film.room, film.identity]
        room = Room.objects.select_related("tenant", "account").get(pk=film.room)
        facts = footage.Facts(status="completed", completed_at=completed_at)
        if film.kind == "composition":
            footage.composition_told(self.row(film), facts)
            return
        telnyx_ids = (person.session.telnyx_id, person.telnyx_id, film.telnyx_id)
        footage.recording_told(room, *telnyx_ids, "video", facts)

    def tell_late(self) -> None:
        """An old webhook comes once more. It brings nothing back to life."""
        gone = [film for film in self.films.values() if film.id in self.deleted]
        for film in self.chance.sample(gone, min(len(gone), 2)):
            self.tell(film, datetime.now(UTC))
            film.history.append("told late")

    def assert_foreign_are_there(self) -> None:
        there = {recording["id"] for recording in self.simulator.state()["recordings"]}
        assert self.foreign <= there
        assert not self.theirs.exclude(state="kept").exists()
        assert (
            purging.due(Recording, timezone.now()).filter(pk__in=self.theirs).count() == self.theirs.count()
        )
