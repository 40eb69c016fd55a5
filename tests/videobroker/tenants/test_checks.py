"""Settings that would lose or leak data are refused before anything is served."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks

from videobroker.secret import Secret


def complaints() -> list[str | None]:
    return [message.id for message in run_checks() if str(message.id).startswith("videobroker.")]


def test_the_settings_of_the_tests_are_good() -> None:
    assert complaints() == []


@pytest.mark.parametrize(
    "url", ["example.com", "ftp://example.com", "https://", "https://example.com/broker", "//x"]
)
def test_a_public_url_that_is_none_is_refused(settings: Any, url: str) -> None:
    settings.PUBLIC_URL = url
    assert complaints() == ["videobroker.E003"]


@pytest.mark.parametrize(
    "url", ["", "https://example.com", "http://127.0.0.1:8000", "https://[2001:db8::1]:8443"]
)
def test_a_public_url_without_a_path_is_good(settings: Any, url: str) -> None:
    settings.PUBLIC_URL = url
    assert complaints() == []


def test_a_key_ring_that_will_not_do_is_refused(settings: Any) -> None:
    settings.KEY_RING = Secret("swordfish")
    assert complaints() == ["videobroker.E002"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKER_NICENESS", -1), ("WORKER_NICENESS", 20), ("PURGE_HEADROOM", 1.0), ("PURGE_HEADROOM", 25.0),
        ("PURGE_MAX_SHARE", 25.0), ("PURGE_FREE_COUNT", -1), ("TELNYX_TIMEOUT_SECS", 0.0),
        ("TELNYX_TASK_TIMEOUT_SECS", 121.0), ("TELNYX_TASK_TIMEOUT_SECS", float("nan")),
    ],
)  # fmt: skip
def test_a_number_that_makes_no_sense_is_refused_by_its_name(settings: Any, name: str, value: float) -> None:
    setattr(settings, name, value)
    (message,) = (each for each in run_checks() if str(each.id).startswith("videobroker."))
    assert message.id == "videobroker.E004"
    assert str(message.msg).startswith(f"{name} is ")


def checked(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py check` in an environment of its own."""
    root = Path(django_settings.BASE_DIR)
    return subprocess.run(
        [sys.executable, "manage.py", "check", *options],
        cwd=root, env={"PATH": os.environ["PATH"], "DATA_DIR": str(folder), **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "takes"),
    [
        ("PURGE_MAX_SHARE", "abc", "a number from 0 to 1. It is a share: 0.25 is a quarter."),
        ("PURGE_MAX_SHARE", "25%", "a number from 0 to 1. It is a share: 0.25 is a quarter."),
        (
            "PURGE_FREE_COUNT",
            "many",
            "a whole number from 0 to 1e+09. It is a number of recordings and compositions.",
        ),
        ("PORT", "http", "a whole number."),
        ("PORT", "", "a whole number."),
        ("ALLOW_PRIVATE_ADDRESSES", "ture", "true or false."),
    ],
)
def test_what_is_no_number_ends_in_one_line_that_says_what_it_should_be(
    tmp_path: Path, name: str, text: str, takes: str
) -> None:
    refused = checked(tmp_path, **{name: text})
    assert refused.returncode != 0
    assert refused.stderr == f"{name} is {text!r}; it must be {takes}\n"


@pytest.mark.parametrize(
    ("name", "text"), [("PURGE_MAX_SHARE", "1"), ("PURGE_FREE_COUNT", "0"), ("ALLOW_PRIVATE_ADDRESSES", "No")]
)
def test_a_number_is_read_however_it_is_written(tmp_path: Path, name: str, text: str) -> None:
    assert checked(tmp_path, **{name: text}).returncode == 0


@pytest.mark.parametrize(
    "server",
    [["-m", "celery", "-A", "videobroker", "worker", "--pool", "solo"], ["-c", "import videobroker.wsgi"]],
    ids=["worker", "web"],
)
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("25", "PURGE_HEADROOM is 25; it must be from 0 to 0.95."),
        ("some", "PURGE_HEADROOM is 'some'; it must be a number from 0 to 0.95."),
    ],
)
def test_no_server_starts_with_a_number_that_makes_no_sense(
    tmp_path: Path, server: list[str], text: str, line: str
) -> None:
    told = {"DATA_DIR": str(tmp_path), "PURGE_HEADROOM": text}
    done = subprocess.run(
        [sys.executable, *server], cwd=Path(django_settings.BASE_DIR), env={"PATH": os.environ["PATH"], **told},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert line in done.stderr
    assert "Traceback" not in done.stderr


def test_an_embedded_house_behind_tls_is_ready_to_be_deployed_without_another_setting(tmp_path: Path) -> None:
    done = checked(tmp_path, "--deploy", "--fail-level", "WARNING", PUBLIC_URL="https://broker.example.com")
    assert done.returncode == 0, done.stderr
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_real_database_wants_real_secrets(tmp_path: Path) -> None:
    refused = checked(tmp_path, DATABASE_URL="postgres://nobody@127.0.0.1:9/none")
    assert refused.returncode != 0
    assert "videobroker.E001" in refused.stderr
    assert "new_secrets" in refused.stderr
