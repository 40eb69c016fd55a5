"""What rooms need to know of the tokens that were handed out, said without knowing who hands them out.

`tokens` stands above `rooms` and gives itself in here when the apps are loaded, so that no import goes upwards.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from rooms.models import Participant, Room
from videobroker.tenants.models import Tenant


@dataclass(frozen=True)
class Named:
    """Whom a context names, and until when it says that they may join with it; None if it does not say."""

    identity: str
    join_by_at: datetime | None


class Doorkeeper(Protocol):
    """Who hands out tokens, as rooms see them."""

    def attribute(self, participants: Iterable[Participant], *, now: datetime) -> None:
        """Find out who these participants are by their contexts, and write it into their rows."""

    def revoke(
        self, room: Room, *, identities: set[str], grant_ids: set[UUID], because: str, now: datetime
    ) -> datetime | None:
        """Revoke these people's grants in the room and these grants, in the caller's transaction. Gives the time when
        the last client token is over that any of them may still hold; None if none is out."""

    def rooms_open_to(self, tenant: Tenant, identity: str, *, now: datetime) -> set[UUID]:
        """The rooms that this person has a grant for that was not revoked, or a client token that is not over."""

    def grants_of(self, tenant: Tenant, identity: str) -> set[UUID]:
        """All grants that this person has, or had, as far as they are kept."""

    def names_shown(self, tenant: Tenant, identity: str) -> set[str]:
        """The names that this person was let in under, as far as grants are kept."""

    def told_of(self, tenant: Tenant, identity: str) -> Iterator[dict[str, Any]]:
        """The person's grants as they are told to them, for an export: without anything that lets anybody in."""

    def forget_grants(self, tenant: Tenant, identity: str, *, given_until: datetime) -> int:
        """Delete the person's grants that were given until then; how many."""

    def named_in(self, context: str) -> Named | None:
        """Whom a context names, whether it may or not; None if it names nobody."""


_doorkeepers: list[Doorkeeper] = []


def serve_as(doorkeeper: Doorkeeper) -> None:
    """Be the one whom rooms ask."""
    _doorkeepers[:] = [doorkeeper]


def doorkeeper() -> Doorkeeper:
    """The one to ask. Raises `LookupError` before the apps are loaded."""
    if not _doorkeepers:
        raise LookupError("nobody hands out tokens yet: the app `tokens` is not loaded")
    return _doorkeepers[0]
