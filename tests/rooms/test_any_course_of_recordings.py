"""In whatever order, however often, and however little of it Telnyx tells of recordings, and whenever it is asked: in
the end the rows say what is so, each fact was told once, and what was deleted stayed so."""

import os
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rooms import events, reconciling
from rooms.models import Delivery, Event, Recording, Room
from tests.asking import Json
from tests.cast import Company
from tests.rooms.orders import settle
from tests.simulated import Simulator

COURSES = int(os.environ.get("COURSES", "12"))  # more of them find rarer ones, when there is time
PREFIX = "video.room."


@dataclass(frozen=True)
class Film:
    """A recording as Telnyx has it. Of one that is not complete nobody knows the end."""

    of: int
    kind: str
    started_secs: int
    length_secs: int
    processed_secs: int
    is_complete: bool
    telnyx_id: str = field(default_factory=lambda: str(uuid.uuid4()))


films = st.builds(
    Film,
    of=st.integers(0, 1),
    kind=st.sampled_from(["audio", "video"]),
    started_secs=st.integers(0, 500),
    length_secs=st.integers(1, 500),
    processed_secs=st.integers(0, 30),
    is_complete=st.booleans(),
)


@dataclass
class Sitting:
    """A session of two people that is over, at Telnyx."""

    room: Room
    films: list[Film]
    begin: datetime
    telnyx_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    people: list[str] = field(default_factory=lambda: [str(uuid.uuid4()), str(uuid.uuid4())])

    def at(self, secs: int) -> datetime:
        return self.begin + timedelta(seconds=secs)

    def truth(self, film: Film) -> Json:
        ended = film.started_secs + film.length_secs
        complete = film.is_complete
        return {
            "status": "completed" if complete else "processing",
            "started_at": self.at(film.started_secs),
            "ended_at": self.at(ended) if complete else None,
            "completed_at": self.at(ended + film.processed_secs) if complete else None,
            "duration_secs": film.length_secs if complete else None,
            "size_mb": film.length_secs / 8 if complete else None,
            "codec": "opus" if film.kind == "audio" else "vp8",
        }

    def put(self, simulator: Simulator) -> None:
        people = [
            {
                "id": each,
                "context": None,
                "joined_at": self.at(0).isoformat(),
                "left_at": self.at(1200).isoformat(),
            }
            for each in self.people
        ]
        session = {
            "id": self.telnyx_id, "room_id": str(self.room.telnyx_id), "created_at": self.at(0).isoformat(),
            "active": False, "ended_at": self.at(1200).isoformat(), "participants": people,
        }  # fmt: skip
        recordings = [
            {
                "id": film.telnyx_id, "session_id": self.telnyx_id, "room_id": str(self.room.telnyx_id),
                "participant_id": self.people[film.of], "type": film.kind,
                **{name: _plain(value) for name, value in self.truth(film).items()},
            }
            for film in self.films
        ]  # fmt: skip
        simulator.put_state(sessions=[session], recordings=recordings)

    def told(self) -> list[Event]:
        """What Telnyx tells, with times a little after those that it answers."""
        found = [
            self._event("session.started", 0),
            self._event("session.ended", 1200, ended_reason="empty"),
            *(
                self._event("participant.joined", 0, participant_id=each, context=None)
                for each in self.people
            ),
        ]
        for film in self.films:
            what = {"participant_id": self.people[film.of], "recording_id": film.telnyx_id, "type": film.kind}
            found.append(self._event("recording.started", film.started_secs + 1, **what))
            if film.is_complete:
                known = {name: self.truth(film)[name] for name in ("size_mb", "duration_secs", "codec")}
                at = film.started_secs + film.length_secs + film.processed_secs + 1
                found.append(self._event("recording.completed", at, **what, **known))
        return found

    def _event(self, name: str, secs: int, **more: Any) -> Event:
        payload = {"session_id": self.telnyx_id, "room_id": str(self.room.telnyx_id), **more}
        return Event(
            account=self.room.account, telnyx_id=str(uuid.uuid4()), event_type=f"{PREFIX}{name}",
            occurred_at=self.at(secs), payload=payload,
        )  # fmt: skip


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def apply(event: Event) -> None:
    """Have it come in, or come in again."""
    if event._state.adding:
        event.save(force_insert=True)
    else:
        Event.objects.filter(pk=event.pk).update(state=Event.State.PENDING)
    events.apply_all()


def ask(room: Room) -> None:
    reconciling.reconcile(
        Room.objects.select_related("account", "tenant").get(pk=room.pk), now=timezone.now()
    )


def course(data: st.DataObject, session: Sitting) -> list[Event | None]:
    """Some of what is told, some of it twice, in some order; None is when Telnyx is asked."""
    told = session.told()
    heard = [event for event in told for _ in range(data.draw(st.sampled_from([0, 1, 1, 2])))]
    return list(data.draw(st.permutations([*heard, *([None] * data.draw(st.integers(0, 2)))])))


@settings(
    max_examples=COURSES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(recorded=st.lists(films, min_size=1, max_size=4), data=st.data())
def test_the_rows_say_what_is_so(
    acme: Company, simulator: Simulator, recorded: list[Film], data: st.DataObject
) -> None:
    made = acme.new_room(enable_recording=True, webhook_event_url="http://127.0.0.1/hook")
    settle()
    room = Room.objects.select_related("account", "tenant").get(pk=made["id"])
    session = Sitting(room, recorded, timezone.now() - timedelta(minutes=40))
    session.put(simulator)
    deleted: set[str] = set()
    for event in course(data, session):
        ask(room) if event is None else apply(event)
        if data.draw(st.sampled_from([False] * 9 + [True])) and Recording.objects.filter(room=room).exists():
            gone = data.draw(st.sampled_from(sorted(film.telnyx_id for film in recorded)))
            if Recording.objects.filter(telnyx_id=gone).update(state="deleted"):
                deleted.add(gone)
    for _ in range(2):
        reconciling.check_account(room.account, now=timezone.now())
        ask(room)
    assert_so(session, deleted)
    assert_told_once(room, recorded)


def assert_so(session: Sitting, deleted: set[str]) -> None:
    rows = Recording.objects.filter(room=session.room).select_related("participant", "session")
    assert {str(row.telnyx_id) for row in rows} == {film.telnyx_id for film in session.films}
    kept_for = timedelta(days=session.room.tenant.recording_retention_days)
    for film in session.films:
        row = rows.get(telnyx_id=film.telnyx_id)
        truth = session.truth(film)
        assert {name: getattr(row, name) for name in truth} == truth
        assert (row.type, str(row.participant.telnyx_id)) == (film.kind, session.people[film.of])
        assert str(row.session.telnyx_id) == session.telnyx_id
        assert row.expires_at == (truth["completed_at"] + kept_for if film.is_complete else None)
        assert row.state == ("deleted" if film.telnyx_id in deleted else "kept")


def assert_told_once(room: Room, recorded: list[Film]) -> None:
    told = Delivery.objects.filter(room=room, event_type__startswith=f"{PREFIX}recording.")
    facts = [(each.event_type.removeprefix(f"{PREFIX}recording."), each.subject_id) for each in told]
    ours = {film.telnyx_id: Recording.objects.get(telnyx_id=film.telnyx_id).pk for film in recorded}
    expected = [("started", ours[film.telnyx_id]) for film in recorded]
    expected += [("completed", ours[film.telnyx_id]) for film in recorded if film.is_complete]
    assert sorted(facts) == sorted(expected)
    sequences = sorted(Delivery.objects.filter(room=room).values_list("sequence", flat=True))
    assert sequences == list(range(1, len(sequences) + 1))
