"""Made-up stories of one grant: honest people who join, break off and come back, and thieves with their contexts."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

from tokens.attributing import RECONNECT, Claim
from tokens.contexts import JOIN_LEEWAY

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
TOKEN_LIFE_SECS = 120
LEEWAY_SECS = JOIN_LEEWAY.total_seconds()
ALLOWED_SECS = RECONNECT.total_seconds()
_NAMES = UUID("6f1c2a34-0b7d-4d0e-9a3e-0d6a8f1f4e11")


def at(secs: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=secs)


@dataclass(frozen=True)
class Stay:
    """One connection of the person: from when to when (None: to this day), by a context that was good until then."""

    joined_secs: float
    gone_secs: float | None
    join_by_secs: float


def honest(chance: Random) -> list[Stay]:
    """What the honest holder of a grant may do: join in time; after a break, be it noticed late by up to the reconnect
    allowance or not, come back with the same context within that allowance, or any time later with a fresh one."""
    stays: list[Stay] = []
    now, join_by = chance.randint(0, TOKEN_LIFE_SECS), TOKEN_LIFE_SECS
    for _ in range(chance.randint(1, 5)):
        broken = now + chance.choice([chance.randint(1, 40), chance.randint(1, 2000)])
        back, noticed, fresh = _break(broken, chance)
        if chance.random() < 0.2:
            return [*stays, Stay(now, None, join_by)]
        stays.append(Stay(now, noticed, join_by))
        now, join_by = back, back + chance.randint(0, TOKEN_LIFE_SECS) if fresh else join_by
    return stays


def _break(broken: int, chance: Random) -> tuple[int, int, bool]:
    """When they are back, when their old connection is noticed to be gone, and whether the context is a fresh one."""
    allowance = int(ALLOWED_SECS)
    if chance.random() < 0.6:
        back = broken + chance.randint(0, allowance - 1)
        noticed = chance.randint(max(broken, back - allowance + 1), back + allowance)
        return back, noticed, chance.random() < 0.5
    noticed = broken + chance.randint(0, allowance)
    return noticed + chance.randint(0, 5000), noticed, True


def claims_of(stays: list[Stay], asked_secs: float | None) -> list[Claim]:
    """The stays as our rows have them; `asked_secs` is when Telnyx last told who is in."""
    return [
        Claim(
            participant_id=uuid5(_NAMES, f"ours {number}"),
            telnyx_id=uuid5(_NAMES, f"theirs {number}"),
            joined_at=at(stay.joined_secs),
            gone_at=None if stay.gone_secs is None else at(stay.gone_secs),
            join_by_at=at(stay.join_by_secs),
            confirmed_at=None if asked_secs is None else at(asked_secs),
        )
        for number, stay in enumerate(stays)
    ]


def thief(number: int, joined_secs: float, gone_secs: float | None, **more: Any) -> Claim:
    """Somebody else who shows a context of the same grant."""
    claim = Claim(
        participant_id=uuid5(_NAMES, f"thief {number}"),
        telnyx_id=uuid5(_NAMES, f"their thief {number}"),
        joined_at=at(joined_secs),
        gone_at=None if gone_secs is None else at(gone_secs),
        join_by_at=at(TOKEN_LIFE_SECS),
        confirmed_at=None,
    )
    return replace(claim, **more)
