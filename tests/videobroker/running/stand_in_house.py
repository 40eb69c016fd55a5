"""Runs stand-ins under a real supervisor: `python -m tests.videobroker.running.stand_in_house PLAN`.

PLAN is JSON: `{"steps": [{"name", "manner", "kind"?, "after"?, "within_secs"?}], …}` with further members for
the supervisor itself.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from videobroker.running.readiness import Announced
from videobroker.running.steps import Errand, Service, Step
from videobroker.running.supervisor import Supervisor

STAND_IN = str(Path(__file__).with_name("stand_in.py"))


def step_of(name: str, manner: str, kind: str = "service", **more: Any) -> Step:
    argv = ("/nowhere/at-all",) if manner == "missing" else (sys.executable, "-S", STAND_IN, name, manner)
    told = {"name": name, "argv": argv, "env": os.environ, **more, "after": tuple(more.get("after", ()))}
    if kind == "service":
        return Service(**told, ready=Announced(), announces="wax-key")
    return Errand(**told, plain=kind == "plain errand")


def main() -> int:
    plan = json.loads(sys.argv[1])
    steps = [step_of(**step) for step in plan.pop("steps")]
    return Supervisor(steps, **plan).run()


if __name__ == "__main__":
    sys.exit(main())
