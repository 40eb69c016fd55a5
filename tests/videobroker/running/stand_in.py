"""A small service in the place of a real one, run as a script: `stand_in.py NAME MANNER`.

Like a web server's master it has a worker process of its own, ends it when it gets SIGTERM, and ends when it
dies. Its manner says how it deviates from that.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from types import FrameType

name, manner = sys.argv[1:3]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def stop(_number: int, _frame: FrameType | None) -> None:
    if manner != "escaping":
        with suppress(ProcessLookupError):  # the supervisor's signal went to it as well
            os.kill(worker, signal.SIGTERM)
    say(f"{name} stops")
    sys.exit(0)


if manner == "dying":
    say("I feel unwell")
    sys.exit(3)
if manner == "done":
    say("nothing to it")
    sys.exit(0)
if manner in ("deaf", "mute and deaf"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # which its worker inherits
worker = os.fork()
if worker == 0:
    if manner == "escaping":
        os.setsid()  # as a daemon does: no signal to the process group reaches it any more
    while True:
        time.sleep(60)  # a service that runs until it is ended
if manner not in ("deaf", "mute and deaf"):
    signal.signal(signal.SIGTERM, stop)
say(f"{name} begins")
say(f"{name} has the key wax-key-7f3a" if "mute" not in manner else "still looking for the door")
while manner == "chatty":
    say("and another thing " * 20)
os.wait()
say(f"{name} lost its worker")
sys.exit(1)
