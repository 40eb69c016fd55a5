"""The faults to come: which calls and events they strike, how often, and how often they have."""

import random
import re
import threading
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from videobroker.simulator import errors, fault_kinds
from videobroker.simulator.errors import Refusal
from videobroker.simulator.exchange import Call
from videobroker.simulator.fault_kinds import KINDS, Kind
from videobroker.simulator.fields import Fields

_COMMON = ("match", "kind", "times", "probability", "seed", "after", "where")
_MATCHES = ("operation", "method", "path", "account_id", "room_id", "event_type")


@dataclass(frozen=True)
class Match:
    """What a fault strikes; what is not named matches everything."""

    operations: frozenset[str] = frozenset()
    method: str | None = None
    path: re.Pattern[str] | None = None
    account_id: str | None = None
    room_id: str | None = None
    event_type: str | None = None

    def call(self, call: Call) -> bool:
        """Whether the call is meant."""
        return (
            (not self.operations or call.operation in self.operations)
            and self.method in (None, call.method)
            and (self.path is None or self.path.search(call.path) is not None)
            and self.account_id in (None, call.account.id if call.account else None)
            and self.room_id in (None, call.room_id)
        )

    def event(self, event_type: str, account_id: str, room_id: str | None) -> bool:
        """Whether the event is meant."""
        return (
            self.event_type in (None, event_type)
            and self.account_id in (None, account_id)
            and self.room_id in (None, room_id)
        )


@dataclass
class Fault:
    """One fault: `skip` matches pass unharmed, then it fires up to `times` times, each with `probability`."""

    id: str
    kind: Kind
    named: str
    match: Match
    parameters: dict[str, Any]
    where: str
    times: int | None
    probability: float
    skip: int
    chance: random.Random
    asked: dict[str, Any]
    fired: int = 0
    held: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    waiting: list[int] = field(default_factory=list)
    """Deliveries a webhook_reorder keeps back until its window is full."""

    def shown(self) -> dict[str, Any]:
        """As the control API shows it: what was asked, and what came of it."""
        return self.asked | {"id": self.id, "where": self.where, "fired": self.fired, "held": self.held}

    def strikes(self) -> bool:
        """Whether a match is struck; counts it. The caller holds the book's lock."""
        if self.times is not None and self.fired >= self.times:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.chance.random() >= self.probability:
            return False
        self.fired += 1
        return True


