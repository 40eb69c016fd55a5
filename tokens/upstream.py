"""Getting client tokens from Telnyx for a grant, in either way of renewing them."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.utils import timezone

from rooms import excusing, provisioning
from rooms.models import Room
from tokens.models import Grant
from tokens.seats import KEPT_AFTER_TOKEN
from videobroker.secret import Secret
from videobroker.telnyx import errors
from videobroker.tenants.callers import Caller
from videobroker.tenants.lines import line_of
from videobroker.tenants.models import RefreshStrategy

log = structlog.get_logger(__name__)

# Telnyx's bounds for the life of its refresh token.
SHORTEST_REFRESH_SECS: Final = 60
LONGEST_REFRESH_SECS: Final = 86400
# A second try needs this much of the time that is left, or it is not begun.
WORTH_TRYING_SECS: Final = 0.5
# What callers are told when Telnyx fails us, by reason.
DETAILS: Final = excusing.DETAILS


@dataclass(frozen=True)
class ClientToken:
    """A client token from Telnyx, and where the tenant's strategy keeps it, Telnyx's refresh token."""

    token: Secret
    expires_at: datetime
    telnyx_room_id: str
    refresh_token: Secret | None = None
    refresh_expires_at: datetime | None = None


def columns(grant: Grant, client_token: ClientToken) -> dict[str, Any]:
    """What the grant's row keeps of a client token: when it ends, never the token itself."""
    kept: dict[str, Any] = {
        "telnyx_room_id": client_token.telnyx_room_id,
        "client_token_expires_at": client_token.expires_at,
        "seated_until_at": client_token.expires_at + KEPT_AFTER_TOKEN,
    }
    if client_token.refresh_token is not None:
        grant.upstream_refresh_token = client_token.refresh_token
        kept["sealed_upstream_refresh_token"] = grant.sealed_upstream_refresh_token
        kept["upstream_refresh_expires_at"] = client_token.refresh_expires_at
    return kept


def telnyx_room_of(room: Room, *, by: Caller, timeout_secs: float) -> str:
    """The id of the room's Telnyx room, made now if need be. Raises `Problem` 503."""
    if room.telnyx_id is not None:
        return str(room.telnyx_id)
    try:
        return provisioning.ensure(room, by=by, timeout_secs=timeout_secs)
    except provisioning.NotProvisioned as error:
        raise excusing.not_now("upstream_unavailable", 3) from error


def mint(
    room: Room, grant: Grant, telnyx_room_id: str, *, ttl_secs: int, by: Caller, timeout_secs: float
) -> ClientToken:
    """A new client token. Raises `Problem` 503 when Telnyx cannot be had within `timeout_secs`.

    A token whose answer was lost harms nobody, since nobody has it; so a failed call may be made once more while
    there is time. A Telnyx room that has vanished is made anew, once.
    """
    until = time.monotonic() + timeout_secs
    try:
        return _mint(room, grant, telnyx_room_id, ttl_secs, until - time.monotonic())
    except errors.NotFound:
        provisioning.note_missing(room, telnyx_room_id)
        room.refresh_from_db(fields=["telnyx_id"])
        telnyx_room_id = telnyx_room_of(room, by=by, timeout_secs=max(0.0, until - time.monotonic()))
    except (errors.NotSent, errors.OutcomeUnknown) as error:
        if until - time.monotonic() < WORTH_TRYING_SECS:
            raise excusing.as_problem(error, room.account) from error
    except errors.TelnyxError as error:
        raise excusing.as_problem(error, room.account) from error
    try:
        return _mint(room, grant, telnyx_room_id, ttl_secs, until - time.monotonic())
    except errors.TelnyxError as error:
        raise excusing.as_problem(error, room.account) from error


def _mint(room: Room, grant: Grant, telnyx_room_id: str, ttl_secs: int, timeout_secs: float) -> ClientToken:
    keep = room.tenant.refresh_strategy == RefreshStrategy.UPSTREAM
    line = line_of(room.account, timeout_secs=max(timeout_secs, 0.1))
    minted = line.generate_join_client_token(
        telnyx_room_id,
        token_ttl_secs=ttl_secs,
        refresh_token_ttl_secs=_refresh_secs(grant) if keep else SHORTEST_REFRESH_SECS,
    )
    room.account.note_credentials(refused=False, now=timezone.now())
    return ClientToken(
        token=minted.token,
        expires_at=minted.token_expires_at,
        telnyx_room_id=telnyx_room_id,
        refresh_token=minted.refresh_token if keep else None,
        refresh_expires_at=minted.refresh_token_expires_at if keep else None,
    )


def _refresh_secs(grant: Grant) -> int:
    """How long Telnyx's refresh token should last: as long as the grant, within Telnyx's bounds."""
    life = (grant.expires_at - timezone.now()).total_seconds()
    return int(min(max(life, SHORTEST_REFRESH_SECS), LONGEST_REFRESH_SECS))


def renew(room: Room, grant: Grant, *, ttl_secs: int, by: Caller, timeout_secs: float) -> ClientToken:
    """A client token for an open grant, by the tenant's strategy. Raises `Problem` 503.

    With `upstream`, Telnyx's refresh token is used while it lasts and belongs to the room's present Telnyx room;
    when it fails for whatever reason, minting anew is always right.
    """
    until = time.monotonic() + timeout_secs
    if _can_refresh(room, grant):
        try:
            return _refresh(room, grant, ttl_secs, timeout_secs / 2)
        except errors.TelnyxError as error:
            log.info("upstream_refresh_failed", grant=str(grant.pk), error=str(error))
    telnyx_room_id = telnyx_room_of(room, by=by, timeout_secs=timeout_secs / 2)
    return mint(room, grant, telnyx_room_id, ttl_secs=ttl_secs, by=by, timeout_secs=until - time.monotonic())


def _can_refresh(room: Room, grant: Grant) -> bool:
    """Whether the grant has a refresh token of Telnyx's that should still work."""
    ends = grant.upstream_refresh_expires_at
    return (
        room.tenant.refresh_strategy == RefreshStrategy.UPSTREAM
        and bool(grant.sealed_upstream_refresh_token)
        and ends is not None
        and ends > timezone.now() + timedelta(seconds=5)
        and grant.telnyx_room_id == room.telnyx_id
    )


def _refresh(room: Room, grant: Grant, ttl_secs: int, timeout_secs: float) -> ClientToken:
    refresh_token = grant.upstream_refresh_token
    if refresh_token is None:
        raise LookupError(f"grant {grant.pk} has no refresh token of Telnyx's")
    refreshed = line_of(room.account, timeout_secs=timeout_secs).refresh_client_token(
        str(room.telnyx_id), refresh_token=refresh_token, token_ttl_secs=ttl_secs
    )
    return ClientToken(
        token=refreshed.token, expires_at=refreshed.token_expires_at, telnyx_room_id=str(room.telnyx_id)
    )


def require_present(room: Room, client_token: ClientToken) -> None:
    """Raise `Problem` 503 if the token is of a Telnyx room that is not the room's any more: it would open nothing. (The
    room was sealed, or made anew, while Telnyx answered.)"""
    present = Room.objects.values_list("telnyx_id", flat=True).get(pk=room.pk)
    if str(present) != client_token.telnyx_room_id:
        raise excusing.not_now("upstream_room_changed", 1)
