"""Numbers on the front page."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A number that somebody should know of, and the page that lists what it counts.

    `tone` is how it should look: "" as usual, "good", "warn" or "bad".
    """

    label: str
    value: int
    url: str
    tone: str = ""
