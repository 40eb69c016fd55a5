"""Telnyx's webhooks: who is believed, what is kept, and what is applied how often."""

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from rooms import events
from rooms.models import Event, Participant, Session
from tests.asking import Asker, Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.rooms.mutating import mutated
from tests.rooms.orders import row, settle
from tests.rooms.webhooks import Post, body_of, handed_in
from tests.scenes import remembered
from tests.simulated import Simulator
from tests.videobroker.api.digests import database
from videobroker.telnyx import signatures
from videobroker.telnyx.signatures import SIGNATURE_HEADER, TIMESTAMP_HEADER

STARTED = "video.room.session.started"
JOINED = "video.room.participant.joined"
VERIFIED_MUTANTS = 8_000
POSTED_MUTANTS = 300


@pytest.fixture
def post(acme: Company) -> Post:
    return Post(acme.row.account)


@pytest.fixture
@remembered
def room(demo_room: Json, simulator: Simulator) -> Json:
    """Acme's room, which is there at Telnyx."""
    settle()
    return demo_room


def payload(room: Json, **more: Any) -> Json:
    """What an event about the room says at the least."""
    return {"room_id": str(row(room).telnyx_id), "session_id": str(uuid.uuid4()), **more}


class TestWhoIsBelieved:
    def test_an_event_that_the_account_signed_is_kept(self, post: Post) -> None:
        assert post.hand_in(body_of(STARTED, {})).status == 200
        assert post.states() == ["pending"]

    @pytest.mark.parametrize("path", ["", "/failover"])
    def test_it_may_come_to_either_address(self, post: Post, path: str) -> None:
        assert post.hand_in(body_of("x", {}), path=f"{post.path}{path}").status == 200
        assert Event.objects.count() == 1

    @pytest.mark.parametrize("off_secs", [-299, -1, 0, 1, 299])
    def test_its_time_may_be_off_by_five_minutes(self, post: Post, off_secs: int) -> None:
        at = datetime.now(UTC) + timedelta(seconds=off_secs)
        assert post.hand_in(body_of("x", {}), at=at).status == 200

    @pytest.mark.parametrize("off_secs", [-100_000, -302, 302, 100_000])
    def test_but_not_by_more(self, post: Post, off_secs: int) -> None:
        at = datetime.now(UTC) + timedelta(seconds=off_secs)
        assert post.hand_in(body_of("x", {}), at=at).refusal == (401, "stale")
        assert not Event.objects.exists()

    def test_while_keys_change_both_hold_and_afterwards_the_new_one_alone(self, post: Post) -> None:
        former = signatures.generate_private_key()
        newer = post.key
        post.account.public_key = signatures.public_key_text(former)
        post.account.save()
        for post.key in (former, newer):
            assert post.hand_in(body_of("x", {})).status == 200
        post.account.public_key, post.account.next_public_key = post.account.next_public_key, ""
        post.account.save()
        assert post.hand_in(body_of("x", {})).status == 200
        post.key = former
        assert post.hand_in(body_of("x", {})).refusal == (401, "bad_signature")

    def test_another_accounts_signature_is_refused(self, post: Post, globex: Company) -> None:
        body = body_of("x", {})
        answer = handed_in(post, body, **Post(globex.row.account).headers(body))
        assert answer.refusal == (401, "bad_signature")

    def test_without_headers_it_is_refused(self, post: Post) -> None:
        assert handed_in(post, body_of("x", {})).refusal == (401, "missing_header")

    def test_an_account_without_keys_believes_nobody(self, post: Post) -> None:
        post.account.public_key = post.account.next_public_key = ""
        post.account.save()
        assert post.hand_in(body_of("x", {})).refusal == (401, "no_key")

    def test_an_account_that_is_none_is_not_found(self, post: Post) -> None:
        assert post.hand_in(body_of("x", {}), path=f"/webhooks/telnyx/{uuid.uuid4()}").status == 404

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    def test_only_posts_are_taken(self, post: Post, method: str) -> None:
        assert Asker().ask(method, post.path, None).status == 405

    def test_a_huge_body_is_refused(self, post: Post) -> None:
        body = body_of("x", {"padding": "x" * 300_000})
        assert post.hand_in(body).refusal == (413, "too_large")
        assert not Event.objects.exists()


class TestMutants:
    """`soak_mutants.py` tries many more."""

    def test_none_is_verified(self, post: Post) -> None:
        now = datetime.now(UTC)
        body = body_of(JOINED, {"room_id": str(uuid.uuid4()), "context": "ana"})
        headers = post.headers(body, now)
        accepted = accepted_mutants(body, headers, post.account.public_keys, now, VERIFIED_MUTANTS)
        assert accepted == []

    def test_none_gets_through_the_door(self, post: Post) -> None:
        body = body_of(JOINED, {"room_id": str(uuid.uuid4()), "context": "ana"})
        headers = post.headers(body)
        chance = random.Random(2)
        answers = set()
        for _ in range(POSTED_MUTANTS):
            changed, told = mutated(body, headers, chance)
            answers.add(handed_in(post, changed, **told).status)
        assert answers == {401}
        assert not Event.objects.exists()
        assert handed_in(post, body, **headers).status == 200


