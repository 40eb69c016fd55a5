"""An archive that anything happens to: people are recorded, films composed of them, completed (`vaults`), held, let go,
kept longer or shorter, grow old; purges begin, go on and die; Telnyx fails. Beside it is a book (`books`) that says
what may be deleted.

Every film has a history of its own, interleaved with those of the others. After each act the archive is compared with
the book: what was begun to be deleted had to be due and free at that moment, and what Telnyx deleted had to be begun.
"""

import uuid
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from rooms import deleting, holding, retaining, shredding
from rooms.models import Deletion, PurgeRun, Room
from tests.asking import Json
from tests.rooms.ageing import (
    A_DAY,
    carry_out_once,
    days_pass,
    is_anything_due,
    left,
    purge,
)
from tests.rooms.books import Film, Held
from tests.rooms.dying import Step, dies_at
from tests.rooms.films import Studio
from tests.rooms.vaults import MODELS, Vault
from videobroker.api.problems import Problem
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import Tenant

LOOKS = ["view_room_recording", "view_room_composition"]
DELETES = ["delete_room_recording", "delete_room_composition"]
# After answers like these nothing may be deleted: what they show is another film.
LIES = ("mutate", "swap_id")
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 503, "where": "after"},
    {"kind": "rate_limit", "reset": "1"},
    {"kind": "reset"},
    {"kind": "malformed"},
    {"kind": "truncate_json"},
    {"kind": "lost_answer", "how": "reset"},
    {"kind": "mutate", "field": "data.session_id", "value": str(uuid.UUID(int=7))},
    {"kind": "swap_id"},
]
STEPS = [
    Step("rooms.purging", "_begin_deletions", "call"),
    Step("rooms.deleting", "begin_all", "return"),
    Step("rooms.purging", "_begin_deletions", "return"),
    Step("rooms.deleting", "_lease", "return"),
    Step("rooms.shredding", "_about_to_ask", "return"),
    Step("rooms.shredding", "_delete", "return"),
    Step("rooms.deleting", "_finish", "return"),
]
# Beyond this nothing said about retention goes: whatever is free is due.
AGES = 3000.0


