"""A browser of the machine's own, and a stack for it to meet."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.asking import Json
from tests.browser.sharing import shared_stack
from tests.browser.stacks import Stack
from tests.browser.windows import Window

PATIENCE_MS = 15_000
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever has to sit out half a minute begins first, so that the others are done beside it."""
    places = [place for place, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    slow_first = sorted((items[place] for place in places), key=lambda item: "half_a_minute" not in item.name)
    for place, item in zip(places, slow_first, strict=True):
        items[place] = item


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is. Without one there is nothing to test, which CI does not let pass."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = f"there is no {', '.join(NAMES)} on PATH"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return found


# Of the package, not of the session: while playwright runs, its event loop keeps other tests from their database.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))


@pytest.fixture(scope="package")
def stack(chromium: str, tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Iterator[Stack]:
    """The same for all workers: a second one would take its processes' time from those who test."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"stack-{testrun_uid}"
    folder.mkdir(exist_ok=True)
    with shared_stack(folder) as running:
        yield running


@pytest.fixture
def room(stack: Stack) -> str:
    """A room for this test alone."""
    return stack.new_room()


# Of what a page waits for between two looks, it waits a fifth.
HURRIED = """
const pause = window.setTimeout;
window.setTimeout = (act, ms, ...more) => pause(act, ms / 5, ...more);
"""


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes somebody's browser: cookies, storage and network of its own."""
    made: list[BrowserContext] = []

    def make(*, hurried: bool = False, **options: Json) -> BrowserContext:
        made.append(browser.new_context(**options))
        if hurried:
            made[-1].add_init_script(HURRIED)
        made[-1].set_default_timeout(PATIENCE_MS)
        return made[-1]

    yield make
    for context in made:
        context.close()


@pytest.fixture
def new_window(
    new_context: Callable[..., BrowserContext], stack: Stack, room: str
) -> Iterator[Callable[..., Window]]:
    """Opens a window of somebody's at the room's door; what went wrong in its scripts fails the test."""
    wrong: list[str] = []

    def open_window(identity: str, *, page: Page | None = None, hurried: bool = True) -> Window:
        page = page or new_context(hurried=hurried).new_page()
        page.on("pageerror", lambda error: wrong.append(f"{identity}: {error}"))
        page.on("console", lambda said: _note_violation(said, wrong))
        window = Window(page, stack, room, identity)
        window.arrive()
        return window

    yield open_window
    assert wrong == []


def _note_violation(said: ConsoleMessage, wrong: list[str]) -> None:
    """What the page's own security policy kept it from is wrong too."""
    if "Content Security Policy" in said.text:
        wrong.append(said.text)