def accepted_mutants(
    body: bytes, headers: dict[str, str], keys: list[str], now: datetime, count: int
) -> list[tuple[bytes, dict[str, str]]]:
    """Those of so many mutants that are taken for Telnyx's. The original must be."""
    signatures.verify(body, headers[SIGNATURE_HEADER], headers[TIMESTAMP_HEADER], keys, now)
    chance, accepted = random.Random(1), []
    for _ in range(count):
        changed, told = mutated(body, headers, chance)
        try:
            signatures.verify(changed, told.get(SIGNATURE_HEADER), told.get(TIMESTAMP_HEADER), keys, now)
        except signatures.SignatureRefused:
            continue
        accepted.append((changed, told))
    return accepted


class TestWhatIsKept:
    def test_a_repeated_event_is_kept_once(self, post: Post) -> None:
        body = body_of(STARTED, {})
        assert [post.hand_in(body).status for _ in range(3)] == [200] * 3
        assert Event.objects.count() == 1

    def test_an_id_of_another_account_is_another_event(self, post: Post, globex: Company) -> None:
        body = body_of(STARTED, {})
        assert [one.hand_in(body).status for one in (post, Post(globex.row.account))] == [200, 200]
        assert Event.objects.count() == 2

    def test_an_unknown_type_is_kept_and_nothing_more(self, post: Post, room: Json) -> None:
        post.hand_in(body_of("video.room.teleported", payload(room)))
        assert events.apply_all() == 1
        assert post.states() == ["unhandled"]
        assert not Session.objects.exists()

    @pytest.mark.parametrize(
        "body",
        [
            b"[]", b"17", b"null", b"", b"{", b'{"data": []}', b'{"data": {}}', b"\xff\xfe",
            b'{"data": {"id": "", "event_type": "x", "occurred_at": "2026-01-01T00:00:00Z"}}',
            b'{"data": {"id": "1", "event_type": 7, "occurred_at": "2026-01-01T00:00:00Z"}}',
            b'{"data": {"id": "1", "event_type": "x", "occurred_at": "yesterday"}}',
            b'{"data": {"id": "1", "event_type": "x", "occurred_at": "2026-02-31T00:00:00Z"}}',
            b'{"data": {"id": "1", "event_type": "x"}}',
            b'{"data": {"id": "1", "id": "2", "event_type": "x", "occurred_at": "2026-01-01T00:00:00Z"}}',
            b'{"data": ' + b"[" * 2000 + b"]" * 2000 + b"}",
        ],
    )  # fmt: skip
    def test_what_is_signed_but_makes_no_sense_is_answered_and_dropped(self, post: Post, body: bytes) -> None:
        assert post.hand_in(body).status == 200
        assert not Event.objects.exists()

    @pytest.mark.parametrize(
        "text",
        [
            "2026-05-01T10:00:00Z",
            "2026-05-01 10:00:00Z",
            "2026-05-01T12:00:00+02:00",
            "2026-05-01 10:00:00.000000",
        ],
    )
    def test_times_are_read_in_every_way_telnyx_writes_them(self, post: Post, text: str) -> None:
        body = json.loads(body_of(STARTED, {}))
        body["data"]["occurred_at"] = text
        post.hand_in(json.dumps(body).encode())
        assert Event.objects.get().occurred_at == datetime(2026, 5, 1, 10, tzinfo=UTC)

    @pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-14:00"])
    def test_one_of_a_time_outside_all_years_holds_up_nobodys(
        self, post: Post, globex: Company, room: Json, text: str
    ) -> None:
        theirs = json.loads(body_of(STARTED, {}))
        theirs["data"]["occurred_at"] = text
        assert Post(globex.row.account).hand_in(json.dumps(theirs).encode()).status == 200
        assert not Event.objects.exists()
        post.hand_in(body_of(STARTED, payload(room)))
        assert events.apply_all() == 1
        assert post.states() == ["applied"]

    @pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"])
    def test_one_of_the_first_or_the_last_moment_is_applied(self, post: Post, room: Json, text: str) -> None:
        body = json.loads(body_of(STARTED, payload(room)))
        body["data"]["occurred_at"] = text
        post.hand_in(json.dumps(body).encode())
        assert events.apply_all() == 1
        assert post.states() == ["applied"]

    def test_old_ones_are_forgotten_but_not_those_still_to_be_applied(self, post: Post, room: Json) -> None:
        post.hand_in(body_of(STARTED, payload(room)))
        now = timezone.now() + events.KEPT_FOR + timedelta(seconds=5)
        assert events.forget_old(now) == 0
        events.apply_all()
        assert events.forget_old(now - timedelta(minutes=1)) == 0
        assert events.forget_old(now) == 1


