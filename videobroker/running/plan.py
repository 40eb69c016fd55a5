"""What videobroker consists of when it runs as one: which steps, on one machine, in which environment."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from videobroker.running import ports
from videobroker.running.apps import ANNOUNCE_VARIABLE, ANNOUNCEMENT
from videobroker.running.readiness import Announced, answers_http
from videobroker.running.steps import Errand, Service, Step
from videobroker.running.valkey import server_binary, url, valkey

WEB_THREADS: Final = 16
WORKER_THREADS: Final = 8
# The simulator says in one line of JSON where it is and which key opens it.
SIMULATOR_ANNOUNCES: Final = r'^\{.*"api_base"'


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where everything goes.

    `simulator_port` is None when a real Telnyx account is used, `valkey_port` is None when `environ` names a
    running server in REDIS_URL. `project_dir` is where manage.py is.
    """

    project_dir: Path
    data_dir: Path
    port: int
    simulator_port: int | None
    valkey_port: int | None
    on_terminal: bool
    environ: Mapping[str, str] = field(repr=False)
    on_simulator: Callable[[str], None]

    def steps(self) -> list[Step]:
        """All that is to run, in an order that a person would tell it in. Raises NoValkeyError."""
        return [*self._embedded(), self._migrate(), self._web(), self._worker(), self._beat(), self._demo()]

    def environment(self) -> dict[str, str]:
        """What every step is told: the caller's environment, and where this run has put things."""
        ours = {
            "PYTHONUNBUFFERED": "1",
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "PUBLIC_URL": self.environ.get("PUBLIC_URL") or f"http://{ports.LOOPBACK}:{self.port}",
            "LOG_FORMAT": self.environ.get("LOG_FORMAT") or ("text" if self.on_terminal else "json"),
        }
        if self.valkey_port is not None:
            ours["REDIS_URL"] = url(self.valkey_port)
        if self.simulator_port is not None:
            ours |= self._beside_simulator(self.simulator_port)
        return {**self.environ, **ours}

    def _beside_simulator(self, simulator_port: int) -> dict[str, str]:
        return {
            "SIMULATOR_PORT": str(simulator_port),
            "TELNYX_API_BASE": f"http://{ports.LOOPBACK}:{simulator_port}/v2",
            # Webhooks between the broker, the simulator and a tenant on this machine go to the loopback.
            "ALLOW_PRIVATE_ADDRESSES": self.environ.get("ALLOW_PRIVATE_ADDRESSES") or "true",
            # Whoever plays with four people plays fast.
            "REQUESTS_PER_MINUTE_OF_IDENTITY": self.environ.get("REQUESTS_PER_MINUTE_OF_IDENTITY") or "60000",
            "MINTS_PER_MINUTE_OF_IDENTITY": self.environ.get("MINTS_PER_MINUTE_OF_IDENTITY") or "60000",
        }

    def _embedded(self) -> list[Step]:
        steps: list[Step] = []
        if self.valkey_port is not None:
            steps.append(valkey(server_binary(), self.valkey_port, env=self.environment(), cwd=self.data_dir))
        if self.simulator_port is not None:
            steps.append(self._simulator(self.simulator_port))
        return steps

    def _simulator(self, port: int) -> Service:
        # By itself, not as a command of ours: it needs nothing that they load first.
        told = ("--port", str(port), "--data-dir", str(self.data_dir))
        return Service(
            name="simulator",
            argv=(sys.executable, "-m", "videobroker.simulator", *told),
            env=self.environment(),
            cwd=self.project_dir,
            ready=Announced(),
            announces=SIMULATOR_ANNOUNCES,
            on_announced=self.on_simulator,
        )

    def _migrate(self) -> Errand:
        return Errand(
            name="migrate",
            argv=self._manage("migrate", "--no-input", "--verbosity", "0"),
            env=self.environment(),
            cwd=self.project_dir,
            within_secs=120,
        )

    def _web(self) -> Service:
        options = {
            "--interface": "wsgi",
            "--host": ports.LOOPBACK,
            "--port": str(self.port),
            "--http": "1",
            "--workers": "1",
            "--blocking-threads": str(WEB_THREADS),
            "--workers-kill-timeout": "4",
            "--log-level": "warning",
        }
        words = (word for option in options.items() for word in option)
        return Service(
            name="web",
            argv=(sys.executable, "-m", "granian", *words, "--no-ws", "videobroker.wsgi:application"),
            env=self.environment(),
            cwd=self.project_dir,
            after=self._ground(),
            ready=answers_http(self.port, "/readyz"),
            within_secs=60,
            quiet_start=True,  # it warns of more threads than cores, but ours wait for Telnyx, not for the CPU
        )

    def _worker(self) -> Service:
        # Gossip and mingling are for workers that have company; they only delay the start of a single one.
        options = ("--pool", "threads", "--concurrency", str(WORKER_THREADS), "--loglevel", "warning")
        return self._celery("worker", *options, "--without-gossip", "--without-mingle")

    def _beat(self) -> Service:
        schedule = self.data_dir / "celerybeat-schedule"
        return self._celery("beat", "--schedule", str(schedule), "--loglevel", "warning")

    def _celery(self, name: str, *options: str) -> Service:
        return Service(
            name=name,
            argv=(sys.executable, "-m", "celery", "--quiet", "-A", "videobroker", name, *options),
            env=self.environment() | {ANNOUNCE_VARIABLE: "1"},
            cwd=self.project_dir,
            after=self._ground(),
            ready=Announced(),
            announces=f"^{re.escape(ANNOUNCEMENT)}$",
            within_secs=60,
        )

    def _demo(self) -> Errand:
        return Errand(
            name="demo",
            argv=self._manage("demo"),
            env=self.environment(),
            cwd=self.project_dir,
            after=(*self._ground(), "web", "worker", "beat"),
            within_secs=120,
            plain=True,
        )

    def _ground(self) -> tuple[str, ...]:
        return ("migrate", *(step.name for step in self._embedded()))

    def _manage(self, *words: str) -> tuple[str, ...]:
        return (sys.executable, str(self.project_dir / "manage.py"), *words)
