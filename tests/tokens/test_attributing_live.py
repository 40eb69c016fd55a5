"""Who is who in a room, from what Telnyx tells: the same rows in whatever order, however often and however little it
tells, and with `enforce` those who are nobody's are put out, and they alone."""

import os
import uuid
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from rooms.models import Attribution, Room
from tests.asking import Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.rooms.orders import settle
from tests.scenes import remembered
from tests.simulated import Simulator
from tests.tokens.doors import enter
from tests.tokens.histories import honest
from tests.tokens.retelling import LONGEST, Person, Story, of_stays, signed
from tokens.models import Grant

# Told to the database; `test_attributing.py` has many more for the rule alone. HISTORIES=1000 takes a coffee break.
HISTORIES = int(os.environ.get("HISTORIES", "6"))


@pytest.fixture
@remembered
def gathering(acme: Company, simulator: Simulator, demo_room: Json) -> Gathering:
    return Gathering.of(acme, simulator, demo_room)


def grant_of(gathering: Gathering, identity: str) -> Grant:
    minted = enter(gathering.company.person(identity), gathering.room)
    return Grant.objects.get(pk=minted["grant_id"])


def expected(story: Story) -> set[tuple[Any, ...]]:
    return {(person.telnyx_id, person.identity, person.joined_at, person.left_at) for person in story.people}


def known(story: Story) -> set[tuple[Any, ...]]:
    return {
        (str(telnyx_id), identity, joined_at, left_at)
        for telnyx_id, _, joined_at, left_at, _, identity, *_ in story.rows()[1:]
    }


def test_any_telling_of_honest_stories_ends_in_the_truth_and_nobody_is_put_out(
    gathering: Gathering, simulator: Simulator
) -> None:
    gathering.company.change(identity_mode="enforce")
    ana, bo = grant_of(gathering, "ana"), grant_of(gathering, "bo")
    for seed in range(HISTORIES):
        chance = Random(seed)
        story = Story(gathering.row, [*of_stays(honest(chance), ana), *of_stays(honest(chance), bo)])
        story.put(simulator)
        tellings = []
        for lost in (0.0, 0.5, story.most_that_may_be_lost):
            story.hear(chance, lost=lost, doubled=0.2)
            tellings.append(story.rows())
            assert known(story) == expected(story), seed
            assert story.ordered_out() == set(), seed
            story.forget()
        assert tellings[0] == tellings[1] == tellings[2], seed
        story.over(simulator)


def test_in_any_telling_a_copied_context_is_found_out_and_its_bearer_put_out(
    gathering: Gathering, simulator: Simulator
) -> None:
    gathering.company.change(identity_mode="enforce")
    bo = grant_of(gathering, "bo")
    begin = timezone.now() - LONGEST
    for seed in range(8):
        chance = Random(seed)
        context = signed(bo, begin + timedelta(seconds=120))
        bos = Person(str(uuid.uuid4()), context, begin + timedelta(seconds=5), None, "bo")
        came_at = begin + timedelta(seconds=chance.randint(6, 50_000))
        thief = Person(str(uuid.uuid4()), context, came_at, None, None)
        story = Story(gathering.row, [bos, thief])
        story.put(simulator)
        story.hear(chance, lost=chance.choice([0.0, 0.5, 1.0]), doubled=0.3)
        assert known(story) == expected(story), seed
        assert story.ordered_out() == {thief.telnyx_id}, seed
        story.over(simulator)


def shown(gathering: Gathering, globex: Company) -> dict[str, tuple[str | None, str]]:
    """What somebody may show who is not to be believed, and what we take it for."""
    bo = grant_of(gathering, "bo")
    soon, past = timezone.now() + timedelta(minutes=2), timezone.now() - timedelta(hours=1)
    other_room = gathering.company.new_room({"bo": "participant"})
    globex_room = globex.new_room({"gus": "moderator"})
    settle()
    elsewhere = enter(gathering.company.person("bo"), other_room)["context"]
    theirs = enter(globex.person("gus"), globex_room)["context"]
    honest_one = signed(bo, soon)
    head, body, signature = honest_one.split(".")
    return {
        "none": (None, "missing"),
        "empty": ("", "missing"),
        "a name": ("ana", "forged"),
        "another signature": (f"{head}.{body}.{signature[::-1]}", "forged"),
        "somebody else's body": (f"{head}.{elsewhere.split('.')[1]}.{signature}", "forged"),
        "one of another room": (elsewhere, "foreign"),
        "one of another tenant": (theirs, "foreign"),
        "one of no grant": (signed(bo, soon, grant_id=uuid.uuid4()), "foreign"),
        "one that says another tenant": (signed(bo, soon, tenant_id=globex.row.pk), "foreign"),
        "one that is over": (signed(bo, past), "late"),
    }


