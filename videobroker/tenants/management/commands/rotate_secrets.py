"""`manage.py rotate_secrets`: everything sealed under older keys is sealed anew under the first."""

from typing import Any

from django.core.management.base import BaseCommand

from videobroker.tenants import auditing
from videobroker.tenants.callers import HOUSE
from videobroker.tenants.rotation import reseal_all


class Command(BaseCommand):
    help = (
        "Seal all stored secrets under the first key of KEY_RING. Put the new key first, restart, run this, and take "
        "the old key out when it says that nothing is left. May be run at any time, and again after an interruption."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        sealed = {}
        for table, count in reseal_all():
            sealed[table] = count
            self.stdout.write(f"{table}: {count} sealed anew")
        total = sum(sealed.values())
        # Each row was committed on its own, so that it can be interrupted; the entry says that all of it is done.
        auditing.record(HOUSE, "secrets.rotated", subject_kind="key_ring", details={"sealed": sealed})
        self.stdout.write(f"done, {total} in all; older keys are not needed any more")
