"""`python manage.py run`: everything on this machine, as one."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from videobroker.running import ports
from videobroker.running.lock import DataDirInUseError, locked
from videobroker.running.plan import Plan
from videobroker.running.supervisor import Supervisor
from videobroker.running.valkey import NoValkeyError

# Written by `manage.py demo` as the last thing, so that its presence means: ready to serve.
DEMO_FILE: Final = "demo.json"
# What the simulator announced, for `manage.py demo`: its address, and the key and the account it made.
SIMULATOR_FILE: Final = "simulator.json"


class Command(BaseCommand):
    help = (
        "Runs videobroker with everything it needs: web, worker, beat, and, where the environment names no "
        "real ones, a Telnyx simulator and a Valkey server. Reads PORT, SIMULATOR_PORT and DATA_DIR. "
        "Ctrl-C ends all of it."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--exit-with-parent",
            action="store_true",
            help="end when the process that started this one (such as make) is gone, however it ended",
        )

    def handle(self, *, exit_with_parent: bool, **options: object) -> None:
        os.umask(0o077)  # for all that the children write as well: databases and schedules are their owner's
        data_dir: Path = settings.DATA_DIR
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with locked(data_dir) as lock:
                status = self._run(data_dir, lock, exit_with_parent)
        except (DataDirInUseError, ports.PortTakenError, NoValkeyError) as refusal:
            raise CommandError(str(refusal)) from refusal
        except KeyboardInterrupt:
            status = 130  # before there was anything to end
        sys.exit(status)

    def _run(self, data_dir: Path, lock: int, exit_with_parent: bool) -> int:
        plan = self._plan(data_dir)
        supervisor = Supervisor(plan.steps(), ends_with_parent=exit_with_parent, holds=(lock,))
        _remove_results(data_dir)
        try:
            return supervisor.run()
        finally:
            _remove_results(data_dir)

    def _plan(self, data_dir: Path) -> Plan:
        simulated = not settings.TELNYX_API_KEY
        _require_ports(
            {"PORT": settings.PORT} | ({"SIMULATOR_PORT": settings.SIMULATOR_PORT} if simulated else {})
        )
        return Plan(
            project_dir=settings.BASE_DIR,
            data_dir=data_dir,
            port=settings.PORT,
            simulator_port=settings.SIMULATOR_PORT if simulated else None,
            valkey_port=None if os.environ.get("REDIS_URL") else ports.free_port(),
            on_terminal=sys.stdout.isatty(),
            environ=os.environ,
            on_simulator=lambda announcement: _write_private(data_dir / SIMULATOR_FILE, announcement),
        )


def _require_ports(wanted: dict[str, int]) -> None:
    if len(set(wanted.values())) < len(wanted):
        raise CommandError(f"{' and '.join(wanted)} must differ, both are {next(iter(wanted.values()))}")
    for setting, port in wanted.items():
        if not 0 < port < 65536:
            raise CommandError(f"{setting} must be between 1 and 65535, it is {port}")
        ports.require_free(port, setting)


def _remove_results(data_dir: Path) -> None:
    for name in (DEMO_FILE, SIMULATOR_FILE):
        with suppress(FileNotFoundError):
            (data_dir / name).unlink()


def _write_private(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(f"{text}\n")
    draft.replace(path)
