"""Answering what `rooms` ask of whoever hands out tokens: who a participant is, and revoking for a removal."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, Q

from rooms.doorkeeping import Named
from rooms.models import Participant, Room
from tokens import attributing, contexts
from tokens.models import Grant
from tokens.revoking import revoke
from tokens.serializers import GrantRecord
from videobroker.api.cursors import each_oldest_first
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

    def grants_of(self, tenant: Tenant, identity: str) -> set[UUID]:
        return set(Grant.objects.of(tenant).filter(identity=identity).values_list("pk", flat=True))

    def names_shown(self, tenant: Tenant, identity: str) -> set[str]:
        named = Grant.objects.of(tenant).filter(identity=identity).exclude(display_name="")
        return set(named.order_by().values_list("display_name", flat=True).distinct())

    def told_of(self, tenant: Tenant, identity: str) -> Iterator[dict[str, Any]]:
        theirs = Grant.objects.of(tenant).filter(identity=identity)
        for grant in each_oldest_first(theirs, "created_at"):
            yield GrantRecord(grant).data

    def forget_grants(self, tenant: Tenant, identity: str, *, given_until: datetime) -> int:
        return Grant.objects.of(tenant).filter(identity=identity, created_at__lte=given_until).delete()[0]

    def named_in(self, context: str) -> Named | None:
        return contexts.named_in(context)
