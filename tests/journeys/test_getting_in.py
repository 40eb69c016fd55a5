"""The whole story of a token, over real sockets: from a login of the tenant's own to being kept out again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import jwt
import pytest
import requests
from telnyx import Telnyx

from tests.asking import Asker, Json
from tests.cast import Company
from tests.simulated import ControlError, Simulator
from tests.tokens.doors import access, enter, mint, refresh, revoke, stay
from tests.tokens.serving import serve

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def url(
    django_db_setup: None,
    running_simulator: Simulator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    with serve(running_simulator, tmp_path_factory.mktemp("web") / "web.log") as address:
        yield address


@dataclass
class Office:
    """A company seen from outside: its back end and its people, who all ask over a socket."""

    company: Company
    url: str

    def person(self, identity: str) -> Asker:
        return replace(self.company.person(identity), url=self.url)

    @property
    def back_end(self) -> Asker:
        return self.company.at(self.url).back_end

    def new_room(self) -> Json:
        """A room that ana moderates and bo takes part in."""
        return self.company.at(self.url).new_room({"ana": "moderator", "bo": "participant"})


@pytest.fixture
def office(acme: Company, url: str) -> Office:
    return Office(acme, url)


def test_bo_gets_in_stays_in_and_is_put_out(office: Office, simulator: Simulator) -> None:
    room, ana, bo = office.new_room(), office.person("ana"), office.person("bo")

    minted = enter(bo, room)
    joined = simulator.join(minted["token"], minted["context"])
    assert [person["id"] for person in simulator.present(minted["telnyx_room_id"])] == [
        joined["participant_id"]
    ]

    refreshed = stay(bo, room, minted["refresh_token"])
    simulator.renew(joined["participant_id"], refreshed["token"])

    banned = ana.post(f"/v2/rooms/{room['id']}/bans", {"identity": "bo", "reason": "noise"})
    assert banned.status == 201
    assert refresh(bo, room, refreshed["refresh_token"]).refusal == (403, "banned")
    assert mint(bo, room).refusal == (403, "banned")
    assert access(ana, room, "bo").data["reason"] == "banned"

    assert ana.delete(f"/v2/bans/{banned.data['id']}").status == 204
    enter(bo, room)


def test_strangers_and_neighbours_stay_out(office: Office, globex: Company, simulator: Simulator) -> None:
    room = office.new_room()
    assert mint(office.person("cy"), room).refusal == (403, "not_a_member")
    gus = replace(globex.person("gus"), url=office.url)
    assert mint(gus, room).refusal == (404, "not_found")
    assert mint(Asker(url=office.url), room).status == 401
    assert simulator.calls("create_room_client_token") == []


def test_a_stolen_refresh_token_ends_the_visit_of_thief_and_owner_alike(office: Office) -> None:
    room, bo = office.new_room(), office.person("bo")
    stolen = enter(bo, room)["refresh_token"]
    token = stay(bo, room, stolen)["refresh_token"]
    token = stay(bo, room, token)["refresh_token"]
    assert refresh(bo, room, stolen).refusal == (403, "token_reused")
    assert refresh(bo, room, token).refusal == (403, "grant_revoked")


def test_a_token_of_a_deleted_room_opens_nothing(office: Office, simulator: Simulator) -> None:
    room, bo = office.new_room(), office.person("bo")
    minted = enter(bo, room)
    assert office.back_end.delete(f"/v2/rooms/{room['id']}").status == 204
    assert refresh(bo, room, minted["refresh_token"]).status == 404
    simulator.api("DELETE", f"/rooms/{minted['telnyx_room_id']}", key=office.company.telnyx_key)
    with pytest.raises(ControlError, match="403"):
        simulator.join(minted["token"], minted["context"])


def test_anybody_can_check_whose_badge_it_is(office: Office) -> None:
    context = enter(office.person("bo"), office.new_room())["context"]
    keys = jwt.PyJWKSet.from_dict(requests.get(f"{office.url}/.well-known/jwks.json", timeout=10).json())
    claims = jwt.decode(context, keys[jwt.get_unverified_header(context)["kid"]], algorithms=["EdDSA"])
    assert (claims["sub"], claims["role"]) == ("bo", "participant")


def test_a_back_end_does_it_all_with_telnyxs_own_library(office: Office, simulator: Simulator) -> None:
    with Telnyx(base_url=f"{office.url}/v2", api_key=office.company.api_key) as client:
        room = client.rooms.create(unique_name="standup").data
        assert room is not None
        assert room.id is not None
        minted = client.rooms.actions.generate_join_client_token(room.id, token_ttl_secs=60).data
        assert minted is not None
        assert simulator.join(str(minted.token))
        for _ in range(2):
            again = client.rooms.actions.refresh_client_token(
                room.id, refresh_token=str(minted.refresh_token)
            ).data
            assert again is not None
            assert simulator.join(str(again.token))


def test_signing_out_everywhere_is_one_call(office: Office) -> None:
    room, bo = office.new_room(), office.person("bo")
    devices = [enter(bo, room)["refresh_token"] for _ in range(3)]
    assert revoke(bo, room, identity="bo").data == {"result": "ok", "revoked": 3}
    assert {refresh(bo, room, token).refusal for token in devices} == {(403, "grant_revoked")}
