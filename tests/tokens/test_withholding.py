"""What happens while Telnyx makes the token counts: who is kept out by then never sees it."""

from collections.abc import Callable

import pytest

from tests.asking import Answer, Asker, Json
from tests.cast import Company
from tests.simulated import Simulator
from tests.tokens.doors import audited, enter, mint, refresh, revoke, stay
from tests.tokens.passing import ahead
from tests.tokens.test_refusals import ban_from_all, ban_from_room, change, remove, suspend
from tests.tokens.together import under_way
from tokens.models import Grant

pytestmark = pytest.mark.django_db(transaction=True)
Deed = Callable[[Company, Json], object]


def delete_room(acme: Company, room: Json) -> None:
    assert acme.back_end.delete(f"/v2/rooms/{room['id']}").status == 204


def revoke_all_of_bo(acme: Company, room: Json) -> None:
    assert revoke(acme.person("ana"), room, identity="bo").data["revoked"] >= 1


LANDINGS = [
    pytest.param("banned", ban_from_room, id="ban from the room"),
    pytest.param("banned", ban_from_all, id="ban from all rooms"),
    pytest.param("not_a_member", remove, id="removal"),
    pytest.param("tenant_suspended", suspend, id="suspension"),
    pytest.param("closed", change(closes_at=ahead(hours=-1)), id="closing"),
    pytest.param("closed", delete_room, id="deletion"),
    pytest.param("grant_revoked", revoke_all_of_bo, id="revocation"),
]


def while_telnyx_answers(
    acme: Company, room: Json, simulator: Simulator, ask: Callable[[], Answer], deed: Deed
) -> Answer:
    """What `ask` is answered when `deed` is done after Telnyx made the token, before it is handed out."""
    hold = simulator.fault("hold", "create_room_client_token", where="after", times=1)
    with under_way(ask) as asked:
        simulator.await_held(hold)
        deed(acme, room)
        simulator.release(hold)
        return asked.result()


@pytest.fixture
def pair(acme: Company) -> Json:
    """A room for two whose Telnyx room is there already, with one seat taken."""
    room = acme.new_room({"ana": "moderator", "bo": "participant"}, max_participants=2)
    enter(acme.back_end, room)
    return room


@pytest.mark.parametrize(("reason", "deed"), LANDINGS)
def test_a_minted_token_is_withheld(
    acme: Company, pair: Json, simulator: Simulator, reason: str, deed: Deed
) -> None:
    answer = while_telnyx_answers(acme, pair, simulator, lambda: mint(acme.person("bo"), pair), deed)
    assert answer.refusal == (403, reason)
    assert b"token" not in answer.raw.replace(b"grant was revoked while its token was made", b"")
    assert not Grant.objects.filter(identity="bo").exclude(state=Grant.State.REVOKED).exists()
    assert audited(pair, "token.withheld") == [("bo", "bo", reason)]


@pytest.mark.parametrize(("reason", "deed"), LANDINGS)
def test_a_refreshed_token_is_withheld(
    acme: Company, pair: Json, simulator: Simulator, reason: str, deed: Deed
) -> None:
    minted = enter(acme.person("bo"), pair)
    before = Grant.objects.values("generation", "refresh_hash", "client_token_expires_at").get(identity="bo")
    answer = while_telnyx_answers(
        acme, pair, simulator, lambda: refresh(acme.person("bo"), pair, minted["refresh_token"]), deed
    )
    assert answer.refusal == (403, reason)
    assert answer.body.get("data") is None
    after = Grant.objects.values("generation", "refresh_hash", "client_token_expires_at").get(identity="bo")
    assert after == before


def test_the_seat_of_a_withheld_token_is_free(acme: Company, pair: Json, simulator: Simulator) -> None:
    while_telnyx_answers(acme, pair, simulator, lambda: mint(acme.person("bo"), pair), ban_from_room)
    enter(acme.person("ana"), pair)


def test_so_is_that_of_a_grant_revoked_while_it_was_made(
    acme: Company, pair: Json, simulator: Simulator
) -> None:
    while_telnyx_answers(acme, pair, simulator, lambda: mint(acme.person("bo"), pair), revoke_all_of_bo)
    enter(acme.person("ana"), pair)


def test_a_token_withheld_from_a_refresh_works_again_when_its_person_may_be_in_again(
    acme: Company, pair: Json, simulator: Simulator
) -> None:
    minted = enter(acme.person("bo"), pair)
    while_telnyx_answers(
        acme, pair, simulator, lambda: refresh(acme.person("bo"), pair, minted["refresh_token"]), suspend
    )
    acme.change(status="active")
    stay(acme.person("bo"), pair, minted["refresh_token"])


def test_locking_meanwhile_keeps_out_nobody_who_has_a_seat(
    acme: Company, pair: Json, simulator: Simulator
) -> None:
    locked = change(locked=True)
    answer = while_telnyx_answers(acme, pair, simulator, lambda: mint(acme.person("bo"), pair), locked)
    assert answer.status == 201


def test_becoming_a_moderator_meanwhile_shows_at_once(
    acme: Company, pair: Json, simulator: Simulator
) -> None:
    def promote(acme: Company, room: Json) -> None:
        path = f"/v2/rooms/{room['id']}/members"
        (member,) = acme.back_end.get(path, {"filter[identity]": "bo"}).data
        acme.back_end.patch(f"{path}/{member['id']}", {"role": "moderator"})

    while_telnyx_answers(acme, pair, simulator, lambda: mint(acme.person("bo"), pair), promote)
    assert Grant.objects.get(identity="bo").role == "moderator"


def test_minting_elsewhere_goes_on_while_telnyx_keeps_one_waiting(
    acme: Company, pair: Json, simulator: Simulator
) -> None:
    def mint_for_ana(acme: Company, room: Json) -> None:
        other = acme.new_room({"ana": "moderator"})
        enter(acme.person("ana"), other)

    bo: Asker = acme.person("bo")
    assert while_telnyx_answers(acme, pair, simulator, lambda: mint(bo, pair), mint_for_ana).status == 201
