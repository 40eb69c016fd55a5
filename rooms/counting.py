"""The daily count of everything that is kept: is it still there? Telnyx is asked for one day of it after another, with
a mark where it stopped, so the count may be as long as it needs and goes on after any crash. What is not listed is
asked for by its id before anybody believes that it is gone, and a composition by its key as well.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db.models import QuerySet

from rooms import doubling, stocktaking, vanishing
from rooms.mirroring import Changes
from rooms.models import AccountCheck, Composition, Deletion, Recording
from videobroker.telnyx import DateFilter, Telnyx, errors
from videobroker.tenants.models import Account

log = structlog.get_logger(__name__)

COUNTED_EVERY: Final = timedelta(days=1)
# So many calls a turn; the next turn goes on.
CALLS_A_TURN: Final = 200
# For so long it is looked whether what Telnyx did not have is there after all.
VANISHED_LATELY: Final = timedelta(days=30)
# So many that are gone are written down in one turn: if it is more, somebody may want to look first.
MOST_THAT_VANISH: Final = 100


def count(line: Telnyx, account: Account, now: datetime) -> Iterator[Changes]:
    """Begin the day's count, or go on with it. Raises `TelnyxError`; what was counted stays counted."""
    soon = {"due_at": now + timedelta(minutes=10)}
    check, _ = AccountCheck.objects.get_or_create(account=account, defaults=soon)
    if check.stock_day is None and check.stock_due_at is not None and check.stock_due_at > now:
        return
    turn = _Turn(line, account, now)
    mine = AccountCheck.objects.filter(account=account)
    day = turn.first_day_from(check.stock_day or date.min)
    while day is not None:
        mine.update(stock_day=day)
        if turn.is_over:
            return
        yield from turn.count_day(day)
        if turn.has_lost_much:
            log.error("much_footage_vanished", account=str(account.pk), noted=turn.vanished)
            return
        day = turn.first_day_from(day + timedelta(days=1))
    mine.update(stock_day=None, stock_due_at=now + COUNTED_EVERY)


class _Turn:
    """One turn at counting an account's films."""

    def __init__(self, line: Telnyx, account: Account, now: datetime) -> None:
        self.line = line
        self.account = account
        self.now = now
        self.calls = 0
        self.vanished = 0

    @property
    def is_over(self) -> bool:
        return self.calls >= CALLS_A_TURN

    @property
    def has_lost_much(self) -> bool:
        return self.vanished >= MOST_THAT_VANISH

    def first_day_from(self, day: date) -> date | None:
        """The first day, `day` or later, of which something is kept, or was not found lately."""
        sought = (
            (self._recordings(), "started_at"),
            (self._vanished(Recording), "started_at"),
            (self._compositions(), "seen_at"),
            (self._vanished(Composition), "seen_at"),
        )
        first = [
            rows.filter(**{f"{column}__gte": _begin(day)}).order_by(column).values_list(column, flat=True)[:1]
            for rows, column in sought
        ]
        found = [at for each in first for at in each]
        return min(found).astimezone(UTC).date() if found else None

    def count_day(self, day: date) -> Iterator[Changes]:
        """Compare what we keep of this day with what Telnyx has of it."""
        there: set[UUID] = set()
        listed = self.line.each_recording(date_started_at=DateFilter(eq=day), page_size=stocktaking.PAGE_SIZE)
        self.calls += 1
        for page in stocktaking.pages(listed):
            self.calls += len(page) == stocktaking.PAGE_SIZE  # there is another
            there |= {UUID(each.id) for each in page}
            yield from stocktaking.merge(self.account, page, self.now)
        self._look_for_missing(_of_day(self._recordings(), "started_at", day), there)
        films = _of_day(self._compositions(), "seen_at", day)
        vanished = _of_day(self._vanished(Composition), "seen_at", day)
        if films.exists() or vanished.exists():
            # Ordered late in the evening, one may have been made the next day.
            around = DateFilter(gte=day, lte=day + timedelta(days=1))
            made = self.line.each_composition(date_created_at=around, page_size=stocktaking.PAGE_SIZE)
            self.calls += 1
            there = {UUID(each.id) for each in made}
            self._look_for_missing(films, there)
            for film in vanished.select_related("room", "room__tenant"):
                if film.telnyx_id in there:
                    vanishing.believe_list(film, self.now)

    def _look_for_missing(self, kept: QuerySet[Any], there: set[UUID]) -> None:
        for row_id, telnyx_id in list(kept.values_list("pk", "telnyx_id")):
            if telnyx_id not in there and not self.has_lost_much:
                self._look_for(kept.select_related("room", "room__tenant").get(pk=row_id))

    def _look_for(self, kept: Recording | Composition) -> None:
        view: Any = self.line.view_recording if isinstance(kept, Recording) else self.line.view_composition
        self.calls += 1
        with stocktaking.passing_over(kept):
            try:
                view(kept.telnyx_id)
            except errors.NotFound:
                self._note_missing(kept)

    def _note_missing(self, kept: Recording | Composition) -> None:
        if isinstance(kept, Composition):
            self.calls += 1
            if doubling.find_again(self.line, kept) is not None:
                return
        self.vanished += vanishing.note(kept)

    def _recordings(self) -> QuerySet[Any]:
        return Recording.objects.kept().filter(room__account=self.account)

    def _compositions(self) -> QuerySet[Any]:
        kept = Composition.objects.kept().filter(room__account=self.account)
        return kept.filter(telnyx_id__isnull=False, completed_at__isnull=False)

    def _vanished(self, model: type[Recording] | type[Composition]) -> QuerySet[Any]:
        """What Telnyx said of late that it did not have, deleted here or not: it may have been wrong about it."""
        lately = Deletion.objects.unproven().filter(
            account=self.account, done_at__gt=self.now - VANISHED_LATELY
        )
        return model._default_manager.filter(pk__in=lately.values("footage_id"))


def _of_day(rows: QuerySet[Any], column: str, day: date) -> QuerySet[Any]:
    begin = _begin(day)
    return rows.filter(**{f"{column}__gte": begin, f"{column}__lt": begin + timedelta(days=1)})


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
