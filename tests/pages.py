"""The project's pages, taken apart: tables, code blocks, links. For the tests that compare them with the code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CELL_BREAK = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Page:
    """One page of Markdown."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def code(self, language: str) -> list[str]:
        """The code blocks in `language`, in their order."""
        return [body for named, body in CODE_BLOCK.findall(self.text) if named == language]

    def section(self, title: str) -> str:
        """What stands under the heading `title`, up to the next heading of its level or above."""
        level, rest = next(
            (len(marks), self.text[found.end() :])
            for found in re.finditer(r"^(#+) (.+)$", self.text, re.MULTILINE)
            if (marks := found[1]) and found[2] == title
        )
        following = re.search(rf"^#{{1,{level}}} ", rest, re.MULTILINE)
        return rest[: following.start()] if following else rest

    @property
    def prose(self) -> str:
        return CODE_BLOCK.sub("", self.text)

    @property
    def links(self) -> list[str]:
        """Targets of links that are not on the web."""
        return [target for target in LINK.findall(self.prose) if "://" not in target]

    @property
    def anchors(self) -> set[str]:
        """What a link to one of this page's headings may be called, as forges make it."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every table row in `text`, heads and rules left out."""
    table = [line for line in text.splitlines() if line.startswith("|")]
    for line, following in zip(table, [*table[1:], ""], strict=True):
        cells = [cell.strip() for cell in CELL_BREAK.split(line)[1:-1]]
        if not (set(line) <= set("|- ") or (following and set(following) <= set("|- "))):
            yield cells


def named(text: str) -> list[str]:
    """What stands in backquotes in `text`."""
    return re.findall(r"`([^`]+)`", text)


def pages() -> list[Page]:
    """Every page that is the project's own."""
    found = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [Page(path) for path in [*found, ROOT / "videobroker/simulator/README.md"]]


README = Page(ROOT / "README.md")
REASONS = Page(ROOT / "docs/reasons.md")
OPERATING = Page(ROOT / "docs/operating.md")
ADDING_AN_ACTION = Page(ROOT / "docs/adding-an-action.md")