class Archive(Vault):
    """What happens to the films of a vault, and the comparison with the book."""

    def __init__(self, studios: list[Studio], foreign: Studio, seed: int) -> None:
        super().__init__(studios, foreign, seed)
        self.tenant: Tenant = studios[0].gathering.row.tenant
        self.tenants = Tenant.objects.filter(pk=self.tenant.pk)
        self.followed_days = 30
        self.tenants.update(recording_retention_days=30)
        Room.objects.filter(pk__in=self.studios).update(recording_retention_days=None)
        retaining.follow_tenants(timezone.now())
        self.in_hand: list[shredding.Case] = []
        self.last_entry = max((entry["id"] for entry in self.simulator.ledger()), default=0)
        self.looks: dict[str, str | None] = {}
        self.died = 0

    # --- What happens -------------------------------------------------------------------------------------

    def live(self, acts: int, films: int) -> None:
        """So many acts, in which so many films are made."""
        self.wanted = films
        kinds: list[tuple[Callable[[], None], int]] = [
            (self.record, 5), (self.complete, 6), (self.hold, 4), (self.lift, 4), (self.retain, 3),
            (self.room_policy, 2), (self.tenant_policy, 1), (self.time_passes, 6), (self.purge, 8),
            (self.delete_some, 6), (self.order, 2), (self.fault, 3), (self.die, 2), (self.restart, 3),
            (self.tell_late, 2), (self.unblock, 1), (self.read_some, 3), (self.delete_what_was_read, 3),
        ]  # fmt: skip
        weights = [weight for _, weight in kinds]
        for _ in range(acts):
            (act,) = self.chance.choices([act for act, _ in kinds], weights)
            self.act(act)
        while len(self.films) < films:
            self.act(self.record)

    def act(self, act: Callable[[], None]) -> None:
        act()
        self.acts += 1
        self.compare(act.__name__)

    def hold(self) -> None:
        """A room, a person or a film is held; a film only if its deletion has not begun."""
        film = self.any_film()
        if film is None:
            return
        subject = self.chance.choice(["room", "identity", film.kind, film.kind])
        value: Any = {
            "room": lambda: Room.objects.get(pk=film.room),
            "identity": lambda: film.identity,
            film.kind: lambda: self.row(film),
        }[subject]()
        try:
            placed = holding.place(HOUSE, self.tenant, {subject: value}, reason="a quarrel", holder="dee")
        except Problem:
            assert subject == film.kind
            assert film.id in self.begun, f"{film} is not being deleted and may be held"
            return
        assert {row.pk for row in placed.too_late_for} <= self.begun
        covers = {
            "room": lambda other, room=film.room: other.room == room,
            "identity": lambda other, identity=film.identity: self.shows(other, identity),
            film.kind: lambda other, pk=film.id: other.id == pk,
        }[subject]
        self.holds.append(Held(placed.hold, covers))
        self.note(f"hold {subject}", covers)

    def lift(self) -> None:
        if self.holds:
            held = self.holds.pop(self.chance.randrange(len(self.holds)))
            holding.lift(HOUSE, held.row, now=timezone.now())
            self.note("lift", held.covers)

    def retain(self) -> None:
        """A film is kept until then, or as its room says again."""
        film = self.any_film()
        if film is None or film.id in self.begun:
            return
        days = self.chance.choice([None, 1.01, 3, 45, 400])
        now = timezone.now()
        retaining.retain(HOUSE, self.row(film), None if days is None else now + days * A_DAY, now=now)
        film.until = None if days is None else self.today + days
        film.history.append(f"retain {days}")
        if film.completed is not None:
            self.move(film, film.until or film.completed + self.days_now(film))

    def room_policy(self) -> None:
        """One room's retention changes, through the front door."""
        room = self.chance.choice(list(self.studios))
        days = self.chance.choice([0, 1, 2, 7, 60])
        if days == self.room_days[room]:
            return
        body = {"recording_retention_days": days or None}
        back_end = self.studios[room].gathering.company.back_end
        assert back_end.patch(f"/v2/rooms/{room}", body).status == 200
        self.room_days[room] = days
        self.follow(lambda film: film.room == room)

    def tenant_policy(self) -> None:
        """The tenant's retention changes; expiries follow it at the next purge."""
        self.tenant_days = self.chance.choice([1, 5, 30, 90])
        Tenant.objects.filter(pk=self.tenant.pk).update(recording_retention_days=self.tenant_days)

    def follow_tenant(self) -> None:
        if self.followed_days != self.tenant_days:
            self.followed_days = self.tenant_days
            self.follow(lambda film: not self.room_days[film.room])

    def time_passes(self) -> None:
        """Days pass. Clocks stay as they are; the films grow older."""
        days = self.chance.choice([0.3, 0.9, 1.1, 4, 15, 40])
        days_pass(days)
        self.today += days
        self.note(f"{days} days", self.is_there)

    def purge(self) -> None:
        self.follow_tenant()
        purge(tenants=self.tenants)
        self.note("purge", self.is_there)

    def delete_some(self) -> None:
        """Some of what is due is tried once."""
        Deletion.objects.filter(state="pending").update(due_at=Now())
        for case in self.some_due():
            self.carry_out(case)

    def read_some(self) -> None:
        """A worker has read some of what is due, and comes to it later."""
        self.in_hand = self.some_due()

    def delete_what_was_read(self) -> None:
        for case in self.in_hand:
            self.carry_out(case)
        self.in_hand = []

    def some_due(self) -> list[shredding.Case]:
        due = shredding.cases_of(deleting.due())
        return self.chance.sample(due, min(len(due), self.chance.randint(1, 4)))

    def carry_out(self, case: shredding.Case) -> None:
        """Try it. What is not to be deleted any more goes only if Telnyx was asked before."""
        film = self.films.get(case.deletion.footage_id)
        asked = Deletion.objects.filter(pk=case.deletion.pk, answer=shredding.ASKED).exists()
        may_go = film is None or film.ordered or asked or self.is_due(film) or film.id in self.deleted
        deleting.carry_out(case, now=timezone.now())
        self.read_ledger("carrying out")
        assert film is None or may_go or film.id not in self.deleted, f"early, and yet deleted: {film}"

    def order(self) -> None:
        """Somebody orders a film deleted."""
        film = self.any_film()
        if film is not None:
            was_begun = film.id in self.begun
            begun = deleting.begin(self.row(film), cause=Deletion.Cause.ORDERED, ordered_by="x:y")
            film.ordered = film.ordered or begun is not None
            film.history.append(f"order {begun is not None}")
            assert begun is None or was_begun or not self.is_held(film), (
                f"held, and yet ordered deleted: {film}"
            )

    def fault(self) -> None:
        """Telnyx fails one of the next calls."""
        more = dict(self.chance.choice(FAULTS))
        operations = ["list_rooms"] if self.chance.random() < 0.2 else [*LOOKS, *DELETES]
        if more["kind"] in LIES:
            operations = LOOKS
        self.note(f"fault {more}", self.is_there)
        self.simulator.fault(more.pop("kind"), operations, times=1, **more)

    def die(self) -> None:
        """Whoever purges or deletes is killed at some step of it."""
        self.follow_tenant()
        Deletion.objects.filter(state="pending").update(due_at=Now())

        def work() -> None:
            purge(tenants=self.tenants)
            carry_out_once()

        step = self.chance.choice(STEPS)
        self.note(f"killed at {step}", self.is_there)
        self.died += dies_at(step, work)

    def restart(self) -> None:
        """The leases of whoever was killed have run out."""
        Deletion.objects.filter(state="leased").update(due_at=Now())

    def unblock(self) -> None:
        """An operator has looked at what was set aside."""
        for deletion in Deletion.objects.filter(state="blocked"):
            assert deleting.unblock(HOUSE, deletion)

    def any_film(self) -> Film | None:
        return self.chance.choice(list(self.films.values())) if self.films else None

    # --- The comparison -----------------------------------------------------------------------------------

    def compare(self, after: str) -> None:
        """Whether what was begun since the last look was due and free, and what was deleted had begun."""
        now_begun = set(
            Deletion.objects.filter(footage_id__in=self.films).values_list("footage_id", flat=True)
        )
        for film in (self.films[pk] for pk in now_begun - self.begun):
            assert not self.is_held(film), f"held, and yet begun after {after}: {film}"
            assert film.ordered or self.is_due(film), (
                f"early, and yet begun after {after} on {self.today}: {film}"
            )
        for film in (self.films[pk] for pk in self.begun - now_begun):
            # Kept again, which only what is not due any more may be; its end is what the row says.
            assert not film.ordered, f"ordered, and yet kept again after {after}: {film}"
            assert film.id not in self.deleted, f"deleted, and yet without a receipt after {after}: {film}"
        self.begun = now_begun
        self.read_ledger(after)

    def read_ledger(self, after: str) -> None:
        for entry in self.simulator.ledger(since=self.last_entry):
            self.last_entry = entry["id"]
            if entry["entry"] == "call":
                self.read_call(entry, after)
            elif entry["effect"] in ("recording.deleted", "composition.deleted"):
                ids = entry["ids"]
                self.read_deletion(ids.get("recording_id") or ids["composition_id"], after)

    def read_call(self, call: Json, after: str) -> None:
        """Nothing may be asked to be deleted that Telnyx has just shown as another film."""
        telnyx_id = call["path"].rsplit("/", 1)[-1]
        if call["operation"] in LOOKS:
            self.looks[telnyx_id] = call["fault"]
        elif call["operation"] in DELETES:
            assert self.looks[telnyx_id] not in LIES, (
                f"another film, and yet asked to go after {after}: {call}"
            )

    def read_deletion(self, telnyx_id: str, after: str) -> None:
        known = {str(film.telnyx_id): film for film in self.films.values()}
        assert telnyx_id not in self.foreign, f"foreign, and yet deleted after {after}"
        assert telnyx_id in known, f"of another archive, and yet deleted after {after}"
        film = known[telnyx_id]
        assert film.id in self.begun, f"not begun, and yet deleted after {after}: {film}"
        assert film.id not in self.deleted, f"deleted twice, after {after}: {film}"
        self.deleted.append(film.id)

    # --- The end ------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Everything that is due and free goes in the end, and nothing else: first under the holds that are in force
        now, then without any."""
        self.simulator.clear_faults()
        self.wanted = 0
        for film in self.films.values():
            film.history.append("settle")
        days_pass(AGES)
        self.today += AGES
        self.finish()
        self.assert_gone({film.id for film in self.films.values() if not self.stays(film)})
        while self.holds:
            self.act(self.lift)
        while any(film.completed is None for film in self.films.values()):
            self.act(self.complete)
        days_pass(AGES)
        self.today += AGES
        self.finish()
        self.assert_gone(set(self.films))
        self.assert_foreign_are_there()
        assert not self.simulator.calls("delete_room_recordings")

    def finish(self) -> None:
        for _ in range(200):
            self.act(self.restart)
            self.act(self.unblock)
            self.act(self.purge)
            carry_out_once()
            self.compare("finish")
            is_over = not left() and not PurgeRun.objects.exclude(state="finished").exists()
            if is_over and not is_anything_due(self.tenants):
                return
            PurgeRun.objects.exclude(state="running").update(checked_at=None)
        raise AssertionError(f"it does not come to an end: {left()}")

    def assert_gone(self, expected: set[UUID]) -> None:
        wrong = [self.films[pk] for pk in set(self.deleted) ^ expected]
        assert not wrong, f"should have been deleted, or should not: {wrong}"
        receipts = Deletion.objects.filter(footage_id__in=self.films, state="done")
        assert set(receipts.values_list("footage_id", flat=True)) == expected
        states = {
            pk: state
            for model in MODELS.values()
            for pk, state in model._default_manager.filter(pk__in=self.films).values_list("pk", "state")
        }
        assert states == {pk: "deleted" if pk in expected else "kept" for pk in self.films}


def histories(archive: Archive) -> set[tuple[str, ...]]:
    """The courses of events that there were."""
    return {tuple(film.history) for film in archive.films.values()}
