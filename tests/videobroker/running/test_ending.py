"""However a run ends, nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.videobroker.running.houses import House, in_a_row, until

# The guardian's two graces and a little for a busy machine; the promise is "about three seconds".
AFTER_THE_SUPERVISOR_SECS = 4.0
ALL_READY = "s3 is ready"


def three(**supervisor: object) -> House:
    return House.of(in_a_row("obedient", "obedient", "obedient"), **supervisor)


def test_ctrl_c_ends_everything_in_reverse_order() -> None:
    with three() as house:
        house.shows(ALL_READY)
        house.popen.send_signal(signal.SIGINT)
        assert house.ends() == 130
        house.nothing_is_left()
        stops = [line.split()[-2] for line in house.lines if line.endswith("stops")]
        assert stops == ["s3", "s2", "s1"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_is_a_success(number: signal.Signals) -> None:
    with three() as house:
        house.shows(ALL_READY)
        house.popen.send_signal(number)
        assert house.ends() == 0
        house.nothing_is_left()
        assert f"received {number.name}; stopping" in house.output


def test_ctrl_c_while_starting_ends_what_has_been_started() -> None:
    with House.of(in_a_row("obedient", "mute")) as house:
        house.shows("still looking for the door")
        house.popen.send_signal(signal.SIGINT)
        assert house.ends() == 130
        house.nothing_is_left()


def test_a_deaf_service_is_killed_after_its_grace() -> None:
    with House.of(in_a_row("deaf"), grace_secs=0.3) as house:
        house.shows("s1 is ready")
        house.popen.send_signal(signal.SIGTERM)
        assert house.ends() == 0
        house.nothing_is_left()


def test_a_second_ctrl_c_kills_at_once() -> None:
    with House.of(in_a_row("deaf", "deaf"), grace_secs=3600) as house:
        house.shows("s2 is ready")
        house.popen.send_signal(signal.SIGINT)
        house.shows("interrupted; stopping")
        house.popen.send_signal(signal.SIGINT)
        assert house.ends(within_secs=5) == 130
        house.nothing_is_left()


@pytest.mark.parametrize("name", ["s1", "s2", "s3"])
def test_a_killed_service_takes_all_others_with_it(name: str) -> None:
    with three() as house:
        house.shows(ALL_READY)
        house.leader(name).kill()
        assert house.ends() == 1
        house.nothing_is_left()
        assert f"{name} was killed by SIGKILL; stopping everything" in house.output


def test_a_killed_service_does_not_leave_its_deaf_worker() -> None:
    with House.of(in_a_row("deaf", "obedient"), grace_secs=0.3) as house:
        house.shows("s2 is ready")
        house.leader("s1").kill()
        assert house.ends() == 1
        house.nothing_is_left()


def test_a_killed_worker_of_a_service_takes_all_with_it() -> None:
    with three() as house:
        house.shows(ALL_READY)
        (worker,) = house.leader("s2").children()
        worker.kill()
        assert house.ends() == 1
        house.nothing_is_left()
        assert "s2 exited with status 1" in house.output


@pytest.mark.parametrize("manner", ["obedient", "deaf"])
def test_a_killed_supervisor_leaves_nothing(manner: str) -> None:
    with House.of(in_a_row(manner, manner)) as house:
        house.shows("s2 is ready")
        house.supervisor.kill()
        house.nothing_is_left(AFTER_THE_SUPERVISOR_SECS)


def test_a_supervisor_killed_while_starting_leaves_nothing() -> None:
    with House.of(in_a_row("obedient", "mute and deaf")) as house:
        house.shows("still looking for the door")
        house.supervisor.kill()
        house.nothing_is_left(AFTER_THE_SUPERVISOR_SECS)


def test_a_killed_guardian_takes_all_with_it() -> None:
    with three() as house:
        house.shows(ALL_READY)
        house.guardian.kill()
        assert house.ends() == 1
        house.nothing_is_left()
        assert "the guardian process was killed by SIGKILL; stopping everything" in house.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_guardian_does_not_leave_before_the_supervisor(number: signal.Signals) -> None:
    with three() as house:
        house.shows(ALL_READY)
        guardian = house.guardian
        guardian.send_signal(number)
        house.popen.send_signal(signal.SIGTERM)
        assert house.ends() == 0
        assert not guardian.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_supervisor_and_guardian_killed_together_leave_no_obedient_service() -> None:
    with three() as house:
        house.shows(ALL_READY)
        supervisor, guardian = house.supervisor, house.guardian
        guardian.suspend()  # so that it cannot be quicker than we are
        supervisor.kill()
        guardian.kill()
        house.nothing_is_left(AFTER_THE_SUPERVISOR_SECS)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt its descendants")
def test_a_worker_that_left_its_process_group_is_ended_too() -> None:
    with House.of(in_a_row("escaping")) as house:
        house.shows("s1 is ready")
        house.popen.send_signal(signal.SIGTERM)
        assert house.ends() == 0
        house.nothing_is_left()


def test_a_killed_parent_takes_all_with_it_when_asked_to() -> None:
    parent = (sys.executable, "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))")
    with House.of(in_a_row("obedient"), launcher=parent, ends_with_parent=True) as house:
        house.shows("s1 is ready")
        house.popen.kill()
        house.nothing_is_left(AFTER_THE_SUPERVISOR_SECS)


def test_a_reader_who_leaves_ends_the_run() -> None:
    with subprocess.Popen(("head", "-n", "3"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as head:
        assert head.stdin is not None
        with House.of(in_a_row("obedient", "chatty"), stdout=head.stdin.fileno()) as house:
            head.stdin.close()
            assert house.ends() == 0
            house.nothing_is_left()


def test_a_sleeping_reader_delays_neither_services_nor_the_end() -> None:
    read_end, write_end = os.pipe()
    try:
        with House.of(in_a_row("chatty", "obedient"), stdout=write_end) as house:
            until(lambda: len(house.processes()) == 6, "two services with their workers run")
            chatty = house.leader("s1")
            used = chatty.cpu_times().user
            until(lambda: chatty.cpu_times().user > used + 0.2, "the service goes on talking")
            house.leader("s2").kill()
            assert house.ends() == 1
            house.nothing_is_left()
    finally:
        os.close(read_end)
        os.close(write_end)


def test_no_descriptor_of_the_supervisor_reaches_a_service() -> None:
    with House.of(in_a_row("obedient")) as house:
        house.shows("s1 is ready")
        leader: psutil.Process = house.leader("s1")
        if sys.platform == "linux":
            assert sorted(os.listdir(f"/proc/{leader.pid}/fd")) == ["0", "1", "2"]
        assert os.getpgid(leader.pid) == leader.pid != os.getpgid(house.supervisor.pid)
