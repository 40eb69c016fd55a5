"""How long something is kept, and what keeps it longer, in words for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rooms import holding, retaining
from rooms.models import Composition, Footage, Hold, Recording, Room
from videobroker.admin.figures import MOST_COUNTED, counted
from videobroker.admin.showing import EMPTY, badge, time_of

AnyFootage = Recording | Composition
State = Footage.State

# So many holds are named on a page; all of them are in their list.
MOST_NAMED: Final = 20


def days_told(days: int) -> str:
    """`1 day`, `30 days`."""
    return f"{days:,} day{'' if days == 1 else 's'}"


def policy_told(footage: AnyFootage) -> str:
    """What says how long it is kept."""
    policy = retaining.policy_of(footage)
    if policy["by"] == "retain_until":
        return "a time of its own"
    return f"{days_told(policy['days'])}, by its {policy['by']}"


def kept_until(footage: AnyFootage, now: datetime) -> SafeString | str:
    """When its retention is over and by whose word; or that it is over, and what comes of that."""
    if footage.state != State.KEPT:
        return EMPTY
    if footage.expires_at is None:
        return format_html('<span class="quiet">{}</span>', "not complete yet")
    told = format_html("{} <small>{}</small>", time_of(footage.expires_at), policy_told(footage))
    if footage.expires_at > now:
        return told
    return format_html("{} {}", badge("over, but held" if is_held(footage) else "due", "warn"), told)


def mark_held(films: Sequence[AnyFootage]) -> None:
    """Note on each of these, all of one model, whether it is held. One query."""
    held = holding.held_among(films)
    for footage in films:
        footage.is_held = footage.pk in held  # type: ignore[union-attr]  # for `is_held`, which reads it


def is_held(footage: AnyFootage) -> bool:
    """Whether it is held, as `mark_held` has found."""
    found: bool = footage.is_held  # type: ignore[union-attr]  # put there by `mark_held`
    return found


def with_hold(footage: AnyFootage, standing: SafeString) -> SafeString:
    """Where it stands, and that a hold keeps it."""
    if not is_held(footage) or footage.state == State.DELETED:
        return standing
    return format_html("{} {}", standing, badge("held", "warn"))


def ending(footage: AnyFootage) -> SafeString | None:
    """Where it stands if it is going or gone; None while it is kept."""
    if footage.state == State.DELETING:
        return badge("being deleted", "busy")
    return badge("deleted") if footage.state == State.DELETED else None


@dataclass(frozen=True)
class NamedHold:
    """A hold as it is named on the page of what it covers."""

    hold: Hold
    may_lift: bool

    @property
    def url(self) -> str:
        return reverse("admin:rooms_hold_change", args=[self.hold.pk])

    @property
    def lift_url(self) -> str:
        return reverse("admin:rooms_hold_lift", args=[self.hold.pk]) if self.may_lift else ""


@dataclass(frozen=True)
class HoldsShown:
    """What somebody is told of the holds on something: the first of them, and whether there are others, of which
    nothing is said."""

    named: Sequence[NamedHold] = ()
    has_others: bool = False


def shown(holds: QuerySet[Hold], *, for_operator: bool) -> HoldsShown:
    """That somebody is held in all rooms is nothing that moderators know, here as over REST."""
    found = holds.select_related("room", "recording__participant", "composition__session__room")
    if for_operator:
        return HoldsShown([NamedHold(hold, True) for hold in found[:MOST_NAMED]])
    named = [NamedHold(hold, False) for hold in found.filter(identity=None)[:MOST_NAMED]]
    return HoldsShown(named, holds.exclude(identity=None).exists())


@dataclass(frozen=True)
class Stock:
    """How much of one kind a room has stored."""

    label: str
    count: int
    url: str

    @property
    def shown(self) -> str:
        plus = "+" if self.count >= MOST_COUNTED else ""
        return f"{self.count:,}{plus} {self.label}{'' if self.count == 1 else 's'}"


@dataclass(frozen=True)
class Retention:
    """How long what is recorded in a room is kept; what there is, when the next of it goes, and what holds it."""

    days: str
    is_own: bool
    stocks: Sequence[Stock]
    next_at: datetime | None
    holds: HoldsShown


def retention_of(room: Room, *, for_operator: bool) -> Retention:
    """That of a room, for those who decide in it."""
    kept = [model.objects.filter(room=room).kept() for model in (Recording, Composition)]
    ends = [_next_of(rows) for rows in kept]
    return Retention(
        days_told(retaining.days_of(room)),
        room.recording_retention_days is not None,
        [_stock(rows, room) for rows in kept],
        min((end for end in ends if end is not None), default=None),
        shown(holding.holds_in(room), for_operator=for_operator),
    )


def _next_of(rows: QuerySet[AnyFootage]) -> datetime | None:
    free = rows.filter(held=False, expires_at__isnull=False).order_by("expires_at")
    return free.values_list("expires_at", flat=True).first()


def _stock(rows: QuerySet[AnyFootage], room: Room) -> Stock:
    name = str(rows.model._meta.model_name)
    url = f"{reverse(f'admin:rooms_{name}_changelist')}?room__exact={room.pk}"
    return Stock(name, counted(rows), url)
