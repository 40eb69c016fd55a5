"""One run at a time over one data directory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from videobroker.running.lock import FILE_NAME, DataDirInUseError, locked


def test_a_second_run_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with (
        locked(tmp_path),
        pytest.raises(DataDirInUseError, match=rf"another run \(pid {os.getpid()}\) is using {tmp_path}"),
        locked(tmp_path),
    ):
        pytest.fail("two runs at once")


def test_the_directory_is_free_after_a_run(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path):
            assert (tmp_path / FILE_NAME).read_text() == f"{os.getpid()}\n"


def test_the_lock_file_is_its_owners_alone(tmp_path: Path) -> None:
    with locked(tmp_path):
        assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_what_is_left_of_a_killed_run_is_waited_for(tmp_path: Path) -> None:
    with locked(tmp_path) as handle:
        leftover = subprocess.Popen(
            (sys.executable, "-S", "-c", "import time; time.sleep(0.5)"), pass_fds=(handle,)
        )
    ended = subprocess.Popen(("true",))
    ended.wait()
    (tmp_path / FILE_NAME).write_text(f"{ended.pid}\n")
    began = time.monotonic()
    with locked(tmp_path):
        assert leftover.wait() == 0
    assert time.monotonic() - began < 3
