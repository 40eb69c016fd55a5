"""What workers do by themselves, again and again. A round may be made by any number of workers, late, or twice over:
each takes its turn on a row by a conditional UPDATE, or does what is harmless to do again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet

from rooms import (
    autocomposing,
    carrying,
    dispatching,
    erasing,
    events,
    evicting,
    following,
    lanes,
    lingering,
    provisioning,
    purging,
    reconciling,
    retaining,
    telling,
)
from rooms.doorkeeping import doorkeeper
from rooms.models import (
    AccountCheck,
    Attribution,
    Composition,
    Footage,
    Participant,
    Recording,
    Room,
    Upstream,
)
from videobroker.telnyx import errors
from videobroker.tenants.keyring import KeyRingError
from videobroker.tenants.models import Account, Tenant

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Round:
    """Something to be done about every so many seconds."""

    name: str
    every_secs: float
    make: Callable[[datetime], object]


def carry_out_due(now: datetime) -> None:
    """Carry out what no wake-up reached, and what is to be tried again."""
    carrying.dispatch_due()


def apply_events(now: datetime) -> None:
    """Apply webhooks whose wake-up was lost."""
    events.apply_all()


def attribute_and_evict(now: datetime) -> None:
    """Name those whom nobody has named yet, and put out who may not be in: what a lost process left undone, and what
    came to be without an event (a suspension, a deactivated user, a ban from all rooms)."""
    nameless = Participant.objects.filter(
        left_at=None, session__ended_at=None, attribution=Attribution.PENDING
    )
    doorkeeper().attribute(nameless.select_related("room", "tenant")[:500], now=now)
    evicting.evict_unwelcome(Participant.objects.all(), now=now)


def deliver_due(now: datetime) -> None:
    """Deliver what no wake-up reached, and what is to be tried again."""
    dispatching.dispatch_due()


def purge_due(now: datetime) -> None:
    """Begin purges of what has expired since, after the expiries have followed the retention."""
    retaining.follow_tenants(now)
    purging.begin_due(now)


def delete_due(now: datetime) -> None:
    """Delete at Telnyx what no wake-up reached, and what is to be tried again."""
    lanes.dispatch_due()


def check_accounts(now: datetime) -> None:
    """Go through the accounts whose turn it is."""
    for account in _accounts_in_use(now):
        check, is_new = AccountCheck.objects.get_or_create(
            account=account, defaults={"due_at": now + reconciling.QUIET_ROOMS_ASKED_EVERY}
        )
        mine = AccountCheck.objects.filter(pk=check.pk, due_at=check.due_at, due_at__lte=now)
        if is_new or not mine.update(due_at=now + reconciling.QUIET_ROOMS_ASKED_EVERY):
            continue
        for look in (reconciling.check_account, following.go_through):
            _look_into(account, look, now)


def _accounts_in_use(now: datetime) -> QuerySet[Account]:
    """Accounts that tenants use, and those that tenants have left while rooms of theirs are in them: until the rooms
    have gone, with what was recorded there, and it is so long ago that nothing of it is looked for any more."""
    recorded, composed = (
        Exists(kind.objects.filter(room=OuterRef("pk")).exclude(state=Footage.State.DELETED))
        for kind in (Recording, Composition)
    )
    is_gone = Q(upstream=Upstream.ABSENT, deleted_at__lt=now - lingering.FOLLOWED_FOR)
    left = Room.objects.filter(~is_gone | recorded | composed, account=OuterRef("pk"))
    used = Tenant.objects.filter(account=OuterRef("pk"))
    return Account.objects.filter(Exists(used) | Exists(left))


def _look_into(account: Account, look: Callable[..., None], now: datetime) -> None:
    """One look that Telnyx fails, or whose account has no key that can be used, keeps nobody from the others."""
    try:
        look(account, now=now)
    except (errors.TelnyxError, KeyRingError, ValueError) as error:
        log.warning("account_not_checked", account=str(account.pk), error=str(error))


ROUNDS: Final = (
    Round("carry_out", 1, carry_out_due),
    Round("apply_events", 1, apply_events),
    Round("reconcile_due", 1, reconciling.reconcile_due),
    Round("attribute_and_evict", 2, attribute_and_evict),
    Round("tell_untold", 2, telling.tell_untold),
    Round("deliver_due", 1, deliver_due),
    Round("follow_schedules", 5, provisioning.follow_schedules),
    Round("follow_compositions", 5, following.ask_due),
    Round("compose_ended", 10, autocomposing.compose_ended),
    Round("check_accounts", 30, check_accounts),
    Round("follow_retention", 5, retaining.follow_tenants),
    Round("begin_purges", 60, purge_due),
    Round("purge", 2, purging.go_on),
    Round("delete_due", 1, delete_due),
    Round("erase", 2, erasing.go_on_with_all),
    Round("delete_late_films", 60, lingering.delete_late_films),
    Round("forget_strangers", 600, lingering.forget_strangers),
)
