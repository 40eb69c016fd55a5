"""What a browser with Telnyx's client SDK does: join with a token, renew it, speak, leave."""

import random
import uuid
from typing import Any

from videobroker.simulator import clock, errors, events, participants, recordings, sessions
from videobroker.simulator.admission import room_of
from videobroker.simulator.client_tokens import Claim, InvalidTokenError, verify
from videobroker.simulator.errors import Refusal
from videobroker.simulator.exchange import Call
from videobroker.simulator.fields import Fields
from videobroker.simulator.simulation import Change, Simulation
from videobroker.simulator.store import Row

LONGEST_CONTEXT = 65_536
_PRESENT = "FROM participants WHERE left_at IS NULL AND token_expires_at IS NOT NULL"


def join(sim: Simulation, call: Call) -> Any:
    """`{token, context?, participant_id?, room_id?}`: enter the room the token is for.

    401 for a token that is not valid, 403 when its room is gone, full or not `room_id`, 409 for a known id.
    """
    fields = call.fields()
    fields.only(("token", "context", "participant_id", "room_id"))
    person_id = (
        fields.identifier("participant_id") if _is_given(fields, "participant_id") else str(uuid.uuid4())
    )
    with sim.change(call) as change:
        claim = _claim(sim, fields)
        room = _enterable(sim, claim, fields)
        _refuse_known(sim, person_id)
        session = sessions.active_in(sim.store, room["id"]) or sessions.begin(change, room)
        _refuse_when_full(sim, room, session)
        _enter(change, room, session, person_id, _context(fields), claim)
        change.makes_due |= sim.settings.expire_participants
    return {"data": {"participant_id": person_id, "session_id": session["id"], "room_id": room["id"]}}


def renew(sim: Simulation, call: Call) -> Any:
    """`{participant_id, token}`: what `room.updateClientToken` does, with a newer token for the same room."""
    fields = call.fields()
    fields.only(("participant_id", "token"))
    with sim.change(call) as change:
        person = _present(sim, fields)
        claim = _claim(sim, fields)
        if claim.room_id != person["room_id"]:
            raise Refusal(403, errors.NOT_AUTHORISED, "The token is for another room.")
        sim.store.update("participants", person["id"], {"token_expires_at": claim.expires_at})
        change.effect("token.renewed", **_ids(person), account_id=person["account_id"])
    return {"data": _shown(sim, person["id"])}


def leave(sim: Simulation, call: Call) -> Any:
    """`{participant_id}`: leave of one's own will."""
    fields = call.fields()
    fields.only(("participant_id",))
    with sim.change(call) as change:
        person = _present(sim, fields)
        sessions.depart(change, person, "left")
    return {"data": _shown(sim, person["id"])}


def speak(sim: Simulation, call: Call) -> Any:
    """`{participant_id}`: be heard; 409 for who is muted, so that a mute can be seen to work."""
    fields = call.fields()
    fields.only(("participant_id",))
    with sim.change(call):
        person = _present(sim, fields)
        if person["muted"]:
            raise Refusal(409, errors.UNPROCESSABLE, "The participant is muted.")
        level = round(random.uniform(0.1, 1), 3)
        sim.store.update("participants", person["id"], {"audio_level": level})
    return {"data": _shown(sim, person["id"])}


def view(sim: Simulation, call: Call) -> Any:
    """A participant with what Telnyx does not show: muted, present, and until when the token lasts."""
    return {"data": _shown(sim, call.ids["participant_id"])}


def company(sim: Simulation, call: Call) -> Any:
    """What a participant sees of the room, as the client SDK's state shows it: themselves, and who is in with them."""
    me = _shown(sim, call.ids["participant_id"])
    present = participants.present_in(sim.store, me["session_id"]) if me["present"] else []
    return {"data": {"me": me, "participants": [_shown(sim, row["id"]) for row in present]}}


def start_recording(sim: Simulation, call: Call) -> Any:
    """`{participant_id, type}`: begin to record; 409 unless the room has `enable_recording`."""
    fields = call.fields()
    fields.only(("participant_id", "type"))
    kind = fields.choice("type", recordings.CODECS)
    with sim.change(call) as change:
        person = _present(sim, fields)
        room = sim.store.by_id("rooms", person["room_id"])
        if room is None or not room["enable_recording"]:
            raise Refusal(409, errors.UNPROCESSABLE, "The room does not have enable_recording.")
        row = recordings.start(change, person, room, kind)
    return {"data": recordings.shown(sim, row) | {"recording_id": row["id"]}}


def complete_recording(sim: Simulation, call: Call) -> Any:
    """`{duration_secs?, size_mb?}`: finish a recording that runs; 409 for one that is finished."""
    fields = call.fields()
    fields.only(("duration_secs", "size_mb"))
    duration_secs = fields.integer("duration_secs", 0, 10_000_000) if "duration_secs" in fields else None
    size_mb = fields.number("size_mb", 0, 10_000_000) if "size_mb" in fields else None
    with sim.change(call) as change:
        row = sim.store.by_id("recordings", call.ids["recording_id"])
        if row is None:
            raise Refusal(404, errors.NOT_FOUND, "There is no recording with this id.")
        if row["status"] != "processing":
            raise Refusal(409, errors.UNPROCESSABLE, "The recording is completed already.")
        row = recordings.complete(change, row, duration_secs, size_mb)
    return {"data": recordings.shown(sim, row) | {"recording_id": row["id"]}}


