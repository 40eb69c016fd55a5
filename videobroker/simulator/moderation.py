"""What a moderator does to a session: kick, mute, unmute, end.

Telnyx's own examples send these orders without a body. What that does is not documented; here it means everybody, as
`exclude` alone suggests. Any order to an ended session is refused.
"""

from collections.abc import Callable
from typing import Any

from videobroker.simulator import errors, participants, sessions
from videobroker.simulator.errors import Refusal
from videobroker.simulator.exchange import Call
from videobroker.simulator.fields import Fields
from videobroker.simulator.listing import find
from videobroker.simulator.simulation import Change, Simulation
from videobroker.simulator.store import Row

_DONE = {"data": {"result": "ok"}}


def end_session(sim: Simulation, call: Call) -> Any:
    """End the session; everyone leaves."""
    with sim.change(call) as change:
        sessions.end(change, _active_session(sim, call), "ended")
    return _DONE


def kick_participant_in_session(sim: Simulation, call: Call) -> Any:
    """Make participants leave. They may come back as long as they hold a token."""
    return _for_each(sim, call, lambda change, person: sessions.depart(change, person, "kicked"))


def mute_participant_in_session(sim: Simulation, call: Call) -> Any:
    """Silence participants."""
    return _for_each(sim, call, lambda change, person: _set_muted(change, person, True))


def unmute_participant_in_session(sim: Simulation, call: Call) -> Any:
    """Let participants be heard again."""
    return _for_each(sim, call, lambda change, person: _set_muted(change, person, False))


def _for_each(sim: Simulation, call: Call, act: Callable[[Change, Row], None]) -> Any:
    """Act on everyone meant who is present; others are passed over, as leaving may cross the order."""
    meant = _meant(call.fields())
    with sim.change(call) as change:
        session = _active_session(sim, call)
        for person in participants.present_in(sim.store, session["id"]):
            if meant(person["id"]):
                act(change, person)
    return _DONE


def _active_session(sim: Simulation, call: Call) -> Row:
    session = find(sim.store, "sessions", call.ids["room_session_id"], call.caller.id, "message")
    if not session["active"]:
        raise Refusal(422, errors.UNPROCESSABLE, "The session has already ended.", shape="message")
    return session


def _meant(fields: Fields) -> Callable[[str], bool]:
    """Whom `participants` and `exclude` mean."""
    excluded = frozenset(fields.identifiers("exclude")) if "exclude" in fields else frozenset()
    if "participants" not in fields or fields.given("participants") == "all":
        return lambda person_id: person_id not in excluded
    if not isinstance(fields.values["participants"], list):
        raise fields.wrong("participants", 'must be "all" or a list of participant ids.')
    listed = frozenset(fields.identifiers("participants"))
    return lambda person_id: person_id in listed and person_id not in excluded


def _set_muted(change: Change, person: Row, muted: bool) -> None:
    change.store.update("participants", person["id"], {"muted": muted, "updated_at": change.at})
    ids = {name: person[name] for name in ("account_id", "room_id", "session_id")}
    change.effect("participant.muted" if muted else "participant.unmuted", **ids, participant_id=person["id"])