class FaultBook:
    """All faults in the order they were posted. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}

    def add(self, fields: Fields, operations: Collection[str]) -> Fault:
        """Read a fault and let it strike from now on. `operations` are the names a match may use."""
        fault = _read(fields, operations)
        with self._lock:
            self._faults[fault.id] = fault
        return fault

    def strike_call(self, call: Call) -> list[Fault]:
        """The faults this call meets: all pauses, then one that decides before the effect or those after it.

        Only the first fault that decides is taken; others keep their counts for later calls.
        """
        with self._lock:
            early = self._struck(call, "pause", "before")
            decisive = next((fault for fault in self._matching(call, "decide") if fault.strikes()), None)
            if decisive is not None and decisive.where == "before":
                return [*early, decisive]
            late = self._struck(call, "pause", "after") + self._struck(call, "alter", "after")
        return early + late + ([decisive] if decisive else [])

    def strike_event(self, event_type: str, account_id: str, room_id: str | None) -> list[Fault]:
        """The faults an event meets on its way out."""
        with self._lock:
            faults = [fault for fault in self._faults.values() if fault.kind.role == "webhook"]
            meant = [fault for fault in faults if fault.match.event(event_type, account_id, room_id)]
            return [fault for fault in meant if fault.strikes()]

    def hold(self, fault: Fault, stopping: threading.Event) -> None:
        """Keep the calling thread until the fault is released or its time is up."""
        with self._lock:
            fault.held += 1
        if not stopping.is_set():
            fault.released.wait(fault.parameters.get("secs"))
        with self._lock:
            fault.held -= 1

    def gather(self, fault: Fault, delivery: int) -> Sequence[int]:
        """Keep a delivery back; answers all kept ones, the last first, as soon as the window is full."""
        with self._lock:
            fault.waiting.append(delivery)
            if len(fault.waiting) < fault.parameters["window"]:
                return ()
            full, fault.waiting = fault.waiting, []
        return full[::-1]

    def get(self, fault_id: str) -> Fault:
        """The fault with this id; 404 when there is none."""
        with self._lock:
            fault = self._faults.get(fault_id)
        if fault is None:
            raise Refusal(
                404, errors.NOT_FOUND, "There is no fault with this id; GET /_simulator/faults lists them."
            )
        return fault

    def every(self) -> list[Fault]:
        """All faults in the order they were posted."""
        with self._lock:
            return list(self._faults.values())

    def remove(self, fault_id: str) -> None:
        """Let a fault strike no more, and those it holds go on."""
        fault = self.get(fault_id)
        with self._lock:
            self._faults.pop(fault_id, None)
        fault.released.set()

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            removed, self._faults = self._faults, {}
        for fault in removed.values():
            fault.released.set()

    def release_all(self) -> None:
        """Let everything that is held go on."""
        for fault in self.every():
            fault.released.set()

    def _struck(self, call: Call, role: str, where: str) -> list[Fault]:
        """The matching faults of this role and place that strike; counts them."""
        meant = [fault for fault in self._matching(call, role) if fault.where == where]
        return [fault for fault in meant if fault.strikes()]

    def _matching(self, call: Call, role: str) -> list[Fault]:
        return [
            fault for fault in self._faults.values() if fault.kind.role == role and fault.match.call(call)
        ]


def _read(fields: Fields, operations: Collection[str]) -> Fault:
    named = fields.choice("kind", KINDS)
    kind = KINDS[named]
    fields.only((*_COMMON, *kind.reads))
    seed = fields.integer("seed") if "seed" in fields else None
    fault = Fault(
        id=str(uuid.uuid4()),
        kind=kind,
        named=named,
        match=_read_match(Fields(fields.values.get("match") or {}, "/match"), operations),
        parameters=fault_kinds.parameters(kind, fields),
        where=_read_where(kind, fields),
        times=fields.integer("times", 1, 1_000_000_000) if fields.values.get("times") is not None else None,
        probability=fields.number("probability", 0, 1) if "probability" in fields else 1.0,
        skip=fields.integer("after", 0, 1_000_000_000) if "after" in fields else 0,
        chance=random.Random(seed),
        asked=dict(fields.values),
    )
    _check(fault, fields)
    return fault


def _check(fault: Fault, fields: Fields) -> None:
    """What one field alone cannot tell."""
    if fault.named == "mutate" and ("value" in fields) == ("drop" in fields):
        raise fields.wrong("field", "needs either a value or drop: true.")
    if fault.parameters.get("how") == "status" and "status" not in fields:
        raise fields.wrong("status", "is required when the answer is lost by a status.")


def _read_where(kind: Kind, fields: Fields) -> str:
    if fields.values.get("where") is None:
        return kind.where
    where = fields.choice("where", ("before", "after"))
    if where != kind.where and not kind.where_may_change:
        raise fields.wrong("where", f"can only be {kind.where} for this kind.")
    return where


def _read_match(fields: Fields, operations: Collection[str]) -> Match:
    fields.only(_MATCHES)
    wanted = fields.values.get("operation") or []
    wanted = wanted if isinstance(wanted, list) else [wanted]
    for operation in wanted:
        if operation not in operations:
            raise fields.wrong("operation", f"must be among {', '.join(sorted(operations))}.")
    return Match(
        operations=frozenset(wanted),
        path=_read_pattern(fields),
        **{
            name: fields.text(name)
            for name in ("method", "account_id", "room_id", "event_type")
            if name in fields
        },
    )


def _read_pattern(fields: Fields) -> re.Pattern[str] | None:
    if "path" not in fields:
        return None
    try:
        return re.compile(fields.text("path"))
    except re.error as error:
        raise fields.wrong("path", f"is not a regular expression: {error}.") from error