def expire_due(sim: Simulation) -> float | None:
    """Drop everyone whose token has run out, if the settings say so; answers the time of the next expiry."""
    if not sim.settings.expire_participants:
        return None
    grace_secs = sim.settings.expire_grace_secs
    with sim.change() as change:
        deadline = sim.clock.epoch_secs() - grace_secs
        for person in sim.store.rows(f"SELECT * {_PRESENT} AND token_expires_at <= ? ORDER BY seq", deadline):
            sessions.depart(change, person, "token_expired")
        row = sim.store.row(f"SELECT min(token_expires_at) AS expires_at {_PRESENT}")
    if row is None or row["expires_at"] is None:
        return None
    return float(row["expires_at"]) + grace_secs - sim.clock.offset_secs


def _new_id() -> str:
    """The SDK in the browser makes the id; for those who do not care, one is made here."""
    return str(uuid.uuid4())


def _is_given(fields: Fields, name: str) -> bool:
    return fields.values.get(name) is not None


def _context(fields: Fields) -> str | None:
    context = fields.values.get("context")
    if context is not None and (not isinstance(context, str) or len(context) > LONGEST_CONTEXT):
        raise fields.wrong("context", f"must be a string of at most {LONGEST_CONTEXT} characters.")
    return context


def _claim(sim: Simulation, fields: Fields) -> Claim:
    try:
        return verify(sim.store, sim.clock, fields.text("token"), "access")
    except InvalidTokenError as error:
        raise Refusal(401, errors.AUTHENTICATION_FAILED, str(error)) from error


def _enterable(sim: Simulation, claim: Claim, fields: Fields) -> Row:
    if _is_given(fields, "room_id") and fields.identifier("room_id") != claim.room_id:
        raise Refusal(403, errors.NOT_AUTHORISED, "The token is for another room.", pointer="/room_id")
    room = room_of(sim, claim)
    if room is None:
        raise Refusal(403, errors.NOT_AUTHORISED, "The room this token is for does not exist any more.")
    return room


def _refuse_known(sim: Simulation, person_id: str) -> None:
    if sim.store.by_id("participants", person_id):
        detail = "This participant has joined before; the client SDK makes a new id for every join."
        raise Refusal(409, errors.DUPLICATE, detail, pointer="/participant_id")


def _refuse_when_full(sim: Simulation, room: Row, session: Row) -> None:
    if len(participants.present_in(sim.store, session["id"])) >= room["max_participants"]:
        raise Refusal(403, errors.NOT_AUTHORISED, f"The room is full: {room['max_participants']} are in it.")


def _enter(
    change: Change, room: Row, session: Row, person_id: str, context: str | None, claim: Claim
) -> None:
    person = {
        "id": person_id,
        "account_id": room["account_id"],
        "room_id": room["id"],
        "session_id": session["id"],
        "context": context,
        "token_expires_at": claim.expires_at,
        "joined_at": change.at,
        "updated_at": change.at,
    }
    change.store.insert("participants", person)
    change.store.update("sessions", session["id"], {"updated_at": change.at})
    change.effect("participant.joined", **_ids(person), account_id=room["account_id"])
    events.publish(
        change, "video.room.participant.joined", events.audience(room), _ids(person) | {"context": context}
    )


def _present(sim: Simulation, fields: Fields) -> Row:
    person_id = fields.identifier("participant_id")
    person = sim.store.by_id("participants", person_id)
    if person is None:
        raise Refusal(
            404, errors.NOT_FOUND, "There is no participant with this id.", pointer="/participant_id"
        )
    if person["left_at"] is not None:
        detail = f"The participant is not in the room any more ({person['left_reason']})."
        raise Refusal(409, errors.UNPROCESSABLE, detail, pointer="/participant_id")
    return person


def _shown(sim: Simulation, person_id: str) -> dict[str, Any]:
    row = sim.store.by_id("participants", person_id)
    if row is None:
        raise Refusal(404, errors.NOT_FOUND, "There is no participant with this id.")
    expires = row["token_expires_at"]
    return participants.shown(row) | {
        "participant_id": row["id"],
        "room_id": row["room_id"],
        "present": row["left_at"] is None,
        "muted": bool(row["muted"]),
        "audio_level": row["audio_level"],
        "left_reason": row["left_reason"],
        "token_expires_at": clock.written_to_the_second(int(expires)) if expires is not None else None,
    }


def _ids(person: Row) -> dict[str, str]:
    ids = {name: person[name] for name in ("room_id", "session_id")}
    return ids | {"participant_id": person["id"]}
