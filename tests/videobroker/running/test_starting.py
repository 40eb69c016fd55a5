"""Steps start in order, each is waited for, and one that does not come up is named."""

from __future__ import annotations

import signal

import pytest

from tests.videobroker.running.houses import House, in_a_row


def test_a_step_starts_once_those_before_it_are_ready() -> None:
    steps = [
        {"name": "serving", "manner": "obedient", "after": ["grounds"]},
        {"name": "seeding", "manner": "done", "kind": "errand", "after": ["serving"]},
        {"name": "grounds", "manner": "done", "kind": "errand"},
    ]
    with House.of(steps) as house:
        house.shows("seeding     | nothing to it")
        told = [line for line in house.lines if not line.startswith("videobroker")]
        assert told == [
            "grounds     | nothing to it",
            "serving     | serving begins",
            "seeding     | nothing to it",
        ]
        house.popen.send_signal(signal.SIGTERM)
        assert house.ends() == 0


def test_an_announcement_is_not_shown() -> None:
    with House.of(in_a_row("obedient")) as house:
        house.shows("s1 is ready")
        assert "wax-key" not in house.output


def test_a_service_that_does_not_become_ready_is_named_with_its_last_lines() -> None:
    steps = in_a_row("obedient", "mute")
    steps[1]["within_secs"] = 0.5
    with House.of(steps) as house:
        assert house.ends() == 1
        house.nothing_is_left()
        message = house.output.partition("s2 was not ready within 0.5 s; stopping everything; ")[2]
        assert "its last lines were:" in message
        assert "    still looking for the door" in message


def test_a_quiet_start_is_shown_only_if_it_fails() -> None:
    steps = in_a_row("obedient", "dying")
    for step in steps:
        step["quiet_start"] = True
    with House.of(steps) as house:
        assert house.ends() == 1
        assert "s1 begins" not in house.output
        assert "s1          | s1 stops" in house.output
        assert house.output.count("I feel unwell") == 1


def test_a_service_that_dies_before_it_is_ready_is_named_at_once() -> None:
    with House.of(in_a_row("obedient", "dying")) as house:
        assert house.ends(within_secs=10) == 1
        house.nothing_is_left()
        assert "s2 exited with status 3; stopping everything; its last lines were:" in house.output
        assert house.output.count("I feel unwell") == 2


def test_a_service_that_ends_well_is_missed_all_the_same() -> None:
    with House.of(in_a_row("obedient", "done")) as house:
        assert house.ends() == 1
        assert "s2 exited with status 0; stopping everything" in house.output


def test_a_failing_errand_ends_the_run_before_the_next_step_starts() -> None:
    steps = [
        {"name": "grounds", "manner": "dying", "kind": "errand"},
        {"name": "serving", "manner": "obedient", "after": ["grounds"]},
    ]
    with House.of(steps) as house:
        assert house.ends() == 1
        assert "grounds exited with status 3" in house.output
        assert "serving begins" not in house.output


def test_an_errand_that_takes_too_long_ends_the_run() -> None:
    with House.of([{"name": "slow", "manner": "mute", "kind": "errand", "within_secs": 0.5}]) as house:
        assert house.ends() == 1
        house.nothing_is_left()
        assert "slow was not ready within 0.5 s" in house.output


def test_a_command_that_does_not_exist_is_named() -> None:
    with House.of(in_a_row("missing")) as house:
        assert house.ends() == 1
        assert "cannot start /nowhere/at-all: No such file or directory" in house.output


def test_a_directory_that_does_not_exist_is_named() -> None:
    steps = in_a_row("obedient")
    steps[0]["cwd"] = "/nowhere/at-all"
    with House.of(steps) as house:
        assert house.ends() == 1
        assert (
            "s1 could not be started ([Errno 2] No such file or directory: '/nowhere/at-all')" in house.output
        )


@pytest.mark.parametrize(
    ("kind", "shown"), [("errand", "grounds     | nothing"), ("plain errand", "nothing")]
)
def test_an_errands_output_is_shown_with_its_name_unless_it_is_plain(kind: str, shown: str) -> None:
    steps = [
        {"name": "grounds", "manner": "done", "kind": kind},
        {"name": "serving", "manner": "obedient", "after": ["grounds"]},
    ]
    with House.of(steps) as house:
        house.shows("serving is ready")
        assert any(line.startswith(shown) for line in house.lines)
