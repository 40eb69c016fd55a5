"""`manage.py erase_identity`: erase a person, or say what that would do."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rooms import erasing
from rooms.management.people import person_from
from rooms.models import Erasure
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Erase a person of a tenant: they are put out at once; the workers delete their recordings and replace their "
        "names by a pseudonym. What a legal hold keeps is waited for. Given again while that goes on, it "
        "takes what they have come to have since as well; given again afterwards, it erases who has come since. "
        "--status only looks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="the tenant's slug")
        parser.add_argument("identity", help="how the tenant names the person")
        one_of = parser.add_mutually_exclusive_group()
        one_of.add_argument(
            "--status",
            action="store_true",
            help="say how far this person's erasures have got; change nothing",
        )
        one_of.add_argument(
            "--dry-run", action="store_true", help="say what would go and what holds keep; change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        tenant, identity = person_from(options)
        if options["dry_run"]:
            self.stdout.write(json.dumps(erasing.foreseen(tenant, identity), indent=2))
            return
        if options["status"]:
            self._tell(tenant, identity)
            return
        erasure = erasing.order(HOUSE, tenant, identity, now=timezone.now())
        self._say(erasure)

    def _tell(self, tenant: Tenant, identity: str) -> None:
        erasures = list(erasing.of_person(tenant, identity).order_by("created_at"))
        if not erasures:
            raise CommandError(f"no erasure of {identity!r} was ordered at {tenant.slug}")
        for erasure in erasures:
            self._say(erasure)

    def _say(self, erasure: Erasure) -> None:
        at = erasure.finished_at or erasure.created_at
        since = "finished at" if erasure.finished_at else f"{erasure.state} since"
        self.stdout.write(f"erasure {erasure.pk} is {since} {at.isoformat(timespec='seconds')}")
        if erasure.state == Erasure.State.WAITING:
            raise CommandError(f"a hold keeps something: {json.dumps(erasure.receipt['kept'])}")
