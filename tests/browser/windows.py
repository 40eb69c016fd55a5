"""Somebody's window at the join page: what they can do there, and what they see."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.stacks import Stack
from tests.simulated import wait_until


@dataclass
class Window:
    """One window. What is expected is waited for."""

    page: Page
    stack: Stack
    room: str
    identity: str

    @property
    def door(self) -> str:
        return f"{self.stack.url}/join/{self.room}"

    def arrive(self) -> None:
        """Come to the door with a login token of one's provider, as an app would send somebody."""
        self.page.goto(f"{self.door}#token={self.stack.user(self.identity)['token']}")

    def sign_in(self) -> None:
        """Come to the door as anybody, and sign in with user name and password."""
        user = self.stack.user(self.identity)
        self.page.goto(self.door)
        self.page.get_by_label("User name").fill(user["username"])
        self.page.get_by_label("Password").fill(user["password"])
        self.page.get_by_role("button", name="Sign in").click()

    def join(self) -> "Window":
        self.press("Join now")
        self.sees("You are in")
        return self

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def tabs_to(self, name: str) -> None:
        """Press Tab until that button has the focus; it is never many buttons away."""
        button = self.page.get_by_role("button", name=name, exact=True)
        expect(button).to_be_visible()
        for _ in range(20):
            if button.evaluate("(each) => each === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {name!r}")

    def sees(self, text: str) -> None:
        expect(self.shown(text).first).to_be_visible()

    def does_not_see(self, text: str) -> None:
        expect(self.shown(text)).to_have_count(0)

    def until(self, condition: Callable[[], Any]) -> None:
        """Wait for what is not to be seen here, while the browser goes on."""
        wait_until(lambda: (self.page.evaluate("0"), condition())[1], 20, pause_secs=0.1)

    def shown(self, text: str) -> Locator:
        return self.page.get_by_text(text).filter(visible=True)

    def sees_in(self, *names: str) -> None:
        """Exactly these are in, in any order."""
        people = self.page.locator("#people .name")
        expect(people).to_have_count(len(names))
        for name in names:
            expect(people.filter(has_text=name)).to_have_count(1)

    def asks_for_tokens_of(self, secs: int, *, only_first: bool = False) -> None:
        """From now on, its tokens live so long (the page itself asks for no particular time)."""

        def ask(route: Route) -> None:
            body: dict[str, Any] = json.loads(route.request.post_data or "{}")
            route.continue_(post_data=json.dumps({**body, "token_ttl_secs": secs}))

        self.page.route("**/actions/generate_join_client_token", ask)
        if not only_first:
            self.page.route("**/actions/refresh_client_token", ask)

    @property
    def participant_id(self) -> str:
        """Whom Telnyx takes it for."""
        (found,) = self.stack.present(self.room, self.identity)
        return found
