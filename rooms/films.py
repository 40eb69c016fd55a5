"""What shows or lets hear a person: their recordings, and the compositions that these may have been made into.

A composition shows everybody of whom there was a recording in its session when it was ordered. What is made when a
person's recordings are gone shows the others, and is none of theirs.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from rooms import holding
from rooms.models import Composition, Deletion, Erasure, Footage, Hold, Recording
from videobroker.tenants.models import Tenant

# So many of what a hold keeps are named; how many there are is said in any case.
MOST_NAMED: Final = 100
# Of so many films it is asked which holds keep them.
LOOKED_THROUGH: Final = 1000


@dataclass(frozen=True)
class Kept:
    """What holds keep of a person: films that cannot be deleted, and themselves, if one is on them (`on_person`)."""

    tenant: Tenant
    recordings: QuerySet[Recording]
    compositions: QuerySet[Composition]
    on_person: QuerySet[Hold]

    def __bool__(self) -> bool:
        return any(rows.exists() for rows in (self.on_person, self.recordings, self.compositions))

    def told(self) -> dict[str, Any]:
        """For people: what is kept and which holds keep it; how many, and the first of them by their ids."""
        rows: dict[str, QuerySet[Any]] = {
            "recordings": self.recordings, "compositions": self.compositions, "holds": self._holds(),
        }  # fmt: skip
        return {
            kind: {
                "count": found.count(),
                "ids": [str(pk) for pk in found.values_list("pk", flat=True)[:MOST_NAMED]],
            }
            for kind, found in rows.items()
        }

    def _holds(self) -> QuerySet[Hold]:
        """The holds on the person, and those that keep the films; of very many the first of these. Asked by their ids:
        which films are kept is too much of a question to be part of another."""
        recordings = list(self.recordings.order_by("pk")[:LOOKED_THROUGH])
        compositions = list(self.compositions.order_by("pk")[:LOOKED_THROUGH])
        on_person = Q(pk__in=list(self.on_person.values_list("pk", flat=True)))
        return holding.holds_among(self.tenant.pk, on_person, recordings, compositions)


def of(tenant: Tenant, identity: str) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """This person's recordings, and the compositions that may show them, whatever has become of either."""
    theirs = Recording.objects.of(tenant).filter(participant__identity=identity)
    return theirs, _showing(theirs, tenant)


def kept_of(tenant: Tenant, identity: str, recordings: QuerySet[Any], compositions: QuerySet[Any]) -> Kept:
    """What holds keep of this person, and of these films of theirs."""
    return Kept(
        tenant,
        recordings.filter(Q(held=True) | holding.covering(Recording), state=Footage.State.KEPT),
        compositions.filter(Q(held=True) | holding.covering(Composition), state=Footage.State.KEPT),
        Hold.objects.of(tenant).in_force().filter(identity=identity),
    )


def of_erasure(erasure: Erasure) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """The person's films, without those of whoever has come under the same identity since."""
    recordings, _ = of(erasure.tenant, erasure.identity)
    # A film begins after its participant was let in, by a grant that was given before the order or after it.
    old = Q(participant__granted_at__lte=erasure.given_until) | Q(participant__granted_at=None)
    theirs = recordings.filter(old)
    return theirs, _showing(theirs, erasure.tenant)


def _showing(recordings: QuerySet[Recording], tenant: Tenant) -> QuerySet[Composition]:
    """The compositions that were ordered while one of these recordings was there."""
    compositions = Composition.objects.of(tenant).filter(session__in=recordings.order_by().values("session"))
    there = recordings.filter(session=OuterRef("session")).exclude(state=Footage.State.DELETED)
    gone_since = Deletion.objects.filter(
        session_id=OuterRef("session_id"),
        footage_id__in=recordings.order_by().values("pk"),
        done_at__gte=OuterRef("seen_at"),
    )
    return compositions.filter(Exists(there) | Exists(gone_since))
