"""`manage.py purge`: what has been kept for long enough, listed or deleted here and now, and what was stopped of it."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet
from django.utils import timezone

from rooms import deleting, forecasting, lanes, purging, retaining
from rooms.clocks import Clocks
from rooms.forecasting import Fate
from rooms.models import Deletion, PurgeRun
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import Tenant

LOOK_SECS: Final = 0.5
# While Telnyx does not answer; and how long that is waited for.
SILENT_SECS: Final = 5.0
PATIENCE_SECS: Final = 60.0
# On a terminal the bar moves all the time; in a log a line now and then is enough.
LINE_EVERY_SECS: Final = 10.0
BAR: Final = 30
COLUMNS: Final = ("tenant", "kind", "id", "room", "session", "identity", "completed", "policy", "expired")


class Command(BaseCommand):
    help = (
        "Delete recordings and compositions whose retention is over, here and now, to the end; or say with --dry-run "
        "what would go and why. May be interrupted at any time: the workers, or this command again, go on with it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="only of this tenant")
        parser.add_argument(
            "--patience",
            metavar="SECS",
            type=float,
            default=PATIENCE_SECS,
            help="end when Telnyx has been silent for so long (default: %(default)s s)",
        )
        one_of = parser.add_mutually_exclusive_group()
        one_of.add_argument("--dry-run", action="store_true", help="list what would go, and delete nothing")
        one_of.add_argument(
            "--allow", metavar="RUN", type=UUID, help="let this purge go on, which was stopped, and end"
        )
        one_of.add_argument(
            "--unblock",
            metavar="DELETION",
            type=UUID,
            help="try this deletion again, which was set aside, and end",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["tenant"] and (options["allow"] or options["unblock"]):
            raise CommandError("--allow and --unblock name what they are about by its id: leave --tenant out")
        if options["allow"]:
            self._allow(options["allow"])
        elif options["unblock"]:
            self._unblock(options["unblock"])
        elif options["dry_run"]:
            self._forecast(_tenants(options["tenant"]))
        else:
            self._purge(_tenants(options["tenant"]), options["patience"])

    # What was stopped

    def _allow(self, run_id: UUID) -> None:
        run = PurgeRun.objects.select_related("tenant").filter(pk=run_id).first()
        if run is None or not purging.allow(run, by=HOUSE, now=timezone.now()):
            raise CommandError(f"there is no purge {run_id} that is stopped")
        self.stdout.write(f"{run.tenant.slug}: allowed, {run.due} of {run.stored} will be deleted")

    def _unblock(self, deletion_id: UUID) -> None:
        deletion = Deletion.objects.select_related("tenant").filter(pk=deletion_id).first()
        if deletion is None or not deleting.unblock(HOUSE, deletion):
            raise CommandError(f"there is no deletion {deletion_id} that was set aside")
        self.stdout.write(f"{deletion.tenant.slug}: {deletion} is tried again")

    # What would happen

    def _forecast(self, tenants: QuerySet[Tenant]) -> None:
        now = timezone.now()
        clocks = Clocks(now)
        self.stdout.write("\t".join(COLUMNS))
        summary = []
        for tenant in tenants.iterator():
            would_go = self._list(tenant, forecasting.going(tenant, now))
            held = self._list(tenant, forecasting.kept_by_holds(tenant, now))
            hint = _hint(tenant, clocks) if would_go else ""
            summary.append(f"{tenant.slug}: {would_go} would be deleted, {held} held{hint}")
        for line in summary:
            self.stdout.write(line)

    def _list(self, tenant: Tenant, fates: Iterator[Fate]) -> int:
        listed = 0
        for fate in fates:
            self.stdout.write("\t".join([*_cells(tenant, fate), *([fate.held] if fate.held else [])]))
            listed += 1
        return listed

    # What happens

    def _purge(self, tenants: QuerySet[Tenant], patience_secs: float) -> None:
        now = timezone.now()
        retaining.follow_tenants(now)
        purging.look_anew(tenants)
        purging.begin_due(now, tenants=tenants)
        of_tenants = PurgeRun.objects.filter(tenant__in=tenants).select_related("tenant", "tenant__account")
        ids = list(of_tenants.under_way().values_list("pk", flat=True))
        runs = of_tenants.filter(pk__in=ids).order_by("tenant__slug")
        carriers = lanes.Lanes()
        try:
            self._work(runs, tenants, carriers, patience_secs)
        except KeyboardInterrupt:
            self._say_goodbye(runs, carriers)
            sys.exit(130)
        self._report(list(runs.all()))

    def _work(
        self,
        runs: QuerySet[PurgeRun],
        tenants: QuerySet[Tenant],
        carriers: lanes.Lanes,
        patience_secs: float,
    ) -> None:
        progress = Progress(self.stdout)
        purging.go_on(timezone.now(), tenants=tenants)
        heard_at = time.monotonic()
        while running := [run for run in runs.all() if run.state == PurgeRun.State.RUNNING]:
            is_silent = all(run.why for run in running)
            if not is_silent:
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > patience_secs:
                break
            carriers.dispatch()
            progress.show(running)
            pause_secs = min(SILENT_SECS, patience_secs) if is_silent else LOOK_SECS
            time.sleep(
                pause_secs
            )  # the runners work meanwhile; a Telnyx that is silent is not asked twice a second
            purging.go_on(timezone.now(), tenants=tenants)
        progress.end(list(runs.all()))

    def _say_goodbye(self, runs: QuerySet[PurgeRun], carriers: lanes.Lanes) -> None:
        carriers.stop()
        while carriers.running():
            time.sleep(LOOK_SECS)  # what is under way goes to its end, a few seconds at most
        for run in runs:
            left = _left(run)
            self.stdout.write(f"\n{run.tenant.slug}: interrupted, {left} left; the workers go on with it")

    def _report(self, runs: list[PurgeRun]) -> None:
        waiting = [run for run in runs if not run.is_finished]
        for run in runs:
            if run.is_finished:
                self.stdout.write(f"{run.tenant.slug}: {_outcome(run)}")
            else:
                self.stderr.write(f"{run.tenant.slug}: {run.state}: {run.why}. {_way_out(run)}")
        if not runs:
            self.stdout.write("nothing has expired")
        if waiting:
            raise CommandError(f"{len(waiting)} of the purges did not go through")


class Progress:
    """A bar on a terminal; elsewhere a line now and then."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._is_terminal = bool(getattr(out, "isatty", lambda: False)())
        self._began_at = time.monotonic()
        self._told_at = 0.0
        self._first: int | None = None

    def show(self, runs: list[PurgeRun]) -> None:
        """How far these purges are together."""
        if not self._is_terminal and time.monotonic() - self._told_at < LINE_EVERY_SECS:
            return
        self._told_at = time.monotonic()
        done, due = sum(_done(run) for run in runs), sum(run.due for run in runs)
        self._first = done if self._first is None else self._first
        per_sec = (done - self._first) / max(self._told_at - self._began_at, LOOK_SECS)
        told = f"{done} of {due} deleted, {per_sec:.1f} a second" if due else "waiting for Telnyx"
        if not self._is_terminal:
            self._out.write(told)
            return
        filled = BAR * done // due if due else 0
        self._out.write(f"\r[{'#' * filled}{' ' * (BAR - filled)}] {told}  ", ending="")
        self._out.flush()

    def end(self, runs: list[PurgeRun]) -> None:
        """How far they have got; what is written next begins a line of its own."""
        if self._is_terminal and self._first is not None:
            self.show(runs)
            self._out.write("")


