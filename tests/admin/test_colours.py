"""Whether what is shown can be told from its ground, by light and in the dark: WCAG 2.2, 1.4.3 and 1.4.11."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

TEXT, CONTROL = 4.5, 3.0
PILLS = [(f"{tone}-fg", f"{tone}-bg", TEXT) for tone in ("good", "warn", "bad", "busy")]
DOOR = [
    *PILLS, ("fg", "bg", TEXT), ("fg", "card", TEXT), ("quiet", "card", TEXT), ("quiet", "bg", TEXT),
    ("main-fg", "main", TEXT), ("grave-fg", "grave", TEXT), ("focus", "bg", CONTROL), ("focus", "card", CONTROL),
    ("edge", "bg", CONTROL), ("edge", "card", CONTROL),
]  # fmt: skip
CONSOLE = [
    *PILLS, ("plain-fg", "plain-bg", TEXT), ("link-fg", "body", TEXT), ("bad-fg", "body", TEXT),
    ("white", "button-bg", TEXT), ("white", "grave", TEXT), ("white", "breadcrumbs-bg", TEXT),
    ("white", "header-bg", TEXT), ("accent", "header-bg", TEXT), ("focus", "body", CONTROL),
]  # fmt: skip
SHEETS = {"joining/joining.css": DOOR, "console/console.css": CONSOLE}


def themes(sheet: str) -> dict[str, dict[str, str]]:
    """The colours by name. What the dark does not set is as by light; of the body, Django's admin says it."""
    found = finders.find(sheet)
    assert isinstance(found, str)
    blocks = re.findall(r"(?::root|html\S*) \{(.*?)\}", Path(found).read_text(encoding="utf-8"), re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): #(\w+)", block)) for block in blocks[:2])
    fixed = {"white": "ffffff"}
    return {
        "light": {"body": "ffffff", **fixed, **light},
        "dark": {"body": "121212", **fixed, **light, **dark},
    }


def contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    full = "".join(2 * each for each in colour) if len(colour) == 3 else colour
    parts = [int(full[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sheet", SHEETS)
def test_everything_stands_out_from_its_ground(sheet: str, theme: str) -> None:
    colours = themes(sheet)[theme]
    faint = {
        (front, back): round(contrast(colours[front], colours[back]), 2)
        for front, back, least in SHEETS[sheet]
        if contrast(colours[front], colours[back]) < least
    }
    assert faint == {}
