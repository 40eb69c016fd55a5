"""Telnyx's interface under `/v2`: its 25 operations, who may call them, what faults make of a call."""

from videobroker.simulator import (
    accounts,
    admission,
    clock,
    compositions,
    ledger,
    misbehaving,
    moderation,
    participants,
    recordings,
    rooms,
    routing,
    sessions,
)
from videobroker.simulator.errors import Refusal
from videobroker.simulator.exchange import Answer, Call, Headers, as_json, refused
from videobroker.simulator.misbehaving import Outcome
from videobroker.simulator.routing import Handler, Route, Router
from videobroker.simulator.simulation import Simulation

PREFIX = "/v2"


def _route(method: str, template: str, status: int, handler: Handler) -> Route:
    """A route whose operation bears the handler's name, which is the contract's."""
    return Route(method, template, handler.__name__, status, handler)


ROUTER = Router(
    PREFIX,
    [
        _route("GET", "/rooms", 200, rooms.list_rooms),
        _route("POST", "/rooms", 201, rooms.create_room),
        _route("GET", "/rooms/{room_id}", 200, rooms.view_room),
        _route("PATCH", "/rooms/{room_id}", 200, rooms.update_room),
        _route("DELETE", "/rooms/{room_id}", 204, rooms.delete_room),
        _route("GET", "/rooms/{room_id}/sessions", 200, sessions.retrieve_list_room_sessions),
        _route(
            "POST",
            "/rooms/{room_id}/actions/generate_join_client_token",
            201,
            admission.create_room_client_token,
        ),
        Route(
            "POST",
            "/rooms/{room_id}/actions/refresh_client_token",
            "refresh_room_client_token",
            201,
            admission.refresh_room_client_token,
            needs_api_key=False,
        ),
        _route("GET", "/room_sessions", 200, sessions.list_room_sessions),
        _route("GET", "/room_sessions/{room_session_id}", 200, sessions.view_room_session),
        _route("POST", "/room_sessions/{room_session_id}/actions/end", 200, moderation.end_session),
        _route(
            "POST",
            "/room_sessions/{room_session_id}/actions/kick",
            200,
            moderation.kick_participant_in_session,
        ),
        _route(
            "POST",
            "/room_sessions/{room_session_id}/actions/mute",
            200,
            moderation.mute_participant_in_session,
        ),
        _route(
            "POST",
            "/room_sessions/{room_session_id}/actions/unmute",
            200,
            moderation.unmute_participant_in_session,
        ),
        _route(
            "GET",
            "/room_sessions/{room_session_id}/participants",
            200,
            participants.retrieve_list_room_participants,
        ),
        _route("GET", "/room_participants", 200, participants.list_room_participants),
        _route("GET", "/room_participants/{room_participant_id}", 200, participants.view_room_participant),
        _route("GET", "/room_recordings", 200, recordings.list_room_recordings),
        _route("DELETE", "/room_recordings", 201, recordings.delete_room_recordings),
        _route("GET", "/room_recordings/{room_recording_id}", 200, recordings.view_room_recording),
        _route("DELETE", "/room_recordings/{room_recording_id}", 204, recordings.delete_room_recording),
        _route("GET", "/room_compositions", 200, compositions.list_room_compositions),
        _route("POST", "/room_compositions", 202, compositions.create_room_composition),
        _route("GET", "/room_compositions/{room_composition_id}", 200, compositions.view_room_composition),
        _route(
            "DELETE", "/room_compositions/{room_composition_id}", 204, compositions.delete_room_composition
        ),
    ],
)

_OF_A_ROOM = {
    "room_session_id": "sessions",
    "room_participant_id": "participants",
    "room_recording_id": "recordings",
    "room_composition_id": "compositions",
}


def answer(sim: Simulation, call: Call) -> Outcome:
    """Answer a call, with its faults, and keep the ledger of it."""
    route = ROUTER.find(call)
    call.account = accounts.holder(sim.store, call.authorization)
    call.room_id = _room_id(sim, call)
    call.ledger_id = ledger.enter_call(sim.store, call, clock.written(sim.clock.now()))
    faults = sim.faults.strike_call(call)
    outcome = misbehaving.meet(sim, faults, lambda: _effect(sim, call, route))
    struck = "+".join(fault.named for fault in faults) or None
    ledger.complete_call(sim.store, call.ledger_id, outcome.answered, struck)
    return outcome


def _effect(sim: Simulation, call: Call, route: Route | None) -> Answer:
    """Do what is asked, if it may be done."""
    limits: Headers = ()
    try:
        limits = _admit(sim, call, route)
        if route is None:
            raise ROUTER.missing(call)
        routing.check_ids(call)
        body = route.handler(sim, call)
    except Refusal as refusal:
        told = refused(refusal)
        return Answer(told.status, told.body, limits + told.headers)
    if body is None:
        return Answer(route.status, None, limits)
    return as_json(route.status, body, limits)


def _admit(sim: Simulation, call: Call, route: Route | None) -> Headers:
    """Let the caller in and count the call; answers the headers that tell the limit."""
    if route is None or route.needs_api_key:
        call.account = accounts.authenticate(sim.store, call.authorization)
    if call.account is None:
        return ()
    return sim.rate_limits.spend(call.account.id, call.account.rate_limit or sim.settings.rate_limit)


def _room_id(sim: Simulation, call: Call) -> str | None:
    """The room a call is about, as far as its path or its filter tells."""
    if "room_id" in call.ids:
        return call.ids["room_id"]
    for name, row_id in call.ids.items():
        sql = f"SELECT room_id FROM {_OF_A_ROOM[name]} WHERE id = ?"  # noqa: S608 (the table's name is ours)
        row = sim.store.row(sql, row_id)
        return row["room_id"] if row else None
    return call.query.get("filter[room_id]")
