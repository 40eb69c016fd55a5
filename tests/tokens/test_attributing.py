"""Who of those that show contexts of one grant is its person: told of made-up stories, thousands of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rooms.models import Attribution
from tests.tokens.histories import (
    ALLOWED_SECS,
    LEEWAY_SECS,
    TOKEN_LIFE_SECS,
    Stay,
    at,
    claims_of,
    honest,
    thief,
)
from tokens.attributing import Claim, verdicts

ATTRIBUTED, PENDING = Attribution.ATTRIBUTED, Attribution.PENDING
LATE, CLAIMED = Attribution.LATE, Attribution.CLAIMED
LATER = 10_000_000
HISTORIES = 10_000


def told(claims: Sequence[Claim]) -> list[str]:
    """The verdicts in the order of the claims."""
    found = verdicts(claims)
    return [found[claim.participant_id] for claim in claims]


def histories() -> Iterator[tuple[int, Random, list[Stay]]]:
    """Many stories of honest people, each with its number (the seed that tells it again) and what chance is left."""
    for seed in range(HISTORIES):
        chance = Random(seed)
        yield seed, chance, honest(chance)


class TestHonestPeople:
    def test_are_always_known_in_the_end_in_whatever_order_the_facts_came(self) -> None:
        for seed, chance, stays in histories():
            claims = claims_of(stays, LATER)
            found = verdicts(claims)
            assert set(found.values()) == {ATTRIBUTED}, seed
            assert verdicts(chance.sample(claims, len(claims))) == found, seed

    def test_are_never_taken_for_thieves_while_news_is_missing(self) -> None:
        """Any joining and leaving may be unheard of, but those that Telnyx knew of when it was last asked."""
        for seed, chance, stays in histories():
            asked_secs = chance.choice([None, chance.randint(0, 20_000)])
            claims = [
                claim
                if known_by(claim.gone_at, asked_secs) or chance.random() < 0.5
                else replace(claim, gone_at=None)
                for claim in claims_of(stays, asked_secs)
                if known_by(claim.joined_at, asked_secs) or chance.random() < 0.7
            ]
            assert set(told(claims)) <= {ATTRIBUTED, PENDING}, seed


def known_by(fact: datetime | None, asked_secs: int | None) -> bool:
    return asked_secs is not None and fact is not None and fact <= at(asked_secs)


class TestThieves:
    def test_beside_the_person_they_are_found_out(self) -> None:
        """A copy is shown while the person is in, and the person stays for longer than a reconnect takes."""
        tried = 0
        for seed, chance, stays in histories():
            victim = chance.choice(stays)
            end_secs = victim.joined_secs + 5000 if victim.gone_secs is None else victim.gone_secs
            if (room := end_secs - ALLOWED_SECS - victim.joined_secs) <= 1:
                continue
            joined_secs = victim.joined_secs + chance.uniform(0.5, room - 0.5)
            claims = claims_of(stays, LATER)
            copy = thief(0, joined_secs, chance.choice([None, joined_secs + 60]))
            found = verdicts([*claims, copy])
            assert found.pop(copy.participant_id) == CLAIMED, seed
            assert set(found.values()) == {ATTRIBUTED}, seed
            tried += 1
        assert tried > HISTORIES / 2

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(
        stays=st.lists(
            st.tuples(st.integers(0, 3000), st.none() | st.integers(1, 3000), st.integers(0, 3000)),
            min_size=1,
            max_size=7,
        ),
        data=st.data(),
    )
    def test_any_story_at_all_has_one_outcome_in_any_order_and_one_person_at_a_time(
        self, stays: list[tuple[int, int | None, int]], data: st.DataObject
    ) -> None:
        story = [
            Stay(joined, None if stayed is None else joined + stayed, join_by)
            for joined, stayed, join_by in stays
        ]
        claims = claims_of(story, LATER)
        found = verdicts(claims)
        assert verdicts(data.draw(st.permutations(claims))) == found
        assert set(found.values()) <= {ATTRIBUTED, LATE, CLAIMED}
        people = sorted((claim for claim in claims if found[claim.participant_id] == ATTRIBUTED), key=joining)
        for former, latter in pairwise(people):
            latest = latter.joined_at + timedelta(seconds=ALLOWED_SECS)
            assert former.gone_at is not None
            assert former.gone_at <= latest


def joining(claim: Claim) -> tuple[datetime, UUID]:
    return claim.joined_at, claim.telnyx_id


class TestEdges:
    """Each limit, and a moment on either side of it."""

    def test_the_first_who_comes_in_time(self) -> None:
        assert told(claims_of([Stay(0, None, 120)], None)) == [ATTRIBUTED]

    @pytest.mark.parametrize(("over_secs", "verdict"), [(-1, ATTRIBUTED), (0, ATTRIBUTED), (1, LATE)])
    def test_coming_late(self, over_secs: int, verdict: str) -> None:
        joined_secs = TOKEN_LIFE_SECS + LEEWAY_SECS + over_secs
        assert told(claims_of([Stay(joined_secs, None, TOKEN_LIFE_SECS)], LATER)) == [verdict]

    @pytest.mark.parametrize(
        ("asked_secs", "verdict"), [(None, PENDING), (499, PENDING), (500, LATE), (LATER, LATE)]
    )
    def test_who_is_late_or_reconnects_for_somebody_unheard_of_is_left_open_until_telnyx_was_asked(
        self, asked_secs: int | None, verdict: str
    ) -> None:
        assert told(claims_of([Stay(500, None, TOKEN_LIFE_SECS)], asked_secs)) == [verdict]

    @pytest.mark.parametrize(("over_secs", "verdict"), [(-1, ATTRIBUTED), (0, ATTRIBUTED), (1, CLAIMED)])
    def test_an_old_connection_that_lingers(self, over_secs: int, verdict: str) -> None:
        stays = [Stay(0, 100 + ALLOWED_SECS + over_secs, 120), Stay(100, None, 120)]
        assert told(claims_of(stays, LATER)) == [ATTRIBUTED, verdict]

    @pytest.mark.parametrize(("over_secs", "verdict"), [(-1, ATTRIBUTED), (0, LATE), (1, LATE)])
    def test_coming_back_with_an_old_context(self, over_secs: int, verdict: str) -> None:
        stays = [Stay(0, 1000, 120), Stay(1000 + ALLOWED_SECS + over_secs, None, 120)]
        assert told(claims_of(stays, LATER)) == [ATTRIBUTED, verdict]

    def test_coming_back_much_later_with_a_fresh_context(self) -> None:
        stays = [Stay(0, 1000, 120), Stay(4000, None, 4100)]
        assert told(claims_of(stays, LATER)) == [ATTRIBUTED, ATTRIBUTED]

    @pytest.mark.parametrize(
        ("asked_secs", "verdict"), [(None, ATTRIBUTED), (129, ATTRIBUTED), (130, CLAIMED), (1000, CLAIMED)]
    )
    def test_two_at_once_are_two_only_when_telnyx_says_so_after_the_allowance(
        self, asked_secs: int | None, verdict: str
    ) -> None:
        stays = [Stay(0, None, 120), Stay(100, None, 120)]
        assert told(claims_of(stays, asked_secs)) == [ATTRIBUTED, verdict]

    def test_who_was_not_believed_holds_nothing(self) -> None:
        stays = [Stay(0, 1000, 120), Stay(500, None, 120), Stay(1010, None, 120)]
        assert told(claims_of(stays, LATER)) == [ATTRIBUTED, CLAIMED, ATTRIBUTED]

    def test_of_two_at_the_same_moment_one_is_chosen_always_the_same(self) -> None:
        claims = claims_of([Stay(0, 500, 120), Stay(0, 500, 120)], LATER)
        assert sorted(told(claims)) == [ATTRIBUTED, CLAIMED]
        assert verdicts(claims) == verdicts(claims[::-1])

    def test_of_nobody_nothing_is_said(self) -> None:
        assert verdicts([]) == {}
