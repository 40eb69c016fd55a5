"""Refreshing: is this the grant's current token, may its person still be in, and what follows it.

Rotation is one conditional UPDATE, made only after Telnyx has answered, so an outage costs nobody their grant. Of
many who refresh with one token at once, one rotates; the others find their token to be the immediate predecessor and
get the same successor (docs/decisions/0005-refreshing.md).
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from rooms import admission, removing
from rooms.models import Room
from tokens import refresh_tokens, seats, upstream
from tokens.minting import Minted, decide_again, handed, ttl_secs
from tokens.models import Grant
from tokens.refresh_tokens import RefreshToken
from tokens.refusals import refusal
from tokens.revoking import revoke
from videobroker.api.problems import Problem, conflict, forbidden
from videobroker.tenants import auditing
from videobroker.tenants.callers import Caller, CallerKind

log = structlog.get_logger(__name__)

# How long the immediate predecessor may be repeated: a lost answer, a second tab, a timer that fired twice.
GRACE: Final = timedelta(seconds=30)
# A seat taken again while Telnyx is asked.
SEAT_WHILE_ASKING: Final = timedelta(seconds=30)
# What `refresh` refuses with, besides the reasons of admission and of Telnyx.
REASONS: Final = (
    "invalid_refresh_token", "token_reused", "grant_revoked", "grant_expired", "refresh_superseded",
)  # fmt: skip


@dataclass(frozen=True)
class Presented:
    """A refresh token as it was presented: with its grant, when, and whether it is to be rotated."""

    token: RefreshToken
    grant: Grant
    at: datetime
    rotates: bool


def refresh(
    caller: Caller | None, room: Room, text: str, *, token_ttl_secs: int | None, now: datetime
) -> Minted:
    """Renew the client token of the grant that `text` belongs to.

    `caller` is who signed in, or None where the tenant lets the token alone suffice. Raises `Problem`: 403 with
    `invalid_refresh_token`, `token_reused`, `grant_revoked`, `grant_expired` or a reason of admission; 409 with
    `refresh_superseded` when the token was overtaken while Telnyx was asked; 503 while Telnyx cannot be asked, after
    which the same token still works.
    """
    presented = _recognise(caller, room, text, now)
    actor = caller or _holder(presented.grant, room)
    _keep_seat(actor, room, presented.grant, now)
    client_token = upstream.renew(
        room,
        presented.grant,
        ttl_secs=ttl_secs(room.tenant, token_ttl_secs),
        by=actor,
        timeout_secs=settings.TELNYX_TIMEOUT_SECS,
    )
    return _hand_out(actor, room, presented, client_token)


def invalid() -> Problem:
    """One answer for what is no token, nobody's token and somebody else's token."""
    return forbidden("invalid_refresh_token", "this refresh token is not valid here: mint a new token")


def _holder(grant: Grant, room: Room) -> Caller:
    """Who refreshes without signing in: the holder of the grant's token."""
    kind, _, subject = grant.asked_by.partition(":")
    return Caller(kind=CallerKind(kind), subject=subject, tenant=room.tenant, identity=grant.identity)


def _recognise(caller: Caller | None, room: Room, text: str, now: datetime) -> Presented:
    """The grant of the token, if the caller may use it and it is the current one or its immediate predecessor."""
    try:
        token = refresh_tokens.read(text)
    except refresh_tokens.NotARefreshToken as error:
        raise invalid() from error
    grant = Grant.objects.filter(pk=token.grant_id, room=room).first()
    if grant is None or not _may_use(caller, grant):
        raise invalid()
    grant.room = room
    if grant.state != Grant.State.OPEN:
        raise _revoked(caller or _holder(grant, room), room, grant, now)
    if not _holds(grant, token, now):
        raise _reused(caller or _holder(grant, room), room, grant, token, now)
    if grant.is_over(now):
        raise forbidden("grant_expired", "this grant is over: mint a new token")
    return Presented(token, grant, at=now, rotates=caller is None or not caller.is_back_end)


def _revoked(actor: Caller, room: Room, grant: Grant, now: datetime) -> Problem:
    """Why a revoked grant is not refreshed: what would also keep its person from minting, if there is anything."""
    decision = admission.decide(room, grant.identity, tenant=room.tenant, now=now, seats=None)
    if not decision.admitted:
        return refusal(actor, "token.refresh", room, grant.identity, decision)
    return forbidden("grant_revoked", "this grant was revoked: mint a new token")


def _may_use(caller: Caller | None, grant: Grant) -> bool:
    """A back end may refresh any grant of its tenant (the view has checked tenant and scope), a person their own."""
    if caller is None:
        return not grant.room.tenant.refresh_needs_login
    return caller.is_back_end or (grant.identity is not None and caller.identity == grant.identity)


def _holds(grant: Grant, token: RefreshToken, now: datetime) -> bool:
    """Whether the token is the current one, or the one just before it within the grace."""
    presented = token.hash()
    if hmac.compare_digest(grant.refresh_hash, presented):
        return True
    if grant.rotated_at is None or now - grant.rotated_at > GRACE:
        return False
    return hmac.compare_digest(grant.previous_refresh_hash, presented)


