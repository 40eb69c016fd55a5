"""The guardian: outlives the supervisor just long enough to end what the supervisor started.

Run as a script, with standard input a pipe from the supervisor; it imports nothing of videobroker, to be
small and quick. Lines on the pipe: `+N` process group N is about to run, `-N` it is gone. The end of the pipe
means that no supervisor is left, however it ended: then every group still known gets SIGTERM, and after
TERM_GRACE_SECS SIGKILL.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

TERM_GRACE_SECS = 1.5
KILL_GRACE_SECS = 1.0
POLL_SECS = 0.02


def signal_group(group: int, number: int) -> bool:
    """Sends signal `number` (0 only asks) to a process group; whether the group has any member left."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
        return False
    return True


def groups_left(lines: Iterable[str]) -> set[int]:
    """The process groups that are still running when the lines end."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        if line.startswith("+"):
            groups.add(group)
        else:
            groups.discard(group)
    return groups


def end(groups: set[int]) -> None:
    """Ends all these process groups; takes at most both graces together."""
    for number, grace_secs in ((signal.SIGTERM, TERM_GRACE_SECS), (signal.SIGKILL, KILL_GRACE_SECS)):
        groups = {group for group in groups if signal_group(group, number)}
        deadline = time.monotonic() + grace_secs
        while groups and time.monotonic() < deadline:
            time.sleep(POLL_SECS)
            groups = {group for group in groups if signal_group(group, 0)}


def main() -> None:
    # Ctrl-C, a closing terminal or a service manager may signal everybody at once: the guardian leaves last.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if groups := groups_left(sys.stdin):
        end(groups)


if __name__ == "__main__":
    main()