def _outcome(run: PurgeRun) -> str:
    """What has become of all that a purge has begun."""
    deletions = Deletion.objects.filter(run=run)
    parts = {
        "deleted": deletions.filter(state=Deletion.State.DONE).count(),
        "set aside": deletions.filter(state=Deletion.State.BLOCKED).count(),
        "refused by Telnyx so far": deletions.filter(state__in=Deletion.UNFINISHED).count(),
    }
    return ", ".join(f"{count} {what}" for what, count in parts.items() if count or what == "deleted")


def _way_out(run: PurgeRun) -> str:
    if run.state == PurgeRun.State.RUNNING:
        return f"{_left(run)} left, of which nothing is deleted until Telnyx answers; the workers go on then"
    if run.state == PurgeRun.State.STOPPED:
        return f"See `purge --dry-run`, then `purge --allow {run.pk}`"
    return "Put the clock right; it goes on by itself"


def _done(run: PurgeRun) -> int:
    run.refresh_from_db(fields=["begun", "due"])
    return run.begun - purging.unfinished(run)


def _left(run: PurgeRun) -> int:
    """How many are still to be deleted, also before they were counted for the purge."""
    return purging.count(run.tenant, timezone.now()).due + purging.unfinished(run)


def _tenants(slug: str | None) -> QuerySet[Tenant]:
    tenants = Tenant.objects.order_by("slug")
    if slug is None:
        return tenants
    if not tenants.filter(slug=slug).exists():
        raise CommandError(f"there is no tenant {slug!r}")
    return tenants.filter(slug=slug)


def _hint(tenant: Tenant, clocks: Clocks) -> str:
    """What would keep a purge from deleting what is listed."""
    verdict = clocks.verdict(tenant.account)
    if verdict.agree is None:
        return f"; but nothing as long as {purging.NOT_COMPARED}: {verdict.why}"
    if verdict.agree is False:
        return f"; but nothing as long as the clocks do not agree: {verdict.why}"
    there = purging.count(tenant, clocks.now)
    return f"; {there.due} of {there.stored} is too large a share: it would stop" if there.is_too_much else ""


def _cells(tenant: Tenant, fate: Fate) -> list[str]:
    footage = fate.footage
    kept_from, expired = footage.kept_from_at, footage.expires_at
    policy = fate.policy["by"] + (f" {fate.policy['days']} days" if "days" in fate.policy else "")
    return [
        tenant.slug, fate.kind, str(footage.pk), str(footage.room_id), str(footage.session_id),
        fate.identity or "-", kept_from.isoformat() if kept_from else "-", policy,
        expired.isoformat() if expired else "-",
    ]  # fmt: skip
