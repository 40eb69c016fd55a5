"""What the benchmarks measure: the web process as in production, with a simulated Telnyx, in a folder of their own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.asking import Json
    from tests.cast import Company
    from tests.simulated import Simulator


@dataclass(frozen=True)
class Stack:
    """A served broker with acme in it, and acme's room that everybody of acme may enter."""

    url: str
    simulator: "Simulator"
    acme: "Company"
    room: "Json"


@contextmanager
def stack() -> Iterator[Stack]:
    """Start everything over a fresh SQLite file, or over DATABASE_URL, whose database must be empty; end it all."""
    with tempfile.TemporaryDirectory(prefix="videobroker-benchmark-") as folder, ExitStack() as running:
        os.environ["VIDEOBROKER_TEST_DATA_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        yield _started(Path(folder), running)


def _started(folder: Path, running: ExitStack) -> Stack:
    import django

    django.setup()
    # What follows reads the settings, so it can be imported only now.
    from django.core.management import call_command

    from tests.cast import make_company
    from tests.simulated import start_simulator
    from tests.tokens.serving import serve

    call_command("migrate", verbosity=0)
    simulator = running.enter_context(start_simulator(folder / "simulator"))
    acme = make_company("acme", simulator)
    url = running.enter_context(serve(simulator, folder / "web.log"))
    there = acme.at(url)
    room = there.new_room(access="tenant", max_participants=50)
    return Stack(url, simulator, there, room)