class TestWhatIsApplied:
    def test_an_event_of_one_account_about_a_room_of_another_changes_nothing(
        self, post: Post, gathering: Gathering, globex: Company
    ) -> None:
        gathering.comes("ana")
        gathering.hear()
        told = gathering.told()
        theirs = Post(globex.row.account)
        Event.objects.all().delete()
        before = database()
        for event in told:
            assert theirs.hand_in(body_of(event["event_type"], event["payload"])).status == 200
        room_id = str(gathering.row.telnyx_id)
        session_id = str(gathering.session.telnyx_id)
        ended = {"room_id": room_id, "session_id": session_id, "ended_reason": "x", "duration_secs": 1}
        theirs.hand_in(body_of("video.room.session.ended", ended))
        events.apply_all()
        assert set(theirs.states()) == {"foreign"}
        Event.objects.all().delete()
        assert database() == before

    def test_a_session_of_another_room_named_with_ones_own_room_changes_nothing(
        self, gathering: Gathering, globex: Company
    ) -> None:
        gathering.comes("ana")
        gathering.hear()
        their_room = globex.new_room()
        settle()
        theirs = Post(globex.row.account)
        before = database()
        session_id = str(gathering.session.telnyx_id)
        ended = payload(their_room, session_id=session_id)
        theirs.hand_in(body_of("video.room.session.ended", ended))
        for _ in range(events.MAX_ATTEMPTS):
            events.apply_all()
        assert theirs.states() == ["failed"]
        Event.objects.filter(account=theirs.account).delete()
        assert database() == before

    def test_an_event_about_a_room_that_nobody_knows_changes_nothing(self, post: Post) -> None:
        post.hand_in(body_of(STARTED, {"room_id": str(uuid.uuid4()), "session_id": str(uuid.uuid4())}))
        events.apply_all()
        assert post.states() == ["foreign"]

    @pytest.mark.parametrize(
        "lacking",
        [
            {"session_id": None},
            {"session_id": "17"},
            {"session_id": 4},
            {"participant_id": None},
            {"participant_id": []},
        ],
    )
    def test_one_that_cannot_be_applied_is_set_aside_after_five_tries_and_holds_up_no_other(
        self, post: Post, room: Json, lacking: Json
    ) -> None:
        good = payload(room, participant_id=str(uuid.uuid4()))
        post.hand_in(body_of(JOINED, good | lacking))
        post.hand_in(body_of(JOINED, good))
        assert events.apply_all() == 2
        assert Participant.objects.count() == 1
        poison = Event.objects.get(state="pending")
        for tried in range(1, events.MAX_ATTEMPTS):
            poison.refresh_from_db()
            assert (poison.attempts, poison.state) == (tried, "pending")
            assert events.apply_all() == 1
        poison.refresh_from_db()
        assert (poison.attempts, poison.state) == (events.MAX_ATTEMPTS, "failed")
        assert "the payload has no" in poison.error
        assert events.apply_all() == 0

    def test_a_long_row_of_poison_does_not_starve_what_comes_after(self, post: Post, room: Json) -> None:
        poison = {"room_id": str(row(room).telnyx_id), "session_id": "nonsense"}
        common: Json = {"account": post.account, "event_type": JOINED, "occurred_at": timezone.now()}
        Event.objects.bulk_create(
            Event(telnyx_id=str(number), payload=poison, received_at=timezone.now(), **common)
            for number in range(events.AT_ONCE)
        )
        post.hand_in(body_of(STARTED, payload(room)))
        for _ in range(events.MAX_ATTEMPTS + 1):
            events.apply_all()
        assert Session.objects.count() == 1

    @pytest.mark.parametrize("context", [None, 17, {}, "x" * 60_000, "\u202e", ""])
    def test_any_context_is_borne(self, post: Post, room: Json, context: Any) -> None:
        post.hand_in(body_of(JOINED, payload(room, participant_id=str(uuid.uuid4()), context=context)))
        events.apply_all()
        assert post.states() == ["applied"]
        assert Participant.objects.get().attribution in ("missing", "forged")


@pytest.mark.parametrize("context", ["\x00", "\ud800", "a\x00b\udfff"])
def test_what_a_participant_writes_does_not_keep_an_event_out(post: Post, room: Json, context: str) -> None:
    told = payload(room, participant_id=str(uuid.uuid4()), context=context)
    assert post.hand_in(body_of(JOINED, told)).status == 200
    events.apply_all()
    assert post.states() == ["applied"]
    assert "\ufffd" in str(Participant.objects.get().context)
