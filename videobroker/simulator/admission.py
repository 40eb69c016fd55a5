"""Minting and refreshing the client tokens that open a room."""

from typing import Any

from videobroker.simulator import client_tokens, errors
from videobroker.simulator.client_tokens import InvalidTokenError
from videobroker.simulator.clock import written_to_the_second
from videobroker.simulator.errors import Refusal, not_found
from videobroker.simulator.exchange import Call
from videobroker.simulator.fields import Fields
from videobroker.simulator.listing import find
from videobroker.simulator.simulation import Simulation
from videobroker.simulator.store import Row

DEFAULT_TOKEN_TTL_SECS = 600
DEFAULT_REFRESH_TOKEN_TTL_SECS = 3600


def create_room_client_token(sim: Simulation, call: Call) -> Any:
    """Mint a client token and the refresh token that renews it."""
    fields = call.fields()
    token_ttl = _token_ttl_secs(fields)
    refresh_ttl = _ttl_secs(fields, "refresh_token_ttl_secs", 60, 86_400, DEFAULT_REFRESH_TOKEN_TTL_SECS)
    with sim.change(call) as change:
        room = find(sim.store, "rooms", call.ids["room_id"], call.caller.id)
        token, expires = client_tokens.sign(call.caller, room["id"], "access", token_ttl, sim.clock)
        refresh, refresh_expires = client_tokens.sign(
            call.caller, room["id"], "refresh", refresh_ttl, sim.clock
        )
        change.effect("token.minted", room_id=room["id"], account_id=room["account_id"])
    return {
        "data": {
            "token": token,
            "token_expires_at": written_to_the_second(expires),
            "refresh_token": refresh,
            "refresh_token_expires_at": written_to_the_second(refresh_expires),
        }
    }


def refresh_room_client_token(sim: Simulation, call: Call) -> Any:
    """Mint a client token for whoever holds a valid refresh token of the room; no API key is asked for."""
    fields = call.fields()
    token_ttl = _token_ttl_secs(fields)
    with sim.change(call) as change:
        claim = _refreshable(sim, fields.text("refresh_token"), call.ids["room_id"])
        token, expires = client_tokens.sign(claim.account, claim.room_id, "access", token_ttl, sim.clock)
        change.effect("token.refreshed", room_id=claim.room_id, account_id=claim.account.id)
    return {"data": {"token": token, "token_expires_at": written_to_the_second(expires)}}


def room_of(sim: Simulation, claim: client_tokens.Claim) -> Row | None:
    """The room a token is for, if it still exists in the account that signed."""
    sql = "SELECT * FROM rooms WHERE id = ? AND account_id = ?"
    return sim.store.row(sql, claim.room_id, claim.account.id)


def _refreshable(sim: Simulation, refresh_token: str, room_id: str) -> client_tokens.Claim:
    try:
        claim = client_tokens.verify(sim.store, sim.clock, refresh_token, "refresh")
    except InvalidTokenError as error:
        raise Refusal(403, errors.NOT_AUTHORISED, str(error), shape="bare") from error
    if claim.room_id != room_id:
        raise Refusal(403, errors.NOT_AUTHORISED, "The token is for another room.", shape="bare")
    if room_of(sim, claim) is None:
        raise not_found("room", "bare")
    return claim


def _token_ttl_secs(fields: Fields) -> int:
    return _ttl_secs(fields, "token_ttl_secs", 10, 3600, DEFAULT_TOKEN_TTL_SECS)


def _ttl_secs(fields: Fields, name: str, low: int, high: int, default: int) -> int:
    return fields.integer(name, low, high) if name in fields else default
