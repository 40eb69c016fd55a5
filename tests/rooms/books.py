"""A book of films that says, by rules of its own, what may be deleted: what an archive is compared with (`archives`).
Its time is its own; it asks no database and no clock."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from rooms.models import Hold


@dataclass
class Film:
    """What the book says of one film. Times are the archive's own, in days, which begin with 0."""

    kind: str
    id: UUID
    telnyx_id: UUID
    room: UUID
    # Of a recording; a composition shows everybody who was recorded in its room's session.
    identity: str
    history: list[str] = field(default_factory=list)
    completed: float | None = None
    until: float | None = None
    end: float | None = None
    ordered: bool = False


@dataclass
class Held:
    """A hold in force."""

    row: Hold
    covers: Callable[[Film], bool]


class Book:
    """What there is, what has happened to it, and what follows. `begun` and `deleted` are what was seen of others."""

    def __init__(self, rooms: Iterable[UUID]) -> None:
        self.films: dict[UUID, Film] = {}
        self.holds: list[Held] = []
        self.today = 0.0
        self.tenant_days, self.room_days = 30, dict.fromkeys(rooms, 0)
        self.recorded: dict[UUID, set[str]] = {room: set() for room in self.room_days}
        self.begun: set[UUID] = set()
        self.deleted: list[UUID] = []

    def note(self, what: str, covers: Callable[[Film], bool]) -> None:
        for film in self.films.values():
            if covers(film):
                film.history.append(what)

    def is_there(self, film: Film) -> bool:
        return film.id not in self.deleted

    def days_now(self, film: Film) -> int:
        return self.room_days[film.room] or self.tenant_days

    def follow(self, covers: Callable[[Film], bool]) -> None:
        """A retention has changed for these films."""
        for film in self.films.values():
            if (
                covers(film)
                and film.completed is not None
                and film.until is None
                and film.id not in self.begun
            ):
                self.move(film, film.completed + self.days_now(film))
                film.history.append("policy")

    def move(self, film: Film, end: float) -> None:
        """Later holds at once; sooner not before a day from now."""
        assert film.end is not None
        film.end = end if end >= film.end else max(end, min(film.end, self.today + 1))

    def shows(self, film: Film, identity: str) -> bool:
        """As far as is known by now: who is recorded later is shown by what was composed before too."""
        return identity in ({film.identity} if film.kind == "recording" else self.recorded[film.room])

    def is_held(self, film: Film) -> bool:
        return any(held.covers(film) for held in self.holds)

    def is_due(self, film: Film) -> bool:
        if film.completed is None or film.end is None:
            return False
        says = film.until if film.until is not None else film.completed + self.days_now(film)
        # Acts take seconds; what is due within the next minute may be taken to be.
        return max(film.end, says) <= self.today + 1 / 1440

    def stays(self, film: Film) -> bool:
        return film.id not in self.begun and (film.completed is None or self.is_held(film))
