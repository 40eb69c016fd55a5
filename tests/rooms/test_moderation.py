"""Kick, mute, unmute, end: who may, whom it is about, and what comes of it when things change on the way."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models.functions import Now

from rooms import operations
from rooms.models import Ban, Member, Operation, Removal, Role
from tests.asking import Asker, Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering, operation
from tests.rooms.orders import settle
from tests.scenes import remembered
from tests.simulated import Simulator
from tests.tokens.doors import audited, enter, mint, refresh
from videobroker.tenants.models import ApiKey

ACTIONS = ("kick", "mute", "unmute", "end")
AUDITED = {
    "kick": "participants.kicked",
    "mute": "participants.muted",
    "unmute": "participants.unmuted",
    "end": "session.ended",
}
every_action = pytest.mark.parametrize("action", ACTIONS)


UNCLEAR: list[tuple[Json, str]] = [
    ({"participants": []}, "/participants"),
    ({"participants": "some"}, "/participants"),
    ({"participants": None}, "/participants"),
    ({"participants": ["bo"]}, "/participants/0"),
    ({"participants": "all", "identities": ["bo"]}, "/identities"),
    ({"identities": []}, "/identities"),
    ({"exclude": "all"}, "/exclude"),
    ({"whom": "all"}, "/whom"),
    ({"participants": [str(uuid.UUID(int=n)) for n in range(1001)]}, "/participants"),
]
SENSELESS_BANS: list[Json] = [
    {"until": "2020-01-01T00:00:00Z"}, {"until": "soon"}, {"reason": {}}, [], "for ever", {"x": 1},
]  # fmt: skip


class Meeting:
    """Ana and bo are in, and we know it."""

    def __init__(self, gathering: Gathering) -> None:
        self.gathering = gathering
        self.bos_token = enter(gathering.company.person("bo"), gathering.room)
        self.ana = gathering.comes("ana")
        self.bo = gathering.joins(self.bos_token)
        gathering.hear()

    def present(self) -> set[str]:
        return {name for name in ("ana", "bo") if self.gathering.is_in(getattr(self, name))}

    def muted(self) -> set[str]:
        return {name for name in ("ana", "bo") if self.gathering.is_muted(getattr(self, name))}


@pytest.fixture
@remembered
def meeting(gathering: Gathering) -> Meeting:
    return Meeting(gathering)


@pytest.fixture
def ana(acme: Company) -> Asker:
    return acme.person("ana")


class TestWhoMay:
    ASKERS: dict[str, tuple[Callable[[Company, Company], Asker], int, str]] = {
        "ana": (lambda acme, globex: acme.person("ana"), 202, ""),
        "bo": (lambda acme, globex: acme.person("bo"), 403, "not_a_moderator"),
        "cy": (lambda acme, globex: acme.person("cy"), 403, "not_a_member"),
        "gus": (lambda acme, globex: globex.person("gus"), 404, "not_found"),
        "the back end": (lambda acme, globex: acme.back_end, 202, ""),
        "a key to moderate": (lambda acme, globex: acme.key_with("moderate"), 202, ""),
        "a key without": (
            lambda acme, globex: acme.key_with("rooms:read", "rooms:write", "tokens:mint"), 403, "missing_scope",
        ),
        "globex's key": (lambda acme, globex: globex.back_end, 404, "not_found"),
        "nobody": (lambda acme, globex: Asker(), 401, "not_authenticated"),
    }  # fmt: skip

    @pytest.mark.parametrize("who", ASKERS)
    def test_decide(self, meeting: Meeting, acme: Company, globex: Company, who: str) -> None:
        asker, status, reason = self.ASKERS[who]
        for action in ACTIONS:
            answer = meeting.gathering.acts(asker(acme, globex), action)
            assert answer.status == status, answer
            if status == 202:
                assert operation(answer).kind == {"end": "end_session"}.get(action, action)
            else:
                assert answer.reason == reason
        if status != 202:
            settle()
            assert meeting.present() == {"ana", "bo"}
            assert not Operation.objects.filter(kind__in=["kick", "mute", "unmute", "end_session"]).exists()

    def test_a_members_refusal_is_audited(self, meeting: Meeting, acme: Company) -> None:
        for action in ACTIONS:
            meeting.gathering.acts(acme.person("bo"), action)
            found = audited(meeting.gathering.room, AUDITED[action])
            assert [(actor, reason) for actor, _, reason in found] == [("bo", "not_a_moderator")]

    def test_who_lost_the_right_meanwhile_has_ordered_in_vain(self, meeting: Meeting, ana: Asker) -> None:
        ordered = [meeting.gathering.acts(ana, action) for action in ACTIONS]
        Member.objects.filter(identity="ana").update(role=Role.PARTICIPANT)
        for answer in ordered:
            done = meeting.gathering.done(answer)
            assert (done.state, done.last_error.split(":")[0]) == ("cancelled", "not_authorized")
        assert (meeting.present(), meeting.muted()) == ({"ana", "bo"}, set())

    @pytest.mark.parametrize("how", ["revoked", "narrowed", "expired"])
    def test_so_has_a_key_that_may_no_more(self, meeting: Meeting, acme: Company, how: str) -> None:
        key = acme.key_with("moderate")
        ordered = [meeting.gathering.acts(key, action) for action in ACTIONS]
        now = datetime.now(UTC)
        change: Json = {
            "revoked": {"revoked_at": now},
            "narrowed": {"scopes": []},
            "expired": {"expires_at": now},
        }
        ApiKey.objects.filter(name="narrow").update(**change[how])
        assert [meeting.gathering.done(answer).state for answer in ordered] == ["cancelled"] * 4
        assert (meeting.present(), meeting.muted()) == ({"ana", "bo"}, set())


class TestWhom:
    @pytest.mark.parametrize("body", [{}, {"participants": "all"}])
    def test_nobody_named_means_everybody(self, meeting: Meeting, ana: Asker, body: Json) -> None:
        assert meeting.gathering.done(meeting.gathering.acts(ana, "mute", **body)).state == "succeeded"
        assert meeting.muted() == {"ana", "bo"}

    def test_a_body_may_be_missing_altogether(self, meeting: Meeting, ana: Asker) -> None:
        path = f"/v2/room_sessions/{meeting.gathering.session.pk}/actions/mute"
        meeting.gathering.done(ana.ask("POST", path, None))
        assert meeting.muted() == {"ana", "bo"}

    def test_some_are_named_by_id(self, meeting: Meeting, ana: Asker) -> None:
        ids = meeting.gathering.ids(meeting.bo)
        meeting.gathering.done(meeting.gathering.acts(ana, "kick", participants=ids))
        assert meeting.present() == {"ana"}

    def test_or_as_the_tenant_names_them_on_all_their_devices(self, meeting: Meeting, ana: Asker) -> None:
        phone = meeting.gathering.comes("bo")
        meeting.gathering.hear()
        meeting.gathering.done(meeting.gathering.acts(ana, "kick", identities=["bo"]))
        assert meeting.present() == {"ana"}
        assert not meeting.gathering.is_in(phone)

    def test_or_both(self, meeting: Meeting, ana: Asker) -> None:
        ids = meeting.gathering.ids(meeting.ana)
        meeting.gathering.done(meeting.gathering.acts(ana, "mute", participants=ids, identities=["bo"]))
        assert meeting.muted() == {"ana", "bo"}

    @pytest.mark.parametrize("body", [{}, {"participants": "all"}, {"identities": ["ana", "bo"]}])
    def test_who_is_excluded_is_spared(self, meeting: Meeting, ana: Asker, body: Json) -> None:
        excluded = meeting.gathering.ids(meeting.ana)
        meeting.gathering.done(meeting.gathering.acts(ana, "kick", **body, exclude=excluded))
        assert meeting.present() == {"ana"}

    def test_telnyx_is_told_its_own_ids_and_always_whom(self, meeting: Meeting, ana: Asker) -> None:
        meeting.gathering.done(meeting.gathering.acts(ana, "mute"))
        meeting.gathering.done(
            meeting.gathering.acts(ana, "unmute", participants=meeting.gathering.ids(meeting.bo))
        )
        simulator = meeting.gathering.simulator
        told = [call["body"] for name in ("mute", "unmute") for call in calls(simulator, name)]
        assert told[0]["participants"] == "all"
        assert told[1]["participants"] == [meeting.bo]

    @pytest.mark.parametrize("action", ["kick", "mute", "unmute"])
    def test_participants_of_another_session_are_nobody_here(
        self, meeting: Meeting, ana: Asker, acme: Company, globex: Company, action: str
    ) -> None:
        other = Gathering.of(acme, meeting.gathering.simulator, acme.new_room({"bo": "participant"}))
        elsewhere = other.comes("bo")
        other.hear()
        strangers = [*other.ids(elsewhere), str(uuid.uuid4())]
        done = meeting.gathering.done(meeting.gathering.acts(ana, action, participants=strangers))
        assert done.state in ("succeeded", "cancelled")
        assert (meeting.present(), meeting.muted()) == ({"ana", "bo"}, set())
        assert other.is_in(elsewhere)
        assert calls(meeting.gathering.simulator, action) == []

    @pytest.mark.parametrize("action", ["kick", "mute", "unmute"])
    def test_nobody_of_that_name_is_in(self, meeting: Meeting, ana: Asker, action: str) -> None:
        done = meeting.gathering.done(meeting.gathering.acts(ana, action, identities=["cy"]))
        assert done.state in ("succeeded", "cancelled")
        assert calls(meeting.gathering.simulator, action) == []

    def test_what_names_nobody_clearly_is_refused(self, meeting: Meeting, ana: Asker) -> None:
        for body, pointer in UNCLEAR:
            answer = meeting.gathering.acts(ana, "kick", **body)
            assert answer.status == 422, body
            assert answer.error["source"]["pointer"].startswith(pointer), body
        assert not Operation.objects.filter(kind="kick").exists()

    @every_action
    def test_a_session_that_is_over_stays_over(self, meeting: Meeting, ana: Asker, action: str) -> None:
        meeting.gathering.done(meeting.gathering.acts(ana, "end"))
        meeting.gathering.hear()
        done = meeting.gathering.done(meeting.gathering.acts(ana, action))
        assert done.state in ("succeeded", "cancelled")
        assert meeting.present() == set()

    def test_an_id_that_never_was_is_not_found(self, acme: Company) -> None:
        for action in ACTIONS:
            answer = acme.back_end.post(f"/v2/room_sessions/{uuid.uuid4()}/actions/{action}")
            assert answer.refusal == (404, "not_found")


def calls(simulator: Simulator, action: str) -> list[Json]:
    """What Telnyx was told to do of this kind."""
    return simulator.calls(f"{action}_participant_in_session")


class TestNewerOrders:
    def test_the_newer_of_mute_and_unmute_counts(self, meeting: Meeting, ana: Asker) -> None:
        gathering = meeting.gathering
        mute, unmute = gathering.acts(ana, "mute"), gathering.acts(ana, "unmute")
        settle()
        assert [operation(each).state for each in (mute, unmute)] == ["cancelled", "succeeded"]
        assert calls(gathering.simulator, "mute") == []
        unmute, mute = gathering.acts(ana, "unmute"), gathering.acts(ana, "mute")
        settle()
        assert [operation(each).state for each in (unmute, mute)] == ["cancelled", "succeeded"]
        assert meeting.muted() == {"ana", "bo"}

    def test_an_older_order_about_all_spares_those_of_a_newer(self, meeting: Meeting, ana: Asker) -> None:
        gathering = meeting.gathering
        gathering.acts(ana, "mute")
        gathering.acts(ana, "unmute", participants=gathering.ids(meeting.bo))
        settle()
        assert meeting.muted() == {"ana"}

    def test_a_newer_order_about_all_but_some_leaves_an_older_one_about_those(
        self, meeting: Meeting, ana: Asker
    ) -> None:
        gathering = meeting.gathering
        mute = gathering.acts(ana, "mute", participants=gathering.ids(meeting.bo))
        gathering.acts(ana, "unmute", exclude=gathering.ids(meeting.bo))
        settle()
        assert operation(mute).state == "succeeded"
        assert meeting.muted() == {"bo"}

    def test_of_two_about_all_the_older_is_left_for_those_whom_the_newer_excludes(
        self, meeting: Meeting, ana: Asker
    ) -> None:
        gathering = meeting.gathering
        gathering.acts(ana, "mute")
        gathering.acts(ana, "unmute", exclude=gathering.ids(meeting.ana))
        settle()
        assert meeting.muted() == {"ana"}

    def test_one_for_another_session_supersedes_nothing(self, meeting: Meeting, acme: Company) -> None:
        gathering = meeting.gathering
        mute = gathering.acts(acme.person("ana"), "mute")
        other = Gathering.of(acme, gathering.simulator, acme.new_room({"ana": "moderator"}))
        other.comes("ana")
        other.hear()
        other.acts(acme.person("ana"), "unmute")
        settle()
        assert operation(mute).state == "succeeded"

    @pytest.mark.parametrize("action", ["mute", "unmute"])
    def test_one_that_is_a_minute_old_is_dropped_and_not_sent(
        self, meeting: Meeting, ana: Asker, action: str
    ) -> None:
        ordered = operation(meeting.gathering.acts(ana, action))
        Operation.objects.filter(pk=ordered.pk).update(deadline_at=Now() - timedelta(seconds=1))
        operations.carry_out(ordered.pk)
        ordered.refresh_from_db()
        assert ordered.state == "failed"
        assert ordered.last_error.startswith("too late")
        assert calls(meeting.gathering.simulator, action) == []

    def test_an_order_is_good_for_its_time(self, meeting: Meeting, ana: Asker) -> None:
        for action, secs in {"mute": 60, "unmute": 60, "kick": 600, "end": 600}.items():
            ordered = operation(meeting.gathering.acts(ana, action))
            assert ordered.deadline_at is not None
            good_for = ordered.deadline_at - ordered.created_at
            assert abs(good_for - timedelta(seconds=secs)) < timedelta(seconds=1)


class TestKicksThatStick:
    def test_a_kick_revokes_what_let_them_in(self, meeting: Meeting, ana: Asker, acme: Company) -> None:
        room = meeting.gathering.room
        meeting.gathering.done(meeting.gathering.acts(ana, "kick", identities=["bo"]))
        refused = refresh(acme.person("bo"), room, meeting.bos_token["refresh_token"])
        assert refused.refusal == (403, "grant_revoked")

    def test_with_a_ban_they_may_not_come_back(self, meeting: Meeting, ana: Asker, acme: Company) -> None:
        room = meeting.gathering.room
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        terms = {"until": until, "reason": "noise"}
        kicked = meeting.gathering.acts(
            ana, "kick", participants=meeting.gathering.ids(meeting.bo), ban=terms
        )
        assert kicked.status == 202
        [ban] = kicked.data["bans"]
        assert (ban["identity"], ban["reason"], ban["active"], ban["room_id"]) == (
            "bo",
            "noise",
            True,
            room["id"],
        )
        assert datetime.fromisoformat(ban["until"]) == datetime.fromisoformat(until)
        assert mint(acme.person("bo"), room).refusal == (403, "banned")
        refused = refresh(acme.person("bo"), room, meeting.bos_token["refresh_token"])
        assert refused.refusal == (403, "banned")

    def test_people_who_are_not_there_can_be_banned_by_it(self, meeting: Meeting, ana: Asker) -> None:
        kicked = meeting.gathering.acts(ana, "kick", identities=["cy"], ban={})
        assert [ban["identity"] for ban in kicked.data["bans"]] == ["cy"]

    def test_without_a_ban_they_may_come_back_by_the_door(
        self, meeting: Meeting, ana: Asker, acme: Company
    ) -> None:
        meeting.gathering.done(meeting.gathering.acts(ana, "kick", identities=["bo"]))
        assert not Ban.objects.exists()
        back = meeting.gathering.comes("bo")
        meeting.gathering.hear()
        settle()
        assert meeting.gathering.is_in(back)

    def test_the_watch_lasts_until_their_last_token_is_over(self, meeting: Meeting, ana: Asker) -> None:
        before = datetime.now(UTC)
        meeting.gathering.acts(ana, "kick", identities=["bo"])
        over = datetime.fromisoformat(meeting.bos_token["token_expires_at"])
        for removal in Removal.objects.all():
            assert over < removal.watched_until_at <= over + timedelta(seconds=31)
        assert meeting.gathering.row.reconcile_due_at <= datetime.now(UTC) + timedelta(seconds=2)
        assert Removal.objects.filter(identity="bo", removed_at__gte=before).exists()

    def test_a_ban_that_makes_no_sense_is_refused_with_its_kick(self, meeting: Meeting, ana: Asker) -> None:
        for ban in SENSELESS_BANS:
            answer = meeting.gathering.acts(ana, "kick", identities=["bo"], ban=ban)
            assert answer.status == 422, ban
            assert answer.error["source"]["pointer"].startswith("/ban"), ban
        assert not Ban.objects.exists()

    def test_nobody_is_written_as_gone_before_telnyx_says_so(self, meeting: Meeting, ana: Asker) -> None:
        meeting.gathering.done(meeting.gathering.acts(ana, "kick", identities=["bo"]))
        assert meeting.gathering.person(meeting.bo).left_at is None
        meeting.gathering.hear()
        assert meeting.gathering.person(meeting.bo).left_reason == "kicked"


class TestRepeating:
    def test_the_same_key_orders_once(self, meeting: Meeting, ana: Asker) -> None:
        for action in ACTIONS:
            again = {"Idempotency_Key": f"once {action}"}
            first, second = (meeting.gathering.acts(ana, action, again) for _ in range(2))
            assert first.data == second.data
            assert Operation.objects.filter(kind=operation(first).kind).count() == 1

    def test_another_body_under_the_same_key_is_refused(self, meeting: Meeting, ana: Asker) -> None:
        again = {"Idempotency_Key": "once"}
        meeting.gathering.acts(ana, "kick", again)
        assert meeting.gathering.acts(ana, "kick", again, participants="all").status == 422

    def test_the_operation_can_be_followed(self, meeting: Meeting, ana: Asker, acme: Company) -> None:
        kicked = meeting.gathering.acts(ana, "kick", identities=["bo"])
        path = f"/v2/operations/{kicked.data['operation_id']}"
        waiting = ana.get(path).data
        assert (waiting["state"], waiting["ordered_by"]) == ("pending", "identity:ana")
        meeting.gathering.done(kicked)
        meeting.gathering.hear()
        done = ana.get(path).data
        assert done["state"] == "succeeded"
        assert [(one["identity"], one["present"]) for one in done["participants"]] == [("bo", False)]
        assert acme.person("bo").get(path).status == 404
