"""Asking Telnyx what is true: what no webhook told is found within a turn, and nothing that is not ours is touched."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from rooms import reconciling, rounds
from rooms.models import AccountCheck, Operation, Participant, Room, Session, TelnyxRoom
from tests.asking import Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.rooms.orders import at_telnyx, row, settle
from tests.simulated import Simulator
from tests.tokens.doors import enter
from tests.tokens.together import at_once
from videobroker.tenants.models import Account


def make_due(room: Json) -> None:
    Room.objects.filter(pk=room["id"]).update(reconcile_due_at=timezone.now() - timedelta(seconds=1))


def check(company: Company) -> None:
    reconciling.check_account(company.row.account, now=timezone.now())


class TestWhatNobodyTold:
    """Every webhook was dropped."""

    def test_all_who_are_in_are_found_and_named(self, gathering: Gathering) -> None:
        anas, bos = gathering.comes("ana"), gathering.comes("bo")
        assert gathering.asks() > 0
        assert [gathering.person(each).identity for each in (anas, bos)] == ["ana", "bo"]
        assert gathering.session.is_live

    def test_who_left_has_left_and_what_is_over_is_over(self, gathering: Gathering) -> None:
        anas, bos = gathering.comes("ana"), gathering.comes("bo")
        gathering.asks()
        gathering.leaves(bos)
        gathering.asks()
        assert gathering.person(bos).left_at is not None
        assert gathering.person(anas).left_at is None
        gathering.leaves(anas)
        gathering.asks()
        assert not gathering.session.is_live
        told = gathering.simulator.participant(anas)["left_at"]
        assert told.startswith(f"{gathering.person(anas).left_at:%Y-%m-%dT%H:%M:%S}")

    def test_a_session_that_came_and_went_unheard_is_found_with_the_account(
        self, acme: Company, gathering: Gathering
    ) -> None:
        bos = gathering.comes("bo")
        gathering.leaves(bos)
        assert not Session.objects.exists()
        check(acme)
        session = Session.objects.get()
        assert (session.is_live, session.participants.get().identity) == (False, "bo")

    def test_asking_again_tells_nothing_new(self, gathering: Gathering) -> None:
        gathering.comes("ana")
        gathering.asks()
        before = list(Participant.objects.values()), list(Session.objects.values("started_at", "ended_at"))
        assert gathering.asks() == 0
        assert (
            list(Participant.objects.values()),
            list(Session.objects.values("started_at", "ended_at")),
        ) == before

    def test_what_the_end_of_a_session_left_untold_is_asked_for_once(self, gathering: Gathering) -> None:
        anas, bos = gathering.comes("ana"), gathering.comes("bo")
        gathering.hear()
        gathering.leaves(bos)
        gathering.leaves(anas)
        ending = [event for event in gathering.told() if event["event_type"].endswith("session.ended")]
        gathering.post.deliver(ending)
        assert not gathering.session.is_live
        assert gathering.person(bos).left_at is None
        gathering.asks()
        assert gathering.person(bos).left_at is not None
        asked = len(gathering.simulator.calls("view_room_session"))
        gathering.asks()
        assert len(gathering.simulator.calls("view_room_session")) == asked

    def test_somebody_whom_telnyx_does_not_list_is_asked_about(self, gathering: Gathering) -> None:
        anas = gathering.comes("ana")
        gathering.hear()
        ghost = Participant.objects.create(
            tenant=gathering.company.row, room=gathering.row, session=gathering.session, telnyx_id=uuid.uuid4(),
            joined_at=timezone.now(), seen_at=timezone.now() - timedelta(minutes=1),
        )  # fmt: skip
        gathering.asks()
        ghost.refresh_from_db()
        assert ghost.left_at is not None
        assert gathering.person(anas).left_at is None

    @pytest.mark.parametrize("fault", ["500", "reset", "malformed", "timeout", "truncate_json"])
    def test_while_telnyx_does_not_answer_nothing_is_taken_for_changed(
        self, gathering: Gathering, fault: str
    ) -> None:
        anas = gathering.comes("ana")
        gathering.hear()
        make_due(gathering.room)
        told: Json = {"kind": "status", "status": 500} if fault == "500" else {"kind": fault}
        told |= {"secs": 0.2} if fault == "timeout" else {}
        gathering.simulator.fault(told.pop("kind"), "retrieve_list_room_sessions", **told)
        assert reconciling.reconcile_due(timezone.now()) == 1
        assert gathering.session.is_live
        assert gathering.person(anas).left_at is None
        assert gathering.row.reconcile_due_at is not None


class TestTurns:
    def test_a_turn_is_due_while_somebody_is_in_and_not_after(self, gathering: Gathering) -> None:
        assert gathering.row.reconcile_due_at is None
        anas = gathering.comes("ana")
        gathering.hear()
        due_at = gathering.row.reconcile_due_at
        assert due_at is not None
        assert due_at <= timezone.now() + timedelta(seconds=60)
        make_due(gathering.room)
        assert reconciling.reconcile_due(timezone.now()) == 1
        assert gathering.row.reconcile_due_at is not None
        gathering.leaves(anas)
        for _ in range(2):
            make_due(gathering.room)
            reconciling.reconcile_due(timezone.now())
        assert gathering.row.reconcile_due_at is None

    def test_one_that_is_not_due_is_not_made(self, gathering: Gathering) -> None:
        gathering.comes("ana")
        gathering.hear()
        assert reconciling.reconcile_due(timezone.now()) == 0
        assert gathering.simulator.calls("retrieve_list_room_sessions") == []

    @pytest.mark.django_db(transaction=True)
    def test_of_many_workers_one_makes_it(self, gathering: Gathering) -> None:
        gathering.comes("ana")
        gathering.hear()
        make_due(gathering.room)
        now = timezone.now()
        turn: Callable[[], int] = lambda: reconciling.reconcile_due(now)  # noqa: E731  a name for its type
        assert sorted(at_once([turn] * 4)) == [0, 0, 0, 1]
        assert len(gathering.simulator.calls("retrieve_list_room_sessions")) == 1

    def test_of_two_that_check_an_account_one_does(self, gathering: Gathering) -> None:
        rounds.check_accounts(timezone.now())
        AccountCheck.objects.update(due_at=timezone.now())
        before = len(gathering.simulator.calls("list_rooms"))
        later = timezone.now() + timedelta(seconds=1)
        rounds.check_accounts(later)
        rounds.check_accounts(later)
        assert len(gathering.simulator.calls("list_rooms")) == before + 1

    def test_compositions_are_gone_through_also_while_telnyx_does_not_list_rooms(
        self, gathering: Gathering
    ) -> None:
        rounds.check_accounts(timezone.now())
        AccountCheck.objects.update(due_at=timezone.now())
        gathering.simulator.fault("status", "list_rooms", status=500)
        rounds.check_accounts(timezone.now() + timedelta(seconds=1))
        assert len(gathering.simulator.calls("list_room_compositions")) == 1

    def test_an_account_whose_key_cannot_be_used_keeps_nobody_from_the_others(
        self, gathering: Gathering, globex: Company
    ) -> None:
        rounds.check_accounts(timezone.now())
        AccountCheck.objects.update(due_at=timezone.now())
        Account.objects.exclude(pk=globex.row.account_id).update(sealed_api_key="not what we sealed")
        rounds.check_accounts(timezone.now() + timedelta(seconds=1))
        asked = gathering.simulator.calls("list_room_compositions")
        assert len(asked) == 1

    def test_a_quiet_room_is_looked_at_within_a_quarter_of_an_hour(self, gathering: Gathering) -> None:
        gathering.comes("ana")
        rounds.check_accounts(timezone.now())
        in_time = timezone.now() + timedelta(minutes=14)
        rounds.check_accounts(in_time)
        reconciling.reconcile_due(in_time + timedelta(seconds=60))
        assert gathering.session.is_live


class TestWhatVanished:
    def test_a_session_that_telnyx_does_not_know_is_over(self, gathering: Gathering) -> None:
        anas = gathering.comes("ana")
        gathering.hear()
        Session.objects.update(telnyx_id=uuid.uuid4())
        gathering.leaves(anas)
        gathering.asks()
        lost = Session.objects.order_by("seen_at").first()
        assert lost is not None
        assert (lost.is_live, lost.ended_reason) == (False, "vanished")

    def test_a_room_that_was_deleted_behind_our_back_is_made_anew(
        self, gathering: Gathering, simulator: Simulator
    ) -> None:
        gathering.comes("ana")
        gathering.hear()
        former = str(gathering.row.telnyx_id)
        simulator.api("DELETE", f"/rooms/{former}", key=gathering.company.telnyx_key)
        gathering.asks()
        settle()
        assert not Session.objects.live().exists()
        assert [room["id"] for room in at_telnyx(simulator, gathering.room)] == [str(gathering.row.telnyx_id)]
        assert str(gathering.row.telnyx_id) != former
        assert enter(gathering.company.person("bo"), gathering.room)["telnyx_room_id"] != former

    def test_the_accounts_check_notices_it_in_a_quiet_room(
        self, gathering: Gathering, simulator: Simulator
    ) -> None:
        former = str(gathering.row.telnyx_id)
        simulator.api("DELETE", f"/rooms/{former}", key=gathering.company.telnyx_key)
        TelnyxRoom.objects.update(created_at=timezone.now() - timedelta(minutes=5))
        check(gathering.company)
        settle()
        assert len(at_telnyx(simulator, gathering.room)) == 1

    def test_one_made_while_the_list_was_read_is_not_taken_for_lost(
        self, gathering: Gathering, simulator: Simulator
    ) -> None:
        simulator.api("DELETE", f"/rooms/{gathering.row.telnyx_id}", key=gathering.company.telnyx_key)
        check(gathering.company)
        assert gathering.row.telnyx_id is not None


class TestOrphans:
    def test_another_room_of_our_rooms_name_is_deleted(
        self, gathering: Gathering, simulator: Simulator
    ) -> None:
        ours = str(gathering.row.telnyx_id)
        name = f"vb-{gathering.room['id']}.7"
        orphan = simulator.create_room(key=gathering.company.telnyx_key, unique_name=name)
        check(gathering.company)
        left = {room["id"] for room in simulator.state()["rooms"]}
        assert (ours in left, orphan["id"] in left) == (True, False)

    def test_what_may_be_somebody_elses_is_left_alone(
        self, gathering: Gathering, simulator: Simulator
    ) -> None:
        ours = gathering.room["id"]
        names = [
            f"vb-{uuid.uuid4()}",
            "vb-",
            "vb-demo",
            "theirs",
            ours,
            f"xvb-{ours}",
            f"vb-{ours}x",
            f"vb-{ours}.",
        ]
        key = gathering.company.telnyx_key
        foreign = {simulator.create_room(key=key, unique_name=name)["id"] for name in names}
        check(gathering.company)
        assert foreign < {room["id"] for room in simulator.state()["rooms"]}
        assert simulator.calls("delete_room") == []

    def test_a_room_of_another_account_is_left_alone_whatever_its_name(
        self, gathering: Gathering, globex: Company, simulator: Simulator
    ) -> None:
        foreign = simulator.create_room(key=globex.telnyx_key, unique_name=f"vb-{gathering.room['id']}.1")
        check(globex)
        check(gathering.company)
        assert foreign["id"] in {room["id"] for room in simulator.state()["rooms"]}

    def test_one_whose_making_is_under_way_is_no_orphan(self, acme: Company, simulator: Simulator) -> None:
        room = acme.new_room()
        under_way = simulator.create_room(key=acme.telnyx_key, unique_name=f"vb-{room['id']}")
        assert Operation.objects.filter(room=room["id"], state="pending").exists()
        check(acme)
        settle()
        assert str(row(room).telnyx_id) == under_way["id"]