@pytest.mark.parametrize("mode", ["observe", "flag", "enforce"])
def test_what_is_not_credible_is_recorded_and_with_enforce_kicked(
    gathering: Gathering, globex: Company, simulator: Simulator, mode: str
) -> None:
    gathering.company.change(identity_mode=mode)
    Room.objects.filter(pk=gathering.room["id"]).update(max_participants=50)
    simulator.put_state(rooms=[{"id": str(gathering.row.telnyx_id), "max_participants": 50}])
    anas = gathering.comes("ana")
    nobodies = {}
    for name, (context, verdict) in shown(gathering, globex).items():
        nobodies[gathering.joins(enter(gathering.company.back_end, gathering.room), context=context)] = (
            name,
            verdict,
        )
    gathering.hear()
    assert gathering.row.reconcile_due_at <= timezone.now(), "one is late, or reconnects: Telnyx knows"
    gathering.asks()
    for telnyx_id, (name, verdict) in nobodies.items():
        person = gathering.person(telnyx_id)
        assert (person.attribution, person.identity, person.role) == (verdict, None, ""), name
    assert gathering.person(anas).attribution == Attribution.ATTRIBUTED
    settle()
    still_in = {telnyx_id for telnyx_id in nobodies if gathering.is_in(telnyx_id)}
    assert still_in == (set() if mode == "enforce" else set(nobodies))
    assert gathering.is_in(anas)


def test_a_grant_of_the_back_ends_own_names_nobody_and_is_credible(gathering: Gathering) -> None:
    gathering.company.change(identity_mode="enforce")
    telnyx_id = gathering.joins(enter(gathering.company.back_end, gathering.room))
    gathering.hear()
    person = gathering.person(telnyx_id)
    assert (person.attribution, person.identity) == ("attributed", None)
    settle()
    assert gathering.is_in(telnyx_id)


def test_who_is_honest_is_named_with_role_and_grant(gathering: Gathering) -> None:
    minted = enter(gathering.company.person("ana"), gathering.room)
    telnyx_id = gathering.joins(minted)
    gathering.hear()
    person = gathering.person(telnyx_id)
    assert (person.identity, person.display_name, person.role) == ("ana", "Ana", "moderator")
    assert str(person.grant_id) == minted["grant_id"]


def test_a_device_that_reconnects_is_the_same_person_twice(gathering: Gathering) -> None:
    gathering.company.change(identity_mode="enforce")
    minted = enter(gathering.company.person("bo"), gathering.room)
    before, after = gathering.joins(minted), gathering.joins(minted)
    gathering.leaves(before)
    gathering.hear()
    assert [gathering.person(each).identity for each in (before, after)] == ["bo", "bo"]
    assert gathering.evicts() == 0


def test_two_devices_are_two_grants_and_both_are_the_person(gathering: Gathering) -> None:
    gathering.company.change(identity_mode="enforce")
    both = [gathering.comes("bo"), gathering.comes("bo")]
    gathering.hear()
    gathering.asks(timezone.now() + timedelta(minutes=5))
    assert [gathering.person(each).identity for each in both] == ["bo", "bo"]
    assert gathering.evicts() == 0


def test_who_stays_in_beside_a_copy_is_known_and_the_copy_goes_once_telnyx_was_asked(
    gathering: Gathering,
) -> None:
    gathering.company.change(identity_mode="enforce")
    minted = enter(gathering.company.person("bo"), gathering.room)
    bos, copy = gathering.joins(minted), gathering.joins(minted)
    gathering.hear()
    gathering.asks()
    settle()
    assert gathering.is_in(copy)
    gathering.asks(timezone.now() + timedelta(seconds=31))
    settle()
    assert (gathering.is_in(bos), gathering.is_in(copy)) == (True, False)
    assert gathering.person(copy).attribution == "claimed"
