"""What comes to light of people who were erased when the erasure is finished: nobody had told us of it.

Films are known by the pseudonym of their participant. Participants are known by the context that they show: if it
proves to be theirs they get the pseudonym, and their films are found by it; if not, it is emptied when they are gone.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Min
from django.db.models.functions import Coalesce

from rooms import counting, deleting, erasing, films, mirroring, pseudonymising, removing
from rooms.doorkeeping import Named, doorkeeper
from rooms.models import Attribution, Erasure, Footage, Participant
from rooms.pseudonyms import Person
from videobroker.api.cursors import batches_oldest_first
from videobroker.tenants import pseudonyms
from videobroker.tenants.models import Tenant

AT_ONCE: Final = 200
# So long after an erasure: a film that vanished just before it may be kept again until then, and found a moment later.
FOLLOWED_FOR: Final = counting.VANISHED_LATELY + timedelta(days=1)
# Nobody is in for longer than this.
IN_FOR: Final = timedelta(days=7)
# No client token is good for longer (`Tenant.client_token_max_ttl_secs`), nor the context that comes with it.
LONGEST_TOKEN: Final = timedelta(hours=1)


# --- Films ------------------------------------------------------------------------------------------------


def delete_late_films(now: datetime) -> None:
    """Begin to delete such films of whoever was erased of late. A round."""
    recent = Erasure.objects.filter(finished_at__gt=now - FOLLOWED_FOR).select_related("tenant")
    for erasure in recent.order_by("finished_at"):
        for rows in films.of(erasure.tenant, erasure.pseudonym):
            for some in erasing.batches(rows.filter(state=Footage.State.KEPT)):
                deleting.begin_all(some, **erasing.order_of(erasure))


# --- Participants -----------------------------------------------------------------------------------------


def erasure_of(tenant: Tenant, named: Named) -> Erasure | None:
    """The finished erasure of whom a context names, if it may have been given to them before it: whoever is given one
    later is somebody new. The context says when it ends; one that does not say may be of any time."""
    pseudonym = pseudonyms.pseudonym_of(tenant.pk, named.identity)
    finished = Erasure.objects.of(tenant).filter(pseudonym=pseudonym, finished_at__isnull=False)
    if named.join_by_at is not None:
        reached = finished.alias(reached_until=Coalesce("ordered_again_at", "created_at"))
        finished = reached.filter(reached_until__gte=named.join_by_at - LONGEST_TOKEN)
    return finished.order_by("-finished_at").first()


def forget_participant(
    participant: Participant, erasure: Erasure, *, identity: str, grant_id: UUID, now: datetime
) -> None:
    """Write that they are the person of a finished erasure, under the pseudonym, so that nothing of them comes back and
    their films are found. Should they still be in, they are put out."""
    with transaction.atomic():
        if participant.gone_at is None:
            removing.remove(
                participant.room, identities=set(), grant_ids={grant_id}, because="erased", now=now
            )
        proven = {"attribution": Attribution.ATTRIBUTED, "grant_id": grant_id}
        mirroring.change(Participant.objects.filter(pk=participant.pk), **proven)
        pseudonymising.replace_participants(_person(erasure, identity), [participant])


def forget_strangers(now: datetime) -> None:
    """Empty the contexts with the name of somebody who was erased of late, of strangers who were still in then, or came
    to light since. A round."""
    recent = Erasure.objects.filter(finished_at__gt=now - FOLLOWED_FOR)
    for tenant in Tenant.objects.filter(pk__in=recent.order_by().values("tenant")):
        first = recent.filter(tenant=tenant).aggregate(at=Min("finished_at"))["at"]
        if first is None:
            continue
        shown = pseudonymising.strangers(tenant).filter(seen_at__gte=first - IN_FOR)
        erased = set(recent.filter(tenant=tenant).values_list("pseudonym", flat=True))
        for some in batches_oldest_first(shown, "seen_at", batch=AT_ONCE):
            for each in some:
                _look_at(tenant, each, erased, now=now)


def _look_at(tenant: Tenant, stranger: Participant, erased: set[str], *, now: datetime) -> None:
    named = doorkeeper().named_in(stranger.context or "")
    if named is None or pseudonyms.pseudonym_of(tenant.pk, named.identity) not in erased:
        return
    erasure = erasure_of(tenant, named)
    if erasure is None:
        return
    # They may have been looked at while the grants were gone and the erasure was not finished.
    doorkeeper().attribute([stranger], now=now)
    with transaction.atomic():
        pseudonymising.empty_contexts(_person(erasure, named.identity), [stranger])


def _person(erasure: Erasure, identity: str) -> Person:
    return Person(
        tenant=erasure.tenant,
        identity=identity,
        pseudonym=erasure.pseudonym,
        given_until=erasure.given_until,
    )
