"""Compositions in the making: asking Telnyx how far they are, and putting right what only shows afterwards.

Telnyx tells when one is completed; should that be lost, it is asked: soon at first, then ever more seldom. And account
by account all recent ones are gone through, since a film whose order's answer was lost may show later than anybody
waited for it. Then it is claimed if its order still has none; if it has another, this is a second copy (`doubling`).
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import QuerySet

from rooms import composing, doubling, footage, happenings, mirroring, recognising, vanishing
from rooms.models import Composition, Footage, Operation
from rooms.operations import Again
from videobroker import telnyx
from videobroker.telnyx import DateFilter, Telnyx, errors
from videobroker.tenants.keyring import KeyRingError
from videobroker.tenants.lines import line_of
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)

TIMEOUT_SECS: Final = 8.0
AT_ONCE: Final = 20
# The pause before the next question: a part of how long it has been in the making, within these.
ASKED_EVERY: Final = (timedelta(seconds=15), timedelta(minutes=30))
# Telnyx may need a moment to know itself of what it has just made.
BELIEVED_GONE_AFTER: Final = timedelta(minutes=5)
# Telnyx has no word for a composition that failed. After this long it is one, for people to look at.
STUCK_AFTER: Final = timedelta(hours=6)
# How far back Telnyx's compositions are gone through; orders are good for a day.
GONE_THROUGH: Final = timedelta(days=2)


def in_the_making() -> QuerySet[Composition]:
    """What was ordered and is neither complete nor given up."""
    return Composition.objects.kept().filter(completed_at=None, failed_because="")


def ask_due(now: datetime) -> int:
    """Ask about the compositions whose time has come; how many. Of several workers each composition gets one. What was
    told to be complete is asked about once more: Telnyx tells less then than it answers."""
    due = Composition.objects.kept().filter(ask_due_at__lte=now).order_by("ask_due_at")
    return sum(_ask_in_turn(each, now) for each in due.select_related(*_RELATED)[:AT_ONCE])


_RELATED: Final = ("room", "room__account", "room__tenant", "session")


def _ask_in_turn(composition: Composition, now: datetime) -> int:
    least, most = ASKED_EVERY
    pause = min(most, max(least, (now - composition.seen_at) / 4))
    mine = Composition.objects.filter(pk=composition.pk, ask_due_at=composition.ask_due_at)
    if not mine.update(ask_due_at=now + pause):
        return 0
    try:
        ask_about(line_of(composition.room.account, timeout_secs=TIMEOUT_SECS), composition, now=now)
    except (errors.TelnyxError, KeyRingError) as error:
        # Its next turn comes; what is known stays as it is, since not knowing is not a change.
        log.warning("composition_not_followed", composition=str(composition.pk), error=str(error))
    return 1


def ask_about(line: Telnyx, composition: Composition, *, now: datetime) -> None:
    """Make what is known of a composition that Telnyx has taken true. Raises `TelnyxError`."""
    try:
        found = line.view_composition(str(composition.telnyx_id))
    except errors.NotFound:
        found = None
    if found is not None and not recognising.is_another(composition, found):
        _note(composition, found, now)
    elif (real := doubling.find_again(line, composition)) is not None:
        _note(composition, real, now)
    elif found is not None:
        log.error("composition_not_as_expected", composition=str(composition.pk), telnyx_id=found.id)
        _give_up(composition, "Telnyx had given the id of another composition, and has none for this one")
    elif now - composition.seen_at > BELIEVED_GONE_AFTER:
        vanishing.note(composition)


def _note(composition: Composition, found: telnyx.Composition, now: datetime) -> None:
    changes = footage.composition_told(composition, footage.facts_of(found, now=now))
    if composition.completed_at is not None:
        Composition.objects.filter(pk=composition.pk).update(ask_due_at=None)
    if changes.news:
        happenings.happened(changes)


def _give_up(composition: Composition, because: str) -> None:
    """Forget an id that is somebody else's, so that nothing of theirs is ever shown or deleted as ours."""
    wrong = Composition.objects.filter(pk=composition.pk, telnyx_id=composition.telnyx_id)
    kept = wrong.filter(state=Footage.State.KEPT)
    mirroring.change(kept, telnyx_id=None, ask_due_at=None, failed_because=because)


# --- All recent ones of an account ------------------------------------------------------------------------


def go_through(account: Account, *, now: datetime) -> None:
    """Look at every recent composition of the account that bears a key of ours. Those without one are somebody else's,
    perhaps of another installation on the same account, and left alone. Raises `TelnyxError`."""
    line = line_of(account, timeout_secs=TIMEOUT_SECS)
    since = DateFilter(gte=(now - GONE_THROUGH).date())
    for found in line.each_composition(date_created_at=since):
        if (key := recognising.key_of(found)) is None:
            continue
        ours = Composition.objects.filter(pk=key, room__account=account)
        if (composition := ours.select_related(*_RELATED).first()) is not None:
            _look_at(line, composition, found, now)


def _look_at(line: Telnyx, composition: Composition, found: telnyx.Composition, now: datetime) -> None:
    if str(composition.telnyx_id) == found.id:
        if composition.completed_at is None:
            _note(composition, found, now)
    elif _is_being_ordered(composition):
        return
    elif composition.state == Footage.State.DELETED:
        doubling.keep_or_take_back(line, composition, found)
    elif composition.telnyx_id is None:
        _claim(composition, found, now)
    else:
        _choose(line, composition, found, now)


def _is_being_ordered(composition: Composition) -> bool:
    """Whether somebody is at it who will look for it by themselves."""
    orders = Operation.objects.filter(room=composition.room_id, kind=Operation.Kind.COMPOSE)
    its = orders.filter(arguments__composition_id=str(composition.pk))
    return its.filter(state__in=Operation.UNFINISHED).exists()


def _claim(composition: Composition, found: telnyx.Composition, now: datetime) -> None:
    """Its order was given up, and came through all the same."""
    try:
        composing.adopt(composition, found)
    except Again:
        return
    log.warning("composition_found_again", composition=str(composition.pk), telnyx_id=found.id)
    composition.refresh_from_db()
    _note(composition, found, now)


def _choose(line: Telnyx, composition: Composition, found: telnyx.Composition, now: datetime) -> None:
    """Two at Telnyx for one order: the one that we know stays if it is there and the right one, else the other is it.
    Of what is held nothing is deleted, not even a second copy."""
    try:
        known = line.view_composition(str(composition.telnyx_id))
    except errors.NotFound:
        known = None
    if known is None or recognising.key_of(known) != composition.pk:
        doubling.point_to(composition, found)
        _note(composition, found, now)
    else:
        doubling.take_back(line, composition, found)
