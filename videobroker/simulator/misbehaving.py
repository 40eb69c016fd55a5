"""What a fault does to a call: the pauses, the altered answers, the ways of sending them (or not)."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from videobroker.simulator import errors, wire
from videobroker.simulator.errors import error_body
from videobroker.simulator.exchange import Answer, as_json
from videobroker.simulator.faults import Fault
from videobroker.simulator.simulation import Simulation
from videobroker.simulator.wire import Sender

_NOTHING = Answer(200, None)
_DEFAULT_SILENCE_SECS = 60.0
_TABLES = {
    "room": "rooms",
    "room_session": "sessions",
    "room_participant": "participants",
    "room_recording": "recordings",
    "room_composition": "compositions",
}
_CODES = {
    401: errors.AUTHENTICATION_FAILED,
    403: errors.NOT_AUTHORISED,
    404: errors.NOT_FOUND,
    422: errors.UNPROCESSABLE,
    429: errors.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True)
class Outcome:
    """What goes on the wire and how; `answered` is the status the caller can learn of, if any."""

    answer: Answer
    send: Sender = wire.whole
    answered: int | None = None


def plain(answer: Answer) -> Outcome:
    """An answer sent as it should be."""
    return Outcome(answer, wire.whole, answer.status)


def meet(sim: Simulation, faults: list[Fault], effect: Callable[[], Answer]) -> Outcome:
    """Let the effect happen among the faults: those before may prevent it, those after spoil its answer."""
    for fault in (fault for fault in faults if fault.where == "before"):
        if fault.kind.role == "decide":
            return _decided(sim, fault, _NOTHING)
        _pause(sim, fault)
    outcome = plain(effect())
    for fault in (fault for fault in faults if fault.where == "after"):
        outcome = _struck_after(sim, fault, outcome)
    return outcome


def _struck_after(sim: Simulation, fault: Fault, outcome: Outcome) -> Outcome:
    if fault.kind.role == "pause":
        _pause(sim, fault)
        return outcome
    if fault.kind.role == "alter":
        return plain(_altered(sim, fault, outcome.answer))
    return _decided(sim, fault, outcome.answer)


def _pause(sim: Simulation, fault: Fault) -> None:
    if fault.named == "hold":
        sim.faults.hold(fault, sim.stopping)
    else:
        sim.stopping.wait(fault.parameters["secs"])


def _decided(sim: Simulation, fault: Fault, answer: Answer) -> Outcome:
    """The outcome of a fault that decides; `answer` is the true one, or empty when nothing was done."""
    return _DECISIONS[fault.named](sim, fault.parameters, answer)


Parameters = dict[str, Any]


def _status(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim, answer
    status = parameters["status"]
    code = parameters.get("code") or _CODES.get(status, errors.BAD_REQUEST)
    detail = parameters.get("detail", "The simulator was told to answer this.")
    body = error_body(parameters.get("shape", "errors"), code, detail)
    return plain(as_json(status, body, tuple(parameters.get("headers", {}).items())))


def _rate_limit(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim, answer
    reset = parameters.get("reset", "1")
    headers = (("x-ratelimit-limit", "10"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", reset))
    body = error_body("errors", errors.TOO_MANY_REQUESTS, "Too many calls; wait for the limit to reset.")
    return plain(as_json(429, body, () if reset is None else headers))


def _timeout(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    return Outcome(answer, wire.silent(parameters.get("secs", _DEFAULT_SILENCE_SECS), sim.stopping))


def _reset(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim, parameters
    return Outcome(answer, wire.reset)


def _close(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim, parameters
    return Outcome(answer, wire.close)


def _malformed(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim, answer
    body = parameters.get(
        "body_base64", parameters.get("body", "<html><body>Bad gateway</body></html>").encode()
    )
    content_type = parameters.get("content_type", "text/html")
    return plain(Answer(parameters.get("status", 200), body, content_type=content_type))


def _empty(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim, answer
    return plain(Answer(parameters.get("status", 200), b""))


def _redirect(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim, answer
    return plain(Answer(parameters.get("status", 302), b"", (("Location", parameters["location"]),)))


def _gzip_bomb(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim
    return Outcome(answer, wire.gzip_bomb(parameters["bytes"]), answer.status)


def _huge(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim
    return Outcome(answer, wire.huge(parameters["bytes"]), answer.status)


def _truncate(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim
    return Outcome(answer, wire.truncated(parameters.get("keep_bytes")), answer.status)


def _truncate_json(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    del sim
    body = answer.body or b""
    return plain(replace(answer, body=body[: parameters.get("keep_bytes", len(body) // 2)]))


def _drip(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    return Outcome(answer, wire.dripping(parameters["bytes_per_sec"], sim.stopping), answer.status)


def _lost_answer(sim: Simulation, parameters: Parameters, answer: Answer) -> Outcome:
    return _DECISIONS[parameters["how"]](sim, parameters, answer)


_DECISIONS: dict[str, Callable[[Simulation, Parameters, Answer], Outcome]] = {
    "status": _status,
    "rate_limit": _rate_limit,
    "timeout": _timeout,
    "reset": _reset,
    "close": _close,
    "malformed": _malformed,
    "empty": _empty,
    "redirect": _redirect,
    "gzip_bomb": _gzip_bomb,
    "huge": _huge,
    "truncate": _truncate,
    "truncate_json": _truncate_json,
    "drip": _drip,
    "lost_answer": _lost_answer,
}


def _altered(sim: Simulation, fault: Fault, answer: Answer) -> Answer:
    """The answer with one field changed; an answer without a body has none to change."""
    if not answer.body:
        return answer
    value = json.loads(answer.body)
    if fault.named == "swap_id":
        _swap_id(sim, value)
    else:
        _mutate(value, fault.parameters["field"].split("."), fault.parameters)
    return replace(answer, body=json.dumps(value).encode())


def _mutate(value: Any, path: list[str], parameters: Parameters) -> None:
    """Set or drop what the path leads to; a path that leads nowhere changes nothing."""
    *way, last = path
    for name in way:
        value = _member(value, name)
    if isinstance(value, dict):
        if "drop" in parameters:
            value.pop(last, None)
        else:
            value[last] = parameters["value"]
    elif isinstance(value, list) and last.isdigit() and int(last) < len(value):
        value[int(last) : int(last) + 1] = [] if "drop" in parameters else [parameters["value"]]


def _member(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return value[int(name)] if name.isdigit() and int(name) < len(value) else None
    return value.get(name) if isinstance(value, dict) else None


def _swap_id(sim: Simulation, value: Any) -> None:
    """Give the object (a list's first) the id of another of its kind, another account's if there is one."""
    data = value.get("data")
    shown = data[0] if isinstance(data, list) and data else data
    if isinstance(shown, dict) and "id" in shown:
        shown["id"] = _another_id(sim, _TABLES[shown["record_type"]], shown["id"])


def _another_id(sim: Simulation, table: str, own_id: str) -> str:
    sql = f"""
        SELECT id FROM {table} WHERE id != ?
        ORDER BY account_id = (SELECT account_id FROM {table} WHERE id = ?), seq LIMIT 1
    """  # noqa: S608 (the table's name is ours)
    row = sim.store.row(sql, own_id, own_id)
    return str(row["id"]) if row else str(uuid.uuid4())
