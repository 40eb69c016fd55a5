"""Recordings are mirrored from what Telnyx tells, and known by whose they are."""

import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations

import pytest

from rooms import events, footage, mirroring
from rooms.footage import Facts
from rooms.models import Event, Footage, Participant, Recording, Room, Session
from tests.asking import Json
from tests.cast import Company
from tests.rooms.films import Studio, row
from tests.rooms.webhooks import Post, body_of
from tests.simulated import Simulator
from tests.tokens.together import at_once

# Of today: of a time before the room was made nothing would be believed.
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
SESSION, PERSON, FILM = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


def at(secs: int) -> datetime:
    return NOON + timedelta(seconds=secs)


class TestWhatIsTold:
    def test_a_recording_is_known_from_its_start_by_whose_it_is(self, studio: Studio) -> None:
        film = studio.filming("bo")
        assert (film.type, film.status, film.state) == ("video", "processing", "kept")
        assert film.participant == studio.person("bo")
        assert film.participant.identity == "bo"
        assert film.started_at is not None
        assert (film.completed_at, film.expires_at) == (None, None)

    def test_a_complete_one_has_its_measures_and_an_end(self, studio: Studio) -> None:
        film = studio.recorded("bo", "audio", duration_secs=90, size_mb=1.5)
        assert (film.status, film.duration_secs, film.size_mb, film.codec) == ("completed", 90, 1.5, "opus")
        assert film.completed_at is not None
        assert film.expires_at is not None
        kept_days = studio.gathering.company.row.recording_retention_days
        assert film.expires_at - film.completed_at == timedelta(days=kept_days)

    def test_who_leaves_is_recorded_to_the_end(self, studio: Studio) -> None:
        studio.filming("ana")
        studio.over()
        assert Recording.objects.get().status == "completed"

    def test_one_told_of_before_its_people_are_brings_them_with_it(self, studio: Studio) -> None:
        telnyx_id = studio.starts("bo")
        news = [
            event for event in studio.gathering.told() if event["event_type"].endswith("recording.started")
        ]
        Session.objects.all().delete()
        studio.gathering.post.deliver(news)
        film = row(telnyx_id)
        assert str(film.participant.telnyx_id) == studio.people["bo"]
        assert film.participant.joined_at is None
        studio.gathering.asks()
        assert row(telnyx_id).participant.identity == "bo"

    @pytest.mark.parametrize(
        "strange", [{"type": "smell"}, {"type": None}, {"recording_id": "1"}, {"participant_id": 7}]
    )
    def test_an_event_that_lacks_what_matters_is_set_aside(self, studio: Studio, strange: Json) -> None:
        payload = studio.gathering.told()[-1]["payload"]
        told = {**payload, "recording_id": str(uuid.uuid4()), "type": "video", **strange}
        studio.gathering.post.hand_in(body_of("video.room.recording.started", told))
        for _ in range(events.MAX_ATTEMPTS):
            events.apply_all()
        assert Event.objects.get(event_type="video.room.recording.started").state == "failed"
        assert not Recording.objects.exists()

    @pytest.mark.parametrize("strange", [-1, "9", True, 2**31, 1e300, {}, None])
    def test_a_measure_that_is_none_does_not_keep_the_rest_from_being_known(
        self, studio: Studio, strange: object
    ) -> None:
        film = studio.filming("bo")
        studio.completes(str(film.telnyx_id))
        told = studio.gathering.told()[-1]
        told["payload"] |= {"size_mb": strange, "duration_secs": strange, "codec": strange}
        studio.gathering.post.deliver([told])
        found = row(str(film.telnyx_id))
        assert found.status == "completed"
        assert (found.size_mb, found.duration_secs) == (None, None)


class TestWhoseItIs:
    def test_another_account_can_tell_nothing_about_it(
        self, studio: Studio, globex: Company, simulator: Simulator
    ) -> None:
        film = studio.filming("bo")
        theirs = Studio.of(globex, simulator, {"gus": "moderator"})
        for payload in (
            studio.gathering.told()[-1]["payload"],
            {**theirs.gathering.told()[-1]["payload"], "recording_id": str(film.telnyx_id), "type": "video"},
        ):
            theirs.gathering.post.hand_in(body_of("video.room.recording.completed", payload))
            events.apply_all()
        assert (row(str(film.telnyx_id)).status, Recording.objects.count()) == ("processing", 1)

    def test_a_composition_of_somebody_elses_is_put_aside(self, studio: Studio) -> None:
        payload = {**studio.gathering.told()[-1]["payload"], "composition_id": str(uuid.uuid4())}
        studio.gathering.post.hand_in(body_of("video.room.composition.completed", payload))
        events.apply_all()
        assert Event.objects.get(event_type="video.room.composition.completed").state == "foreign"


