"""Workers go behind the web on a machine that they share."""

import subprocess
import sys
from pathlib import Path

import pytest

AUTOGROUP = Path("/proc/self/autogroup")
# Gives way as it is told, and says how nice it is then, and the session that it is in.
GIVES_WAY = """
import os, pathlib, sys
from videobroker.running import precedence
precedence.give_way(int(sys.argv[1]))
autogroup = pathlib.Path("/proc/self/autogroup")
print(os.getpriority(os.PRIO_PROCESS, 0), autogroup.read_text().split()[-1] if autogroup.exists() else None)
"""


def gives_way(niceness: int, *, own_session: bool) -> list[str]:
    told = subprocess.run(
        [sys.executable, "-c", GIVES_WAY, str(niceness)],
        check=True, capture_output=True, text=True, start_new_session=own_session,
    )  # fmt: skip
    return told.stdout.split()


@pytest.fixture
def own() -> tuple[int, str]:
    """How nice this process is, and its session."""
    nice, session = gives_way(0, own_session=False)
    return int(nice), session


def test_it_goes_behind_others(own: tuple[int, str]) -> None:
    assert gives_way(19, own_session=True)[0] == "19"
    assert gives_way(own[0], own_session=True)[0] == str(own[0])


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this system does not weigh sessions")
def test_a_session_of_its_own_does_and_one_that_it_shares_does_not(own: tuple[int, str]) -> None:
    assert gives_way(19, own_session=True)[1] == "19"
    assert gives_way(19, own_session=False) == ["19", own[1]]


def test_it_never_goes_before_where_it_was(own: tuple[int, str]) -> None:
    assert gives_way(-5, own_session=True)[0] == str(own[0])
