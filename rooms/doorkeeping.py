"""What rooms need to know of the tokens that were handed out, said without knowing who hands them out.

`tokens` stands above `rooms` and gives itself in here when the apps are loaded, so that no import goes upwards.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol
from uuid import UUID

from rooms.models import Participant, Room
from videobroker.tenants.models import Tenant


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


_doorkeepers: list[Doorkeeper] = []


def serve_as(doorkeeper: Doorkeeper) -> None:
    """Be the one whom rooms ask."""
    _doorkeepers[:] = [doorkeeper]


def doorkeeper() -> Doorkeeper:
    """The one to ask. Raises `LookupError` before the apps are loaded."""
    if not _doorkeepers:
        raise LookupError("nobody hands out tokens yet: the app `tokens` is not loaded")
    return _doorkeepers[0]
