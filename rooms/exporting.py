"""All that is kept about a person, for whoever has to tell them: one JSON document, written while it is read, so that
it may be as long as it likes. It shows what the API shows, and nothing that lets anybody in."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from rooms import erasing, films
from rooms.doorkeeping import doorkeeper
from rooms.models import Ban, Deletion, Delivery, Erasure, Hold, Member, Operation, Participant, Removal
from rooms.serializers import BanRecord, MemberRecord, OperationRecord, ParticipantRecord, Record
from rooms.serializers.compositions import CompositionRecord
from rooms.serializers.deletions import DeletionRecord
from rooms.serializers.erasures import ErasureRecord
from rooms.serializers.holds import HoldRecord
from rooms.serializers.personal_data import ToldDeliveryRecord
from rooms.serializers.recordings import RecordingRecord
from rooms.views.audit import AuditEntryRecord
from videobroker.api.cursors import each_oldest_first
from videobroker.api.times import iso
from videobroker.tenants import auditing, forgetting, renaming, sign_ins
from videobroker.tenants.callers import Caller, CallerKind
from videobroker.tenants.models import AuditEntry, Tenant

Json = dict[str, Any]


@dataclass(frozen=True)
class Whom:
    """Whose export it is, as of when, and who asked for it how, for links that lead here."""

    tenant: Tenant
    identity: str
    now: datetime
    request: HttpRequest | None


Section = Callable[[Whom], Iterator[Json]]


def export(
    caller: Caller, tenant: Tenant, identity: str, *, now: datetime, request: HttpRequest | None = None
) -> Iterator[bytes]:
    """The document, piece by piece; `request` says how we are called. That it was asked for is audited at once, before
    the first piece."""
    auditing.record(
        caller, "personal_data.exported", tenant=tenant, subject_kind="identity",
        subject=erasing.name_for_good(tenant, identity),
    )  # fmt: skip
    return _pieces(Whom(tenant, identity, now, request))


def _pieces(whom: Whom) -> Iterator[bytes]:
    head = {
        "record_type": "personal_data",
        "identity": whom.identity,
        "tenant": whom.tenant.slug,
        "exported_at": iso(whom.now),
    }
    yield b'{"data": ' + _json(head)[:-1]
    for name, section in SECTIONS.items():
        yield f',\n"{name}": ['.encode()
        for number, row in enumerate(section(whom)):
            yield (b",\n " if number else b"\n ") + _json(row)
        yield b"]"
    yield b"}}\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False).encode()


# --- What is kept -----------------------------------------------------------------------------------------


def _users(of: Whom) -> Iterator[Json]:
    """The one that keeps them out since before an erasure as well: it is still theirs."""
    for user in forgetting.users_of(of.tenant, of.identity):
        names = (
            "username",
            "first_name",
            "last_name",
            "email",
            "is_active",
            "is_staff",
            "date_joined",
            "last_login",
        )
        yield {name: getattr(user, name) for name in names}


def _sign_ins(of: Whom) -> Iterator[Json]:
    for user in forgetting.users_of(of.tenant, of.identity):
        yield from sign_ins.told_of(user)


def _members(of: Whom) -> Iterator[Json]:
    yield from _told(Member.objects.of(of.tenant).filter(identity=of.identity), "created_at", MemberRecord())


def _bans(of: Whom) -> Iterator[Json]:
    """Those in force from before an erasure as well: they are still against the person."""
    bans = Ban.objects.against(of.tenant.pk, of.identity).with_effect()
    yield from _told(bans, "created_at", BanRecord(context={"now": of.now}))


def _grants(of: Whom) -> Iterator[Json]:
    yield from doorkeeper().told_of(of.tenant, of.identity)


def _participants(of: Whom) -> Iterator[Json]:
    people = Participant.objects.of(of.tenant).filter(identity=of.identity).select_related("session")
    yield from _told(people, "seen_at", ParticipantRecord())


def _removals(of: Whom) -> Iterator[Json]:
    """That they were put out of a room, by their name or by a grant of theirs."""
    theirs = Q(identity=of.identity) | Q(grant_id__in=doorkeeper().grants_of(of.tenant, of.identity))
    names = ("id", "room_id", "identity", "grant_id", "removed_at", "watched_until_at")
    removals = Removal.objects.filter(theirs, room__tenant=of.tenant)
    for removal in each_oldest_first(removals, "removed_at"):
        yield {name: getattr(removal, name) for name in names}


def _recordings(of: Whom) -> Iterator[Json]:
    recordings, _ = films.of(of.tenant, of.identity)
    yield from _told(
        recordings.select_related("participant", "room"),
        "seen_at",
        RecordingRecord(context={"request": of.request}),
    )


def _compositions(of: Whom) -> Iterator[Json]:
    _, compositions = films.of(of.tenant, of.identity)
    record = CompositionRecord(context={"is_back_end": True, "request": of.request})
    yield from _told(compositions.select_related("room"), "seen_at", record)


def _deletions(of: Whom) -> Iterator[Json]:
    of_films = Q()
    for rows in films.of(of.tenant, of.identity):
        of_films |= Q(footage_id__in=rows.order_by().values("pk"))
    yield from _told(Deletion.objects.of(of.tenant).filter(of_films), "begun_at", DeletionRecord())


def _holds(of: Whom) -> Iterator[Json]:
    """Those on the person, and those on single films of theirs."""
    recordings, compositions = (rows.order_by().values("pk") for rows in films.of(of.tenant, of.identity))
    theirs = Q(identity=of.identity) | Q(recording__in=recordings) | Q(composition__in=compositions)
    yield from _told(Hold.objects.of(of.tenant).filter(theirs), "placed_at", HoldRecord())


def _operations(of: Whom) -> Iterator[Json]:
    ordered = Operation.objects.of(of.tenant).filter(ordered_by=f"{CallerKind.IDENTITY}:{of.identity}")
    yield from _told(ordered, "created_at", OperationRecord())


def _deliveries(of: Whom) -> Iterator[Json]:
    """What names them, and what was told of their participants and recordings before it was clear whose they are."""
    people = Participant.objects.of(of.tenant).filter(identity=of.identity).order_by().values("pk")
    recordings = films.of(of.tenant, of.identity)[0].order_by().values("pk")
    about = Q(payload__identity=of.identity) | Q(subject_id__in=people) | Q(subject_id__in=recordings)
    theirs = Delivery.objects.of(of.tenant).filter(about)
    yield from _told(theirs, "created_at", ToldDeliveryRecord())


def _audit(of: Whom) -> Iterator[Json]:
    entries = AuditEntry.objects.of(of.tenant)
    by_them = entries.filter(actor_kind=CallerKind.IDENTITY, actor=of.identity)
    users = forgetting.users_of(of.tenant, of.identity)
    former = {name for user in users for name in renaming.former_names(user)}
    of_before = entries.filter(subject_kind="user", subject__in=former)
    about = by_them | entries.about(of.identity) | of_before
    yield from _told(about, "occurred_at", AuditEntryRecord())


def _erasures(of: Whom) -> Iterator[Json]:
    """Those under way. One that is finished says nothing about anybody."""
    yield from _told(
        Erasure.objects.of(of.tenant).filter(identity=of.identity), "created_at", ErasureRecord()
    )


def _told(rows: QuerySet[Any], column: str, record: Record) -> Iterator[Json]:
    """Each as the API shows it. One record for all: making its fields takes longer than filling them."""
    for row in each_oldest_first(rows, column):
        yield record.to_representation(row)


SECTIONS: Final[dict[str, Section]] = {
    "users": _users,
    "sign_ins": _sign_ins,
    "members": _members,
    "bans": _bans,
    "grants": _grants,
    "participants": _participants,
    "removals": _removals,
    "recordings": _recordings,
    "compositions": _compositions,
    "deletions": _deletions,
    "holds": _holds,
    "operations": _operations,
    "webhook_deliveries": _deliveries,
    "audit_entries": _audit,
    "erasures": _erasures,
}
