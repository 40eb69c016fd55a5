"""Films of people who were erased that come to light when the erasure is finished: nobody had told us of them.

They are known by the pseudonym of their participant. A composition goes with them only if it may show them: what is
made of a session when their recordings are gone shows the others, who are not erased.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet

from rooms import counting, deleting, erasing
from rooms.models import Composition, Deletion, Erasure, Footage, Recording

# So long after an erasure: a film that vanished just before it may be kept again until then, and found a moment later.
FOLLOWED_FOR: Final = counting.VANISHED_LATELY + timedelta(days=1)


def delete_late_films(now: datetime) -> None:
    """Begin to delete such films of whoever was erased of late. A round."""
    recent = Erasure.objects.filter(finished_at__gt=now - FOLLOWED_FOR).select_related("tenant")
    for erasure in recent.order_by("finished_at"):
        recordings, compositions = erasing.films_of(erasure.tenant, erasure.pseudonym)
        for rows in (recordings, _showing(compositions, recordings)):
            for some in erasing.batches(rows.filter(state=Footage.State.KEPT)):
                deleting.begin_all(some, **erasing.order_of(erasure))


def _showing(compositions: QuerySet[Composition], recordings: QuerySet[Recording]) -> QuerySet[Any]:
    """Those of the compositions that were ordered while one of these recordings was there."""
    there = recordings.filter(session=OuterRef("session")).exclude(state=Footage.State.DELETED)
    gone_since = Deletion.objects.filter(
        session_id=OuterRef("session_id"),
        footage_id__in=recordings.order_by().values("pk"),
        done_at__gte=OuterRef("seen_at"),
    )
    return compositions.filter(Exists(there) | Exists(gone_since))