class TestMerging:
    @pytest.fixture
    def room(self, demo_room: Json) -> Room:
        return Room.objects.select_related("tenant", "account").get(pk=demo_room["id"])

    def told(self, room: Room, facts: Facts) -> mirroring.Changes:
        return footage.recording_told(room, SESSION, PERSON, FILM, "video", facts)

    def facts(self) -> list[Facts]:
        """The two webhooks and what Telnyx answers before and after, which knows better."""
        return [
            Facts(status="processing", started_at=at(2)),
            Facts(status="completed", completed_at=at(63), size_mb=9.0, duration_secs=60, codec="vp8"),
            Facts(status="processing", started_at=at(1)),
            Facts(
                status="completed", started_at=at(1), ended_at=at(61), completed_at=at(62), size_mb=9.5,
                duration_secs=60, codec="vp8",
            ),
        ]  # fmt: skip

    def test_any_order_with_repeats_gives_the_same_row_and_tells_each_fact_once(self, room: Room) -> None:
        kept_for = timedelta(days=room.tenant.recording_retention_days)
        for order in permutations(self.facts()):
            news = [name for facts in (*order, *order) for name in self.told(room, facts).news]
            film = row(str(FILM))
            shown = (
                film.status, film.started_at, film.ended_at, film.completed_at, film.size_mb, film.duration_secs,
                film.codec, film.expires_at,
            )  # fmt: skip
            assert shown == ("completed", at(1), at(61), at(62), 9.5, 60, "vp8", at(62) + kept_for), order
            assert sorted(news) == ["recording.completed", "recording.started", "session.started"], order
            Session.objects.all().delete()

    @pytest.mark.parametrize("state", [Footage.State.DELETING, Footage.State.DELETED])
    def test_nothing_late_brings_back_what_was_deleted(self, room: Room, state: str) -> None:
        first, *late = self.facts()
        self.told(room, first)
        Recording.objects.update(state=state)
        for facts in late:
            self.told(room, facts)
        assert Recording.objects.get().state == state

    def test_a_completed_one_is_never_in_the_making_again(self, room: Room) -> None:
        for status in ("processing", "completed", "processing", "enqueued", "failed", ""):
            completed_at = at(9) if status == "completed" else None
            self.told(room, Facts(status=status, completed_at=completed_at))
        assert Recording.objects.get().status == "completed"

    def test_a_time_of_its_own_is_not_moved(self, room: Room) -> None:
        for facts in self.facts()[:2]:
            self.told(room, facts)
        Recording.objects.update(retain_until=at(99), expires_at=at(99))
        for facts in self.facts():
            self.told(room, facts)
        assert Recording.objects.get().expires_at == at(99)

    def test_an_end_counted_from_less_is_put_off_when_it_is_complete_and_never_brought_forward(
        self, room: Room
    ) -> None:
        self.told(room, Facts(status="processing", started_at=at(0)))
        session = Session.objects.get()
        mirroring.session_ended(room, session.telnyx_id, at(50))
        footage.settle_for_what_is_known(row(str(FILM)))
        kept_for = timedelta(days=room.tenant.recording_retention_days)
        assert row(str(FILM)).expires_at == at(50) + kept_for
        self.told(room, Facts(status="completed", completed_at=at(5000)))
        assert row(str(FILM)).expires_at == at(5000) + kept_for

    @pytest.mark.parametrize("changed", ["session", "participant", "kind", "room"])
    def test_a_recording_is_of_one_person_in_one_session_and_of_one_kind(
        self, room: Room, changed: str
    ) -> None:
        self.told(room, self.facts()[0])
        other = Room.objects.create(tenant=room.tenant, account=room.account)
        session, person, kind = SESSION, PERSON, "video"
        match changed:
            case "session":
                session = uuid.uuid4()
            case "participant":
                person = uuid.uuid4()
            case "kind":
                kind = "audio"
            case _:
                room = other
        with pytest.raises((footage.ForeignFootage, mirroring.ForeignSession)):
            footage.recording_told(room, session, person, FILM, kind, self.facts()[1])
        assert Recording.objects.get().status == "processing"


class TestLinks:
    def test_no_download_link_is_kept_however_it_is_called(self, acme: Company, demo_room: Json) -> None:
        link = "https://files.example.com/f?signature=opens-the-file"
        payload = {
            "download_url": link, "recording_urls": {"mp4": link.upper()}, "more": [{"deep": [f" {link}"]}],
            "context": link, "room_id": "kept", "codec": "vp8",
        }  # fmt: skip
        Post(acme.row.account).hand_in(body_of("video.room.something.new", payload))
        kept = Event.objects.get().payload
        assert kept == {
            "download_url": None, "recording_urls": {"mp4": None}, "more": [{"deep": [None]}], "context": link,
            "room_id": "kept", "codec": "vp8",
        }  # fmt: skip


def test_somebody_is_not_taken_for_present_who_is_known_by_an_old_recording_alone(studio: Studio) -> None:
    telnyx_id = studio.starts("bo")
    studio.gathering.leaves(studio.people["bo"])
    Participant.objects.filter(telnyx_id=studio.people["bo"]).delete()
    started = [
        event for event in studio.gathering.told() if event["event_type"].endswith("recording.started")
    ]
    studio.gathering.post.deliver(started)
    studio.gathering.asks()
    assert row(telnyx_id).participant.left_at is not None


@pytest.mark.django_db(transaction=True)
def test_several_workers_may_merge_the_same_recording_at_once(demo_room: Json) -> None:
    room = Room.objects.select_related("tenant", "account").get(pk=demo_room["id"])
    told = TestMerging()
    for _ in range(5):
        tell = [partial(told.told, room, facts) for facts in told.facts()]
        news = [name for changes in at_once(tell) for name in changes.news]
        assert sorted(news) == ["recording.completed", "recording.started", "session.started"]
        film = row(str(FILM))
        assert (film.status, film.started_at, film.completed_at) == ("completed", at(1), at(62))
        kept_for = timedelta(days=room.tenant.recording_retention_days)
        assert film.expires_at in {at(62) + kept_for, at(63) + kept_for}
        Session.objects.all().delete()
