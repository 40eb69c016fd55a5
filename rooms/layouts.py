"""The picture of a composition: its size, and the regions that recordings are shown in, within Telnyx's limits. Where
Telnyx's contract names none, how large a region may be and where it may stand, ours is the side of the largest picture.

A layout is kept as the caller gave it: regions by name, each with its place and the recordings it shows, by our ids.
Telnyx's ids are put in their place only when the order goes out.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from videobroker.api.problems import escaped
from videobroker.telnyx import VideoRegion

Layout = Mapping[str, Mapping[str, Any]]

MOST_REGIONS: Final = 2
SHORTEST_SIDE, LONGEST_SIDE = 16, 1280
MOST_PIXELS: Final = 1280 * 720
FRONT, BACK = 99, -99
MOST_IN_A_GRID: Final = 1000
# In the place of recordings: all of the session.
ALL: Final = "*"
RESOLUTION: Final = re.compile(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})")


class NotAResolution(Exception):
    """The text is no size of a picture, or one that is out of Telnyx's range; the message says what to give."""

    def __init__(self, message: str, *, out_of_range: bool = True) -> None:
        super().__init__(message)
        self.out_of_range = out_of_range


def check_resolution(text: str) -> None:
    """Raises `NotAResolution` unless it is `WIDTHxHEIGHT` in pixels within Telnyx's limits."""
    sides = RESOLUTION.fullmatch(text)
    if sides is None:
        raise NotAResolution("give WIDTHxHEIGHT in pixels, such as 800x600", out_of_range=False)
    width, height = int(sides[1]), int(sides[2])
    if not all(SHORTEST_SIDE <= side <= LONGEST_SIDE for side in (width, height)):
        raise NotAResolution(f"each side has {SHORTEST_SIDE} to {LONGEST_SIDE} pixels")
    if width * height > MOST_PIXELS:
        raise NotAResolution("at most as many pixels as 1280x720 has")


def sources(layout: Layout) -> Iterator[tuple[str, UUID]]:
    """Each recording that the layout names, with where it stands in a body (a JSON pointer)."""
    for name, region in layout.items():
        for place, named in enumerate(region.get("video_sources", ())):
            if named != ALL:
                yield f"/video_layout/{escaped(name)}/video_sources/{place}", UUID(str(named))


def for_telnyx(layout: Layout, telnyx_ids: Mapping[UUID, UUID]) -> dict[str, VideoRegion]:
    """The layout as Telnyx is told it. Raises `KeyError` for a recording that `telnyx_ids` lacks."""
    return {name: VideoRegion(**_region(region, telnyx_ids)) for name, region in layout.items()}


def _region(region: Mapping[str, Any], telnyx_ids: Mapping[UUID, UUID]) -> dict[str, Any]:
    if "video_sources" not in region:
        return dict(region)
    told = (each if each == ALL else str(telnyx_ids[UUID(str(each))]) for each in region["video_sources"])
    return {**region, "video_sources": tuple(told)}


def are_alike(ours: Mapping[str, VideoRegion], found: Mapping[str, VideoRegion] | None) -> bool:
    """Whether both are the same picture, whatever was left out for being usual."""
    return _plain(ours) == _plain(found or {})


def _plain(layout: Mapping[str, VideoRegion]) -> dict[str, Any]:
    return {
        name: (
            region.height, region.width, region.x_pos or 0, region.y_pos or 0, region.z_pos or 0,
            region.max_columns, region.max_rows, tuple(region.video_sources or ()),
        )
        for name, region in layout.items()
    }  # fmt: skip
