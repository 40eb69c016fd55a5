"""The launcher: the first thing in every new process group, which then becomes the command itself.

Run as a script: `launch.py SUPERVISOR_PID GUARDIAN_FD COMMAND…`. It tells the guardian of its process group
*before* the command runs, so there is no moment in which a service runs that nobody would end.
It imports nothing of videobroker, to be small and quick.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with(parent_pid: int) -> None:
    """On Linux, has the kernel send us SIGTERM when the parent dies, in case the guardian dies with it."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent_pid:
        sys.exit("not started: the supervisor is gone")


def report_to(guardian_fd: int) -> None:
    """Tells the guardian of this process group, and lets go of its pipe."""
    try:
        os.write(guardian_fd, b"+%d\n" % os.getpid())
    except BrokenPipeError:
        sys.exit("not started: the guardian is gone")
    os.close(guardian_fd)


def become(command: list[str]) -> None:
    """Replaces this process by the command."""
    # Python ignores it, and what is ignored stays so in the command.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - what it is for
    except OSError as error:
        sys.exit(f"cannot start {command[0]}: {error.strerror}")


def main(arguments: list[str]) -> None:
    end_with(int(arguments[0]))
    report_to(int(arguments[1]))
    become(arguments[2:])


if __name__ == "__main__":
    main(sys.argv[1:])
