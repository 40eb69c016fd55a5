"""What is to be started: services that stay, and errands that are done once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from videobroker.running.readiness import Check


class ImpossiblePlanError(ValueError):
    """The steps cannot be put in any order: a name twice, a name nobody has, or a circle."""


def _ignore(_announcement: str) -> None:
    """Nobody wants to know what the service announced."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command to start once all steps named in `after` are ready, itself to be ready `within_secs`."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(repr=False)  # holds secrets
    cwd: Path | None = None
    after: tuple[str, ...] = ()
    within_secs: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Service(Step):
    """A step that runs until it is stopped; its end before that is a failure.

    `announces` is a regular expression. The first line of output it matches is the service's announcement:
    it is handed to `on_announced` instead of being shown, as it may hold credentials. What a service with
    a `quiet_start` prints before it is ready is shown only if it does not become so.
    """

    ready: Check
    announces: str | None = None
    on_announced: Callable[[str], None] = _ignore
    quiet_start: bool = False


@dataclass(frozen=True, kw_only=True)
class Errand(Step):
    """A step that ends by itself; status 0 means done, any other is a failure.

    `plain` shows its output without the name in front, so that it can be copied from the screen.
    """

    plain: bool = False


def in_order(steps: Iterable[Step]) -> list[Step]:
    """The steps, each behind all it comes after. Raises ImpossiblePlanError if there is no such order."""
    steps = list(steps)
    by_name = {step.name: step for step in steps}
    if len(by_name) < len(steps):
        raise ImpossiblePlanError(f"two steps have the same name: {sorted(step.name for step in steps)}")
    for step in steps:
        if unknown := set(step.after) - by_name.keys():
            raise ImpossiblePlanError(
                f"{step.name} comes after {sorted(unknown)}, which is no step of this plan"
            )
    try:
        names = list(TopologicalSorter({step.name: step.after for step in steps}).static_order())
    except CycleError as error:
        raise ImpossiblePlanError(f"these steps wait for each other: {error.args[1]}") from error
    return [by_name[name] for name in names]


def followers_of(ordered: Sequence[Step]) -> dict[str, set[str]]:
    """For each step of an ordered plan, the names of all that come after it, directly or through others."""
    followers: dict[str, set[str]] = {step.name: set() for step in ordered}
    for step in reversed(ordered):
        for name in step.after:
            followers[name] |= {step.name, *followers[step.name]}
    return followers
