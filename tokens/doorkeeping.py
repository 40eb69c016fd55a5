"""Answering what `rooms` ask of whoever hands out tokens: who a participant is, and revoking for a removal."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Max, Q

from rooms.models import Participant, Room
from tokens import attributing
from tokens.models import Grant
from tokens.revoking import revoke
from videobroker.tenants.models import Tenant


class Doorkeeper:
    """`rooms.doorkeeping.Doorkeeper`, served by grants."""

    def attribute(self, participants: Iterable[Participant], *, now: datetime) -> None:
        attributing.attribute(participants, now=now)

    def revoke(
        self, room: Room, *, identities: set[str], grant_ids: set[UUID], because: str, now: datetime
    ) -> datetime | None:
        theirs = Grant.objects.filter(Q(identity__in=identities) | Q(pk__in=grant_ids), room=room)
        revoke(theirs.exclude(state=Grant.State.REVOKED), because=because, now=now)
        out = theirs.filter(client_token_expires_at__gt=now)
        last: datetime | None = out.aggregate(last=Max("client_token_expires_at"))["last"]
        return last

    def rooms_open_to(self, tenant: Tenant, identity: str, *, now: datetime) -> set[UUID]:
        usable = ~Q(state=Grant.State.REVOKED) & Q(expires_at__gt=now)
        theirs = Grant.objects.of(tenant).filter(
            usable | Q(client_token_expires_at__gt=now), identity=identity
        )
        return set(theirs.values_list("room_id", flat=True))
