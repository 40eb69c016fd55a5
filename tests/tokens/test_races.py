"""Many at once, with real threads and real transactions."""

from collections import Counter
from functools import partial

import pytest

from tests.asking import Asker, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import enter, mint, refresh, revoke
from tests.tokens.racing import RACERS, Race
from tests.tokens.together import at_once
from tokens.models import Grant

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20  # a thousand: soak_refresh_race.py


def test_of_many_who_refresh_one_token_each_gets_the_one_successor(acme: Company, demo_room: Json) -> None:
    race = Race(acme, demo_room)
    race.run(ROUNDS)
    race.check()


@pytest.mark.parametrize("needs_login", [True, False])
def test_so_it_is_through_the_door(acme: Company, demo_room: Json, needs_login: bool) -> None:
    acme.change(refresh_needs_login=needs_login)
    bo = acme.person("bo") if needs_login else Asker()
    token = enter(acme.person("bo"), demo_room)["refresh_token"]
    answers = at_once([partial(refresh, bo, demo_room, token)] * RACERS)
    assert [answer.status for answer in answers] == [201] * RACERS
    assert len({answer.data["refresh_token"] for answer in answers}) == 1


def test_of_many_who_mint_at_once_only_as_many_get_in_as_there_are_seats(
    acme: Company, simulator: Simulator
) -> None:
    lobby = acme.new_room(access="tenant", max_participants=10)
    people = [acme.person(f"guest-{number}") for number in range(40)]
    answers = at_once([partial(mint, person, lobby) for person in people])
    outcomes = Counter(answer.status if answer.status == 201 else answer.reason for answer in answers)
    assert outcomes == {201: 10, "room_full": 30}
    assert Grant.objects.count() == Grant.objects.filter(state=Grant.State.OPEN).count() == 10
    assert len(simulator.state()["rooms"]) == 1


def test_of_a_refresh_and_a_revocation_at_once_the_revocation_stands(acme: Company, demo_room: Json) -> None:
    for _ in range(10):
        minted = enter(acme.person("bo"), demo_room)
        at_once(
            [
                partial(refresh, acme.person("bo"), demo_room, minted["refresh_token"]),
                partial(revoke, acme.person("ana"), demo_room, grant_id=minted["grant_id"]),
            ]
        )
        grant = Grant.objects.get(pk=minted["grant_id"])
        assert grant.state == Grant.State.REVOKED
        refused = refresh(acme.person("bo"), demo_room, minted["refresh_token"])
        assert refused.refusal == (403, "grant_revoked")


def test_one_idempotency_key_used_by_many_at_once_mints_once(acme: Company, demo_room: Json) -> None:
    enter(acme.person("ana"), demo_room)
    bo = acme.person("bo")
    answers = at_once([partial(mint, bo, demo_room, {"Idempotency-Key": "one"})] * 6)
    minted = [answer.data["grant_id"] for answer in answers if answer.status == 201]
    assert {answer.status for answer in answers} <= {201, 409}
    assert len(set(minted)) == 1
    assert Grant.objects.filter(identity="bo").count() == 1
