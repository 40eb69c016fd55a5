"""A tab that holds a lease of videobroker.js, with nothing else in it, and a room that only writes down its tokens."""

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, Request, Route

from tests.asking import Json
from tests.browser.stacks import Stack
from tests.simulated import wait_until

START = """
async ({ roomId, logins, options }) => {
  const { joinToken } = await import("/static/videobroker.js");
  Object.assign(window, { told: [], handed: [], asked: [], ending: new AbortController() });
  const note = (name) => (value) => told.push([name, value.reason ?? value.token ?? value.message]);
  const getUserToken = (refused) => {
    asked.push(refused?.status ?? null);
    return logins.length > 1 ? logins.shift() : logins[0];
  };
  window.lease = await joinToken({
    roomId, getUserToken, signal: ending.signal,
    onToken: note("token"), onRejoin: note("rejoin"), onTrouble: note("trouble"), onStop: note("stop"),
    ...options,
  });
  lease.attach({ updateClientToken: async (token) => { handed.push(token); } });
}
"""


@dataclass
class Tab:
    """`told` and `handed` are what the app and its room have heard; `requests` what the server was asked."""

    page: Page
    stack: Stack
    room: str
    identity: str = "bo"
    requests: list[Request] = field(default_factory=list)

    def start(self, *logins: str, **options: Json) -> "Tab":
        """Open it, and mint. The login tokens are given out one after the other, the last one for ever."""
        self.page.on("request", self._note)
        self.page.goto(f"{self.stack.url}/livez")
        logins = logins or (self.stack.user(self.identity)["token"],)
        self.page.evaluate(START, {"roomId": self.room, "logins": list(logins), "options": options})
        return self

    def _note(self, request: Request) -> None:
        if "/actions/" in request.url:
            self.requests.append(request)

    def sent(self, action: str) -> list[Request]:
        return [
            request for request in self.requests if request.url.endswith(f"/actions/{action}_client_token")
        ]

    def told(self, name: str) -> list[str]:
        """What the callback of that name was told."""
        return [what for called, what in self.page.evaluate("told") if called == name]

    @property
    def handed(self) -> list[str]:
        """The tokens that the room was given."""
        found: list[str] = self.page.evaluate("handed")
        return found

    @property
    def minted(self) -> Json:
        return self.page.evaluate("lease.minted")

    def hears_of_trouble(self, reason: str, times: int) -> None:
        """Wait until the app was told of it so many times, and of nothing else."""
        self.until(lambda: self.told("trouble") == [reason] * times)

    def until(self, condition: Any, secs: float = 20) -> None:
        """Wait for it, while the browser goes on."""
        wait_until(lambda: (self.page.evaluate("0"), condition())[1], secs, pause_secs=0.02)

    def answers_first(self, action: str, status: int, reason: str, *, times: int = 1, **headers: str) -> None:
        """Have the server refuse, so many times; after that it answers as it does."""
        error = {
            "code": "10010",
            "title": "No",
            "detail": "no",
            "meta": {"reason": reason, "request_id": "1"},
        }
        body = json.dumps({"errors": [error]})

        def refuse(route: Route) -> None:
            route.fulfill(status=status, body=body, headers=headers, content_type="application/json")

        self.page.route(f"**/actions/{action}_client_token", refuse, times=times)

    def loses_answers(self, action: str, times: int = 1) -> None:
        """The server does what it is asked, and the answer is lost."""

        def lose(route: Route) -> None:
            route.fetch()
            route.abort()

        self.page.route(f"**/actions/{action}_client_token", lose, times=times)
