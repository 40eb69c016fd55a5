"""Workers go behind the web on a machine that they share."""

import subprocess
import sys
from pathlib import Path

import pytest

from videobroker.running.precedence import AUTOGROUP, niceness_of_session

# Gives way as it is told, and says how nice it is then, and the session that it is in.
GIVES_WAY = """
import os, pathlib, sys
from videobroker.running import precedence
autogroup = pathlib.Path(sys.argv[2])
precedence.give_way(int(sys.argv[1]), autogroup)
print(os.getpriority(os.PRIO_PROCESS, 0), precedence.niceness_of_session(autogroup))
"""


def gives_way(niceness: int, *, own_session: bool, autogroup: Path = AUTOGROUP) -> list[str]:
    told = subprocess.run(
        [sys.executable, "-c", GIVES_WAY, str(niceness), str(autogroup)],
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


@pytest.mark.parametrize("says", [None, ""])
def test_in_a_session_that_is_not_weighed_it_goes_behind_by_itself(tmp_path: Path, says: str | None) -> None:
    autogroup = tmp_path / "autogroup"
    if says is not None:
        autogroup.write_text(says)
    assert gives_way(19, own_session=True, autogroup=autogroup) == ["19", "None"]
    assert niceness_of_session(autogroup) is None


def test_a_session_that_is_weighed_stays_as_far_behind_as_it_was(tmp_path: Path) -> None:
    autogroup = tmp_path / "autogroup"
    autogroup.write_text("/autogroup-85 nice 12\n")
    assert gives_way(10, own_session=True, autogroup=autogroup)[1] == "12"
    assert gives_way(15, own_session=True, autogroup=autogroup)[1] == "15"
    assert gives_way(19, own_session=False, autogroup=autogroup)[1] == "15"
