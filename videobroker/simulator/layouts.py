"""The `video_layout` and `resolution` of a composition, within Telnyx's limits."""

import re
from collections.abc import Callable
from typing import Any

from videobroker.simulator import errors
from videobroker.simulator.fields import Fields

MOST_REGIONS = 2
SHORTEST_SIDE, LONGEST_SIDE = 16, 1280
MOST_PIXELS = 1280 * 720
DEFAULT_RESOLUTION = "1280x720"
_RESOLUTION = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})", re.ASCII)
_WIDEST_POSITION = 1280


def resolution(fields: Fields, name: str) -> str:
    """`WIDTHxHEIGHT`, each side 16..1280 and together no more pixels than 1280x720."""
    sides = _RESOLUTION.fullmatch(fields.text(name))
    if sides is None:
        raise fields.wrong(name, "must be WIDTHxHEIGHT in pixels, such as 800x600.")
    width, height = int(sides[1]), int(sides[2])
    within = all(SHORTEST_SIDE <= side <= LONGEST_SIDE for side in (width, height))
    if not within or width * height > MOST_PIXELS:
        detail = (
            f"needs sides from {SHORTEST_SIDE} to {LONGEST_SIDE} and at most {DEFAULT_RESOLUTION} pixels."
        )
        raise fields.wrong(name, detail, errors.OUT_OF_RANGE)
    return sides[0]


def video_layout(fields: Fields, name: str) -> dict[str, Any]:
    """At most two named regions; positions that are not given are 0."""
    regions = Fields(fields.given(name), f"{fields.at}/{name}")
    if len(regions.values) > MOST_REGIONS:
        raise fields.wrong(name, f"may have at most {MOST_REGIONS} regions.", errors.OUT_OF_RANGE)
    return {
        region: _region(Fields(regions.values[region], f"{regions.at}/{region}")) for region in regions.values
    }


_READERS: dict[str, Callable[[Fields, str], Any]] = {
    "height": lambda fields, name: fields.integer(name, SHORTEST_SIDE, LONGEST_SIDE),
    "width": lambda fields, name: fields.integer(name, SHORTEST_SIDE, LONGEST_SIDE),
    "x_pos": lambda fields, name: fields.integer(name, 0, _WIDEST_POSITION),
    "y_pos": lambda fields, name: fields.integer(name, 0, _WIDEST_POSITION),
    "z_pos": lambda fields, name: fields.integer(name, -99, 99),
    "max_columns": lambda fields, name: fields.integer(name, 1, 1000),
    "max_rows": lambda fields, name: fields.integer(name, 1, 1000),
    "video_sources": lambda fields, name: _video_sources(fields, name),
}


def _region(fields: Fields) -> dict[str, Any]:
    fields.only(_READERS)
    given = {name: _READERS[name](fields, name) for name in fields.values}
    return {"x_pos": 0, "y_pos": 0, "z_pos": 0} | given


def _video_sources(fields: Fields, name: str) -> list[str] | str:
    """Ids of recordings, or `"*"` (alone or in a list) for all of the session."""
    sources = fields.given(name)
    if sources in ("*", ["*"]):
        return "*" if sources == "*" else ["*"]
    return fields.identifiers(name)
