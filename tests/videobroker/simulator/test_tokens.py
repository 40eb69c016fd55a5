"""Client tokens and refresh tokens: how they look, and what they open."""

import base64
import json
import uuid
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.simulated import ControlError, Simulator
from tests.videobroker.simulator.worlds import World


def _part(token: str, place: int) -> bytes:
    text = token.split(".")[place]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(_part(token, 1))
    return claims


def _encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _refused(simulator: Simulator, token: str) -> int:
    with pytest.raises(ControlError) as refused:
        simulator.join(token)
    assert token not in str(refused.value)
    return refused.value.status


def test_a_token_looks_like_telnyx_makes_them(simulator: Simulator) -> None:
    room = simulator.create_room()

    token = simulator.mint(room["id"])["token"]

    claims = _claims(token)
    assert _part(token, 0) == b'{"alg":"Ed25519","typ":"JWT"}'
    assert claims["aud"] == claims["iss"] == "telnyx_access_token"
    assert claims["sub"] == "null"
    assert claims["typ"] == "access"
    assert claims["nbf"] == claims["iat"] - 1
    assert claims["exp"] == claims["iat"] + 600
    assert claims["grants"] == [
        {
            "actions": ["join"],
            "resources": [f"telnyx:video:rooms:{room['id']}"],
            "subjects": [f"telnyx:users:{simulator.account_id}"],
        }
    ]


def test_a_token_is_signed_by_its_account(simulator: Simulator) -> None:
    token = simulator.mint(simulator.create_room()["id"])["token"]

    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(simulator.public_key))
    key.verify(_part(token, 2), token.rpartition(".")[0].encode())


def test_lifetimes_are_honoured(simulator: Simulator) -> None:
    minted = simulator.mint(simulator.create_room()["id"], token_ttl_secs=10, refresh_token_ttl_secs=60)

    access, refresh = _claims(minted["token"]), _claims(minted["refresh_token"])
    assert access["exp"] - access["iat"] == 10
    assert refresh["exp"] - refresh["iat"] == 60
    assert refresh["typ"] == "refresh"


def test_no_two_tokens_are_the_same(simulator: Simulator) -> None:
    room = simulator.create_room()
    minted = [simulator.mint(room["id"]) for _ in range(5)]

    names = {_claims(tokens[kind])["jti"] for tokens in minted for kind in ("token", "refresh_token")}
    assert len(names) == 10


def test_one_token_opens_its_room_many_times(simulator: Simulator) -> None:
    room = simulator.create_room()
    token = simulator.mint(room["id"])["token"]

    assert simulator.join(token)["room_id"] == simulator.join(token)["room_id"] == room["id"]


def test_an_expired_token_is_refused(simulator: Simulator) -> None:
    room = simulator.create_room()
    token = simulator.mint(room["id"], token_ttl_secs=10)["token"]
    simulator.settings(clock_offset_secs=11)

    assert _refused(simulator, token) == 401


def test_a_token_of_the_future_is_refused(simulator: Simulator) -> None:
    room = simulator.create_room()
    simulator.settings(clock_offset_secs=60)
    token = simulator.mint(room["id"])["token"]
    simulator.settings(clock_offset_secs=0)

    assert _refused(simulator, token) == 401


def test_a_refresh_token_does_not_open_a_room(simulator: Simulator) -> None:
    room = simulator.create_room()

    assert _refused(simulator, simulator.mint(room["id"])["refresh_token"]) == 401


def test_a_token_for_another_room_is_refused(simulator: Simulator) -> None:
    room, other = simulator.create_room(), simulator.create_room()

    with pytest.raises(ControlError) as refused:
        simulator.join(simulator.mint(room["id"])["token"], room_id=other["id"])
    assert refused.value.status == 403


def test_a_token_signed_by_somebody_else_is_refused(simulator: Simulator) -> None:
    room = simulator.create_room()
    token = simulator.mint(room["id"])["token"]
    signed = token.rpartition(".")[0]
    signature = Ed25519PrivateKey.generate().sign(signed.encode())
    forged = f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    assert _refused(simulator, forged) == 401


def test_another_accounts_signature_does_not_open_the_room(simulator: Simulator) -> None:
    room = simulator.create_room()
    globex = simulator.new_account()
    theirs = simulator.create_room(key=globex["api_key"])
    token = simulator.mint(theirs["id"], key=globex["api_key"])["token"]
    claims = _claims(token)
    claims["grants"][0]["resources"] = [f"telnyx:video:rooms:{room['id']}"]
    moved = f"{token.split('.')[0]}.{_encoded(claims)}.{token.split('.')[2]}"

    assert _refused(simulator, moved) == 401


