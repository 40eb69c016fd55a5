"""Minting: decide, take a seat, ask Telnyx, decide again, and only then hand out.

No transaction is open while Telnyx is asked. What happened meanwhile (a ban, a suspension, a closing) is met by the
second decision, and the token is withheld: nobody ever sees it, so it is as if it had never been made.
"""

import random
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from rooms import admission, happenings
from rooms.models import Room
from tokens import contexts, refresh_tokens, seats, upstream
from tokens.models import Grant
from tokens.refresh_tokens import RefreshToken
from tokens.refusals import refusal
from videobroker.secret import Secret
from videobroker.tenants.callers import Caller
from videobroker.tenants.models import Tenant

log = structlog.get_logger(__name__)

# The client is asked to refresh when this share of its token's life is over, give or take, so that the many who came
# together do not come back together.
REFRESH_AFTER_SHARE: Final = (0.54, 0.66)
# Beyond it nobody waits for Telnyx, so a seat that was taken for a mint falls free by itself.
MINTING_SEAT: Final = timedelta(seconds=30)
PROVISIONING_SHARE: Final = 0.5
MAX_NAME_CHARS: Final = 100


@dataclass(frozen=True)
class Asked:
    """What a mint was asked for: for whom (None: the API key itself), under what name, for how long."""

    identity: str | None
    display_name: str | None = None
    token_ttl_secs: int | None = None
    refresh_token_ttl_secs: int | None = None
    device: str = ""


@dataclass(frozen=True)
class Minted:
    """What the client gets."""

    grant: Grant
    token: Secret
    token_expires_at: datetime
    refresh_token: RefreshToken
    refresh_after: datetime
    telnyx_room_id: str
    context: str


def mint(caller: Caller, room: Room, asked: Asked, *, now: datetime) -> Minted:
    """Admit the person and mint a client token. Raises `Problem`: 403 with the reason of the refusal, 503 while Telnyx
    cannot be asked. Leaves nothing behind when it raises."""
    started = time.monotonic()
    grant, first = _open(caller, room, asked, now)
    try:
        telnyx_room_id = upstream.telnyx_room_of(
            room, by=caller, timeout_secs=settings.TELNYX_TIMEOUT_SECS * PROVISIONING_SHARE
        )
        left = settings.TELNYX_TIMEOUT_SECS - (time.monotonic() - started)
        client_token = upstream.mint(
            room,
            grant,
            telnyx_room_id,
            ttl_secs=ttl_secs(room.tenant, asked.token_ttl_secs),
            by=caller,
            timeout_secs=left,
        )
        return _hand_out(caller, room, grant, first, client_token)
    except BaseException:
        Grant.objects.filter(pk=grant.pk, state=Grant.State.MINTING).delete()
        raise


def ttl_secs(tenant: Tenant, asked: int | None) -> int:
    """The life of a client token: as asked for, within the tenant's bounds."""
    return min(asked or tenant.client_token_ttl_secs, tenant.client_token_max_ttl_secs)


def _open(caller: Caller, room: Room, asked: Asked, now: datetime) -> tuple[Grant, RefreshToken]:
    """Decide, take a seat and write the grant, or raise the refusal (which is audited)."""
    tenant = caller.the_tenant
    with transaction.atomic():
        room = seats.lock(room)
        decision = seats.decide_on_a_seat(room, asked.identity, tenant=tenant, now=now)
        if decision.admitted:
            return _grant(caller, room, asked, decision, now)
    raise refusal(caller, "token.mint", room, asked.identity, decision)


def _grant(
    caller: Caller, room: Room, asked: Asked, decision: admission.Admission, now: datetime
) -> tuple[Grant, RefreshToken]:
    tenant = caller.the_tenant
    grant_id = uuid.uuid4()
    first = refresh_tokens.first(grant_id)
    expires_at = now + timedelta(seconds=tenant.grant_ttl_secs)
    refresh_ttl_secs = min(
        asked.refresh_token_ttl_secs or tenant.refresh_token_ttl_secs, tenant.grant_ttl_secs
    )
    grant = Grant.objects.create(
        id=grant_id,
        tenant=tenant,
        room=room,
        identity=asked.identity,
        asked_by=f"{caller.kind}:{caller.subject}",
        display_name=_display_name(caller, asked, decision),
        role=decision.role or "",
        device=asked.device,
        refresh_hash=first.hash(),
        refresh_ttl_secs=refresh_ttl_secs,
        refresh_expires_at=min(now + timedelta(seconds=refresh_ttl_secs), expires_at),
        seated_until_at=now + MINTING_SEAT,
        expires_at=expires_at,
    )
    return grant, first


def _display_name(caller: Caller, asked: Asked, decision: admission.Admission) -> str:
    """Under which name the person is shown: as the room names its member, else as asked for, else as they signed in."""
    name = decision.display_name or asked.display_name or caller.display_name or asked.identity or ""
    return name[:MAX_NAME_CHARS]


def _hand_out(
    caller: Caller, room: Room, grant: Grant, first: RefreshToken, client_token: upstream.ClientToken
) -> Minted:
    """Open the grant if the person would still be admitted now; else the token is withheld."""
    now = timezone.now()
    with transaction.atomic():
        decision = decide_again(room, grant, now)
        if decision.admitted:
            upstream.require_present(room, client_token)
        opened = decision.admitted and Grant.objects.filter(pk=grant.pk, state=Grant.State.MINTING).update(
            state=Grant.State.OPEN, role=decision.role, **upstream.columns(grant, client_token)
        )
    if not decision.admitted:
        log.info("token_withheld", grant=str(grant.pk), because=decision.reason)
        raise refusal(caller, "token.withheld", room, grant.identity, decision)
    if not opened:
        raise refusal(caller, "token.withheld", room, grant.identity, WITHDRAWN)
    happenings.expect_somebody(room, now=now)
    grant.role = decision.role or grant.role
    return handed(grant, first, client_token, now)


WITHDRAWN: Final = admission.Admission(
    False, "grant_revoked", "this grant was revoked while its token was made"
)


def decide_again(room: Room, grant: Grant, now: datetime) -> admission.Admission:
    """The decision on fresh rows for somebody who has a seat."""
    fresh = Room.objects.select_related("tenant").get(pk=room.pk)
    return admission.decide(fresh, grant.identity, tenant=fresh.tenant, now=now, seats=None)


def handed(
    grant: Grant, refresh_token: RefreshToken, client_token: upstream.ClientToken, now: datetime
) -> Minted:
    """What the client is given with a client token, minted or refreshed."""
    life = client_token.expires_at - now
    statement = contexts.Statement(
        tenant_id=grant.tenant_id,
        room_id=grant.room_id,
        grant_id=grant.pk,
        identity=grant.identity,
        display_name=grant.display_name,
        role=grant.role,
        join_by_at=client_token.expires_at,
        nonce=contexts.new_nonce(),
    )
    return Minted(
        grant=grant,
        token=client_token.token,
        token_expires_at=client_token.expires_at,
        refresh_token=refresh_token,
        refresh_after=now + life * random.uniform(*REFRESH_AFTER_SHARE),
        telnyx_room_id=client_token.telnyx_room_id,
        context=contexts.sign(statement),
    )
