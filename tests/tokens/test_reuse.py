"""A refresh token that was replaced may be repeated for half a minute, by whoever missed the answer. Anything older is
a copy in the wrong hands, and the grant dies."""

from tests.asking import Json
from tests.cast import Company
from tests.rooms.gatherings import Gathering
from tests.rooms.orders import settle
from tests.simulated import Simulator
from tests.tokens.doors import audited, enter, grant_of, mint, refresh, stay
from tests.tokens.passing import Time
from tokens.models import Grant


def chain(acme: Company, room: Json, length: int) -> tuple[Json, list[str]]:
    """A mint and its refresh tokens, each the successor of the one before."""
    minted = enter(acme.person("bo"), room)
    tokens = [minted["refresh_token"]]
    for _ in range(length - 1):
        tokens.append(stay(acme.person("bo"), room, tokens[-1])["refresh_token"])
    return minted, tokens


def is_dead(acme: Company, room: Json, minted: Json, token: str) -> bool:
    """Whether nothing works any more: neither this token, nor is the grant open."""
    refused = refresh(acme.person("bo"), room, token)
    return refused.refusal == (403, "grant_revoked") and grant_of(acme.back_end, minted)["state"] == "revoked"


class TestTheImmediatePredecessor:
    """Its holder missed an answer, or has two tabs."""

    def test_gets_the_same_successor(self, acme: Company, demo_room: Json) -> None:
        token = enter(acme.person("bo"), demo_room)["refresh_token"]
        successors = {stay(acme.person("bo"), demo_room, token)["refresh_token"] for _ in range(4)}
        assert len(successors) == 1

    def test_gets_a_client_token_each_time(
        self, acme: Company, demo_room: Json, simulator: Simulator
    ) -> None:
        token = enter(acme.person("bo"), demo_room)["refresh_token"]
        for _ in range(3):
            refreshed = stay(acme.person("bo"), demo_room, token)
            assert simulator.join(refreshed["token"], refreshed["context"])

    def test_is_taken_until_half_a_minute_has_passed(
        self, acme: Company, demo_room: Json, time: Time
    ) -> None:
        _, (old, new) = chain(acme, demo_room, 2)
        time.passes(28)
        assert stay(acme.person("bo"), demo_room, old)["refresh_token"] == new

    def test_is_theft_after_half_a_minute(self, acme: Company, demo_room: Json, time: Time) -> None:
        minted, (old, new) = chain(acme, demo_room, 2)
        time.passes(31)
        assert refresh(acme.person("bo"), demo_room, old).refusal == (403, "token_reused")
        assert is_dead(acme, demo_room, minted, new)

    def test_is_not_given_more_time_by_being_repeated(
        self, acme: Company, demo_room: Json, time: Time
    ) -> None:
        _, (old, _) = chain(acme, demo_room, 2)
        time.passes(20)
        stay(acme.person("bo"), demo_room, old)
        time.passes(11)
        assert refresh(acme.person("bo"), demo_room, old).refusal == (403, "token_reused")


def test_two_generations_old_is_theft_at_once(acme: Company, demo_room: Json) -> None:
    minted, tokens = chain(acme, demo_room, 3)
    assert refresh(acme.person("bo"), demo_room, tokens[0]).refusal == (403, "token_reused")
    assert is_dead(acme, demo_room, minted, tokens[2])


def test_however_old_a_token_is_it_is_recognised(acme: Company, demo_room: Json) -> None:
    minted, tokens = chain(acme, demo_room, 8)
    assert refresh(acme.person("bo"), demo_room, tokens[1]).refusal == (403, "token_reused")
    assert is_dead(acme, demo_room, minted, tokens[-1])


def test_a_back_end_that_shows_an_old_one_is_no_exception(acme: Company, demo_room: Json) -> None:
    minted, tokens = chain(acme, demo_room, 3)
    assert refresh(acme.back_end, demo_room, tokens[0]).refusal == (403, "token_reused")
    assert is_dead(acme, demo_room, minted, tokens[2])


def test_reuse_is_audited_once_with_what_was_shown(acme: Company, demo_room: Json) -> None:
    minted, tokens = chain(acme, demo_room, 3)
    for _ in range(3):
        refresh(acme.person("bo"), demo_room, tokens[0])
    assert audited(demo_room, "token.reused") == [("bo", minted["grant_id"], "token_reused")]


def test_the_grant_says_why_it_died(acme: Company, demo_room: Json) -> None:
    minted, tokens = chain(acme, demo_room, 3)
    refresh(acme.person("bo"), demo_room, tokens[0])
    assert grant_of(acme.back_end, minted)["revoked_because"] == "token_reused"


def test_nothing_is_asked_of_telnyx_for_a_stolen_token(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    _, tokens = chain(acme, demo_room, 3)
    before = len(simulator.calls())
    refresh(acme.person("bo"), demo_room, tokens[0])
    assert len(simulator.calls()) == before


def test_the_persons_other_devices_are_not_touched(acme: Company, demo_room: Json) -> None:
    other = enter(acme.person("bo"), demo_room)
    _, tokens = chain(acme, demo_room, 3)
    refresh(acme.person("bo"), demo_room, tokens[0])
    stay(acme.person("bo"), demo_room, other["refresh_token"])


def test_whose_grant_died_may_mint_anew(acme: Company, demo_room: Json) -> None:
    _, tokens = chain(acme, demo_room, 3)
    refresh(acme.person("bo"), demo_room, tokens[0])
    assert mint(acme.person("bo"), demo_room).status == 201


def test_the_seat_of_a_dead_grant_is_free(acme: Company) -> None:
    pair = acme.new_room({"bo": "participant"}, max_participants=2)
    enter(acme.back_end, pair)
    _, tokens = chain(acme, pair, 3)
    refresh(acme.person("bo"), pair, tokens[0])
    enter(acme.person("bo"), pair)


def test_only_hashes_of_two_generations_are_kept(acme: Company, demo_room: Json) -> None:
    minted, tokens = chain(acme, demo_room, 3)
    row = str(Grant.objects.filter(pk=minted["grant_id"]).values().get())
    assert not [token for token in tokens if token in row or token[-86:-43] in row]


def test_whoever_is_in_with_a_stolen_grant_is_put_out(
    acme: Company, demo_room: Json, simulator: Simulator
) -> None:
    gathering = Gathering.of(acme, simulator, demo_room)
    minted, tokens = chain(acme, demo_room, 3)
    bo, ana = gathering.joins(minted), gathering.comes("ana")
    gathering.hear()
    assert refresh(acme.person("bo"), demo_room, tokens[0]).refusal == (403, "token_reused")
    assert gathering.evicts() == 1
    settle()
    assert (gathering.is_in(bo), gathering.is_in(ana)) == (False, True)
    gathering.hear()
    afresh = gathering.comes("bo")
    gathering.hear()
    settle()
    assert gathering.is_in(afresh)