@pytest.mark.parametrize("alg", ["none", "HS256", "EdDSA"])
def test_another_algorithm_in_the_header_is_refused(simulator: Simulator, alg: str) -> None:
    token = simulator.mint(simulator.create_room()["id"])["token"]

    assert _refused(simulator, f"{_encoded({'alg': alg})}.{token.partition('.')[2]}") == 401


@pytest.mark.parametrize("claims", [{}, {"grants": [{}]}, {"grants": 7}, {"grants": [{"actions": []}]}])
def test_a_token_that_grants_nothing_is_refused(simulator: Simulator, claims: dict[str, Any]) -> None:
    assert _refused(simulator, f"{_encoded({'alg': 'Ed25519'})}.{_encoded(claims)}.c2ln") == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "..", "é.é.é", "bnVsbA.bnVsbA.bnVsbA"])
def test_what_is_no_token_is_refused(simulator: Simulator, token: str) -> None:
    with pytest.raises(ControlError) as refused:
        simulator.join(token)
    assert refused.value.status == 401


def test_deleting_the_room_voids_its_tokens(simulator: Simulator) -> None:
    room = simulator.create_room()
    minted = simulator.mint(room["id"])
    simulator.api("DELETE", f"/rooms/{room['id']}").raise_for_status()

    assert _refused(simulator, minted["token"]) == 403
    assert _refresh(simulator, room["id"], minted["refresh_token"]).status_code == 404


def _refresh(simulator: Simulator, room_id: str, refresh_token: str) -> Any:
    body = {"refresh_token": refresh_token, "token_ttl_secs": 30}
    path = f"{simulator.api_base}/rooms/{room_id}/actions/refresh_client_token"
    return simulator.http.post(path, json=body, timeout=10)


def test_a_refresh_token_needs_no_key_and_does_not_rotate(simulator: Simulator) -> None:
    room = simulator.create_room()
    refresh_token = simulator.mint(room["id"])["refresh_token"]

    answers = [_refresh(simulator, room["id"], refresh_token) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert {frozenset(answer.json()["data"]) for answer in answers} == {
        frozenset({"token", "token_expires_at"})
    }
    assert simulator.join(answers[2].json()["data"]["token"])["room_id"] == room["id"]


def test_a_refresh_token_is_good_for_its_room_its_time_and_its_kind_only(simulator: Simulator) -> None:
    room, other = simulator.create_room(), simulator.create_room()
    minted = simulator.mint(room["id"], refresh_token_ttl_secs=60)

    answers = [
        _refresh(simulator, other["id"], minted["refresh_token"]),
        _refresh(simulator, room["id"], minted["token"]),
    ]
    simulator.settings(clock_offset_secs=61)
    answers.append(_refresh(simulator, room["id"], minted["refresh_token"]))

    for answer in answers:
        assert answer.status_code == 403
        assert set(answer.json()) == {"code", "title", "detail"}
        assert answer.json()["code"] == "10010"


def test_a_missing_refresh_token_is_pointed_at(simulator: Simulator) -> None:
    room = simulator.create_room()

    answer = simulator.api("POST", f"/rooms/{room['id']}/actions/refresh_client_token", json={})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"pointer": "/refresh_token"}


def test_telnyx_clock_dates_the_answers_and_the_tokens(simulator: Simulator) -> None:
    room = simulator.create_room()
    now = _claims(simulator.mint(room["id"])["token"])["iat"]
    simulator.settings(clock_offset_secs=-86_400)

    then = _claims(simulator.mint(room["id"])["token"])["iat"]

    assert 86_390 < now - then <= 86_400
    assert simulator.create_room()["created_at"] < room["created_at"]


def test_a_participant_renews_with_a_token_of_the_same_room_only(world: World) -> None:
    simulator = world.simulator
    elsewhere = simulator.mint(simulator.create_room()["id"])["token"]

    with pytest.raises(ControlError) as refused:
        simulator.renew(world.ana, elsewhere)
    renewed = simulator.renew(world.ana, simulator.mint(world.room_id, token_ttl_secs=3600)["token"])

    assert refused.value.status == 403
    assert renewed["token_expires_at"] > simulator.participant(world.bo)["token_expires_at"]


def test_an_unknown_participant_cannot_renew(world: World) -> None:
    token = world.simulator.mint(world.room_id)["token"]

    with pytest.raises(ControlError) as refused:
        world.simulator.renew(str(uuid.uuid4()), token)
    assert refused.value.status == 404
