"""Numbers, and yes or no, as the environment has them: text, which may be anything.

What cannot be read ends the process with one line that names the variable and what it takes, as `checks.py` does for
numbers that make no sense.
"""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import environ

# Settings that are numbers, from what to what, and why.
RANGES: Final = {
    "TELNYX_TIMEOUT_SECS": (0.1, 60, "People wait for so long; a browser gives up after a minute or two."),
    "TELNYX_TASK_TIMEOUT_SECS": (
        0.1,
        60,
        "What was ordered shows at Telnyx within two minutes, or it is ordered again: by then the call is over.",
    ),
    "PURGE_MAX_SHARE": (0, 1, "It is a share: 0.25 is a quarter."),
    "PURGE_FREE_COUNT": (0, 1e9, "It is a number of recordings and compositions."),
    "PURGE_HEADROOM": (
        0,
        0.95,
        "It is a share of Telnyx's limit; what is left has to be enough to delete anything.",
    ),
    "WORKER_NICENESS": (0, 19, "As with nice(1): 0 goes behind nobody, 19 behind everybody."),
}
_YES: Final = frozenset({"true", "yes", "y", "on", "ok", "1"})
_NO: Final = frozenset({"false", "no", "n", "off", "0", ""})


class Env(environ.Env):  # type: ignore[misc]  # its package has no types
    """django-environ, which would take `25%` for 25, and `ture` for no."""

    def get_value(self, var: str, cast: Any = None, *args: Any, **kwargs: Any) -> Any:
        read = partial(_read, var, cast) if cast in _READERS else cast
        return super().get_value(var, read, *args, **kwargs)


def _yes_or_no(text: str) -> bool:
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise ValueError(word)
    return word in _YES


_READERS: Final[dict[type, tuple[Callable[[str], Any], str]]] = {
    int: (int, "a whole number"),
    float: (float, "a number"),
    bool: (_yes_or_no, "true or false"),
}


def _read(name: str, kind: type, text: str) -> Any:
    read, told = _READERS[kind]
    try:
        return read(text)
    except ValueError:
        sys.exit(f"{name} is {text!r}; it must be {told}{_range_of(name)}")


def _range_of(name: str) -> str:
    if name not in RANGES:
        return "."
    least, most, why = RANGES[name]
    return f" from {least:g} to {most:g}. {why}"