def _reused(actor: Caller, room: Room, grant: Grant, token: RefreshToken, now: datetime) -> Problem:
    """A genuine token that was replaced long ago: somebody has a copy. Nobody can tell who, so the grant dies."""
    with transaction.atomic():
        seats.lock(room)
        if revoke([grant], because="token_reused", now=now):
            # Whoever is in with it is put out, for it may be the thief.
            removing.remove(room, identities=set(), grant_ids={grant.pk}, because="token_reused", now=now)
            auditing.record(
                actor,
                "token.reused",
                tenant=room.tenant,
                room_id=room.pk,
                subject_kind="grant",
                subject=grant.pk,
                refused_because="token_reused",
                details={
                    "generation": token.generation,
                    "current": grant.generation,
                    "identity": grant.identity,
                },
            )
    log.warning(
        "refresh_token_reused", grant=str(grant.pk), generation=token.generation, current=grant.generation
    )
    return forbidden(
        "token_reused", "this refresh token was used before, so the grant was revoked: mint a new token"
    )


def _keep_seat(actor: Caller, room: Room, grant: Grant, now: datetime) -> None:
    """Decide again, and take a seat again if the grant's own has fallen free meanwhile."""
    if grant.seated_until_at > now:
        decision = admission.decide(room, grant.identity, tenant=room.tenant, now=now, seats=None)
    else:
        with transaction.atomic():
            fresh = seats.lock(room)
            decision = seats.decide_on_a_seat(
                fresh, grant.identity, tenant=room.tenant, now=now, besides=grant
            )
            if decision.admitted:
                Grant.objects.filter(pk=grant.pk).update(seated_until_at=now + SEAT_WHILE_ASKING)
    if not decision.admitted:
        raise refusal(actor, "token.refresh", room, grant.identity, decision)


def _hand_out(actor: Caller, room: Room, presented: Presented, client_token: upstream.ClientToken) -> Minted:
    """Rotate, decide once more on what is true now, and hand out, or withhold."""
    grant, now = presented.grant, timezone.now()
    kept = {**upstream.columns(grant, client_token), "last_refreshed_at": now}
    for column in ("client_token_expires_at", "seated_until_at"):
        # Of two who refresh at once the later end counts: a ban has to watch until the last token is over.
        kept[column] = Greatest(F(column), Value(kept[column]))
    refresh_expires_at = kept["refresh_expires_at"] = min(
        now + timedelta(seconds=grant.refresh_ttl_secs), grant.expires_at
    )
    with transaction.atomic():
        following = _advance(presented, kept, now)
        decision = decide_again(room, grant, now)
        if decision.admitted:
            upstream.require_present(room, client_token)
        if not decision.admitted:
            transaction.set_rollback(True)
    if not decision.admitted:
        log.info("token_withheld", grant=str(grant.pk), because=decision.reason)
        raise refusal(actor, "token.withheld", room, grant.identity, decision)
    if following is None:
        raise _lost_the_race(presented)
    grant.role = decision.role or grant.role
    grant.refresh_expires_at = refresh_expires_at
    return handed(grant, following, client_token, now)


def _advance(presented: Presented, kept: dict[str, Any], now: datetime) -> RefreshToken | None:
    """The refresh token to hand out, after the row says so; None if the grant changed so that there is none."""
    token, grant = presented.token, presented.grant
    open_grant = Grant.objects.filter(pk=grant.pk, state=Grant.State.OPEN)
    if not presented.rotates:
        return token if open_grant.update(**kept) else None
    following = token.successors()
    rotated = open_grant.filter(refresh_hash=token.hash()).update(
        refresh_hash=following[0].hash(),
        previous_refresh_hash=token.hash(),
        generation=following[0].generation,
        rotated_at=now,
        **kept,
    )
    if rotated:
        return following[0]
    return _same_successor(open_grant.first(), presented, kept)


def _same_successor(grant: Grant | None, presented: Presented, kept: dict[str, Any]) -> RefreshToken | None:
    """The successor that somebody else's refresh with the same token has made current. The grace counts up to when the
    token was presented: how long Telnyx took since then is not the caller's doing."""
    if grant is None or not _holds(grant, presented.token, presented.at):
        return None
    Grant.objects.filter(pk=grant.pk, state=Grant.State.OPEN).update(**kept)
    following = presented.token.successors()
    return next((token for token in following if hmac.compare_digest(token.hash(), grant.refresh_hash)), None)


def _lost_the_race(presented: Presented) -> Problem:
    """While Telnyx was asked, the grant was revoked, or refreshed more than once. The latter is no theft: the token was
    good when it was presented, so this is a retry whose first try was slow, and the grant lives on."""
    if Grant.objects.filter(pk=presented.grant.pk, state=Grant.State.OPEN).exists():
        return conflict(
            "refresh_superseded", "newer refresh tokens were given out meanwhile: go on with the newest one"
        )
    return forbidden("grant_revoked", "this grant was revoked: mint a new token")
