"""The console shows whole lines, never waits for its reader, and does not obey what services print."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from tests.videobroker.running.houses import until
from videobroker.running.console import LINES_KEPT, Console


class Pipe:
    """A pipe whose ends are closed once, by whoever is first."""

    def __init__(self) -> None:
        read_end, write_end = os.pipe()
        self.reader = os.fdopen(read_end, "rb", buffering=0)
        self.writer = os.fdopen(write_end, "wb", buffering=0)

    def read_all(self) -> str:
        self.writer.close()
        return self.reader.read().decode()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.reader.close()
    made.writer.close()


def console_on(fd: int, *, colour: bool = False, gone: threading.Event | None = None) -> Console:
    gone = gone or threading.Event()
    return Console(fd, ["web", "worker"], colour=colour, on_reader_gone=gone.set)


def test_names_stand_in_front_in_one_column(pipe: Pipe) -> None:
    console = console_on(pipe.writer.fileno())
    console.show("web", "one")
    console.show("worker", "two")
    console.say("three\nfour")
    console.show_plain("five")
    console.close()
    assert pipe.read_all().splitlines() == [
        "web         | one",
        "worker      | two",
        "videobroker | three",
        "videobroker | four",
        "five",
    ]


def test_colour_is_of_the_name_alone(pipe: Pipe) -> None:
    console = console_on(pipe.writer.fileno(), colour=True)
    console.show("web", "one")
    console.close()
    assert pipe.read_all() == "\x1b[36mweb         |\x1b[0m one\n"


def test_control_characters_of_a_service_are_not_passed_on(pipe: Pipe) -> None:
    console = console_on(pipe.writer.fileno())
    console.show_plain("a\x1b]0;evil\x07\r\tb\x9b2J")
    console.close()
    assert pipe.read_all() == "a\ufffd]0;evil\ufffd\ufffd\tb\ufffd2J\n"


def test_a_sleeping_reader_loses_lines_and_is_told_how_many(pipe: Pipe) -> None:
    console = console_on(pipe.writer.fileno())
    shown = LINES_KEPT + 5_000
    for _ in range(shown):
        console.show_plain("x" * 99)
    seen = bytearray()
    reading = threading.Thread(target=pour, args=(pipe, seen), daemon=True)
    reading.start()
    until(lambda: seen.count(b"\n") > LINES_KEPT // 2, "the reader is awake")
    console.show_plain("awake again")
    until(lambda: seen.endswith(b"awake again\n"), "all is written")
    console.close()
    pipe.writer.close()
    reading.join(10)
    lines = seen.decode().splitlines()
    # More than one gap is possible: the first lines go into the pipe while the later ones are still being shown.
    dropped = [int(line.split()[1]) for line in lines if "were dropped here" in line]
    assert dropped
    assert lines[-1] == "awake again"
    assert len(lines) - 1 - len(dropped) + sum(dropped) == shown


def pour(pipe: Pipe, seen: bytearray) -> None:
    while chunk := pipe.reader.read(65536):
        seen.extend(chunk)


def test_a_stream_that_does_not_block_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe.writer.fileno(), False)
    console = console_on(pipe.writer.fileno())
    for _ in range(2_000):
        console.show_plain("x" * 99)
    seen = bytearray()
    reading = threading.Thread(target=pour, args=(pipe, seen), daemon=True)
    reading.start()
    until(lambda: seen.count(b"\n") == 2_000, "all is written")
    console.close()
    pipe.writer.close()
    reading.join(10)


def test_a_reader_who_has_gone_is_reported(pipe: Pipe) -> None:
    gone = threading.Event()
    console = console_on(pipe.writer.fileno(), gone=gone)
    pipe.reader.close()
    console.show("web", "one")
    assert gone.wait(5)
    console.show("web", "two")
    console.close()
