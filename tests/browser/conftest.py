"""A browser of the machine's own, and a stack for it to meet."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.asking import Json
from tests.browser.sharing import Share
from tests.browser.stacks import Stack
from tests.browser.windows import Window

PATIENCE_MS = 15_000
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


# So many others come first, as long as the stack takes to start. What waits for clocks must not be left for the end,
# when nothing is left to be done beside it.
AHEAD = 80
SHARE = pytest.StashKey[Share]()


@pytest.hookimpl(trylast=True)  # when pytest-django has put last what needs no database
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ours come early and together, and of them first who has to sit out half a minute."""
    ours = [item for item in items if _is_ours(item)]
    ours.sort(key=lambda item: "half_a_minute" not in item.name)
    for item in ours:
        item.add_marker(pytest.mark.timeout(300))  # the first of a worker may have to wait for the stack
    others = [item for item in items if not _is_ours(item)]
    items[:] = [*others[:AHEAD], *ours, *others[AHEAD:]]


def pytest_collection_finish(session: pytest.Session) -> None:
    """The stack starts beside the tests that need none."""
    if any(map(_is_ours, session.items)) and _found() and not session.config.option.collectonly:
        _share(session.config).take()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if share := session.config.stash.get(SHARE, None):
        share.give_back()


def _is_ours(item: pytest.Item) -> bool:
    return item.path.parent == Path(__file__).parent


def _share(config: pytest.Config) -> Share:
    """This worker's."""
    if SHARE not in config.stash:
        base: Path = config._tmp_path_factory.getbasetemp()
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
        config.stash[SHARE] = Share(base.parent / f"stack-{run}" if run else base / "stack")
    return config.stash[SHARE]


def _found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is. Without one there is nothing to test, which CI does not let pass."""
    found = _found()
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
def stack(chromium: str, pytestconfig: pytest.Config) -> Iterator[Stack]:
    """The same for all workers: a second one would take its processes' time from those who test."""
    share = _share(pytestconfig)
    share.take()
    yield share.stack()
    share.give_back()


@pytest.fixture
def room(stack: Stack) -> str:
    """A room for this test alone."""
    return stack.new_room()


# Of what a page waits for between two looks, it waits a fifth.
HURRIED = """
{
  const pause = window.setTimeout;
  window.setTimeout = (act, ms, ...more) => pause(act, ms / 5, ...more);
}
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
