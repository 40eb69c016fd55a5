"""What people see: the output of all steps on one stream, each line behind its step's name."""

from __future__ import annotations

import os
import queue
import select
import threading
from collections.abc import Callable, Iterable
from typing import Final

OURS: Final = "videobroker"
LINES_KEPT: Final = 20_000
FLUSH_WITHIN_SECS: Final = 1.0
_COLOURS: Final = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
# Control characters of a service's output, which may be an attacker's, are not obeyed by the terminal.
_UNPRINTABLE: Final = dict.fromkeys(
    (*range(9), *range(10, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}"
)


class Console:
    """Writes lines to the file descriptor `fd` from a thread of its own.

    Whoever reads the stream may be slow or asleep: the supervisor must not wait for him, nor the services
    for the supervisor. Up to LINES_KEPT lines wait to be written; further ones are dropped, and counted.
    `on_reader_gone` is called, in that thread, when nobody can read any more.
    """

    def __init__(
        self, fd: int, names: Iterable[str], *, colour: bool, on_reader_gone: Callable[[], object]
    ) -> None:
        self._fd = fd
        self._width = max(map(len, (OURS, *names)))
        self._colours = dict(zip(names, _COLOURS * len(list(names)), strict=False)) if colour else {}
        self._on_reader_gone = on_reader_gone
        self._lines: queue.Queue[bytes | None] = queue.Queue(LINES_KEPT)
        self._dropped = 0
        self._writer = threading.Thread(target=self._write_all, name="console", daemon=True)
        self._writer.start()

    def show(self, name: str, line: str) -> None:
        """Shows a line of output of the step `name`."""
        label = f"{name:<{self._width}} |"
        if colour := self._colours.get(name):
            label = f"\x1b[{colour}m{label}\x1b[0m"
        self._enqueue(f"{label} {line.translate(_UNPRINTABLE)}\n")

    def show_plain(self, line: str) -> None:
        """Shows a line of output without a name."""
        self._enqueue(f"{line.translate(_UNPRINTABLE)}\n")

    def say(self, text: str) -> None:
        """Shows what the supervisor itself has to say, which may be several lines."""
        for line in text.splitlines():
            self.show(OURS, line)

    def close(self) -> None:
        """Waits, not long, until all is written. Nothing may be shown afterwards."""
        try:
            self._lines.put(None, timeout=FLUSH_WITHIN_SECS)
        except queue.Full:
            return  # the reader sleeps; what he did not read is lost, as it would be by any longer wait
        self._writer.join(FLUSH_WITHIN_SECS)

    def _enqueue(self, line: str) -> None:
        try:
            if self._dropped:
                self._lines.put_nowait(
                    f"… {self._dropped} lines were dropped here: nobody read them\n".encode()
                )
                self._dropped = 0
            self._lines.put_nowait(line.encode())
        except queue.Full:
            self._dropped += 1

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._write(line)
            except OSError:
                self._on_reader_gone()
                return

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                select.select([], [self._fd], [])
