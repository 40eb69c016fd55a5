"""The console in a real browser: a room's live page renews itself, and takes nothing out of a moderator's hands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.stacks import Stack
from tests.simulated import wait_until

LISTS = (
    "room", "session", "participant", "operation", "member", "recording", "composition", "hold", "deletion",
)  # fmt: skip
PHONE = {"width": 390, "height": 844}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@dataclass
class Console:
    """Ana's window at the console."""

    page: Page
    stack: Stack
    room: str

    def sign_in(self) -> "Console":
        user = self.stack.user("ana")
        self.page.goto(f"{self.stack.url}/admin/login/?next=/admin/rooms/room/{self.room}/live/")
        self.page.get_by_label("Username").fill(user["username"])
        self.page.get_by_label("Password").fill(user["password"])
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(f"**/{self.room}/live/")  # with its script, which runs before it is loaded
        return self

    def is_kept_fresh(self) -> None:
        """The page's script has asked, and been answered."""
        expect(self.page.get_by_text("renewed by itself")).to_be_visible()

    def reload_until(self, condition: Callable[[], bool]) -> None:
        """As one does where no script runs."""

        def holds() -> bool:
            if not condition():
                with self.page.expect_navigation():
                    self.page.get_by_role("link", name="Reload").click()
            return condition()

        wait_until(holds, 30, pause_secs=0.1)

    def seat(self, name: str) -> Locator:
        return self.page.locator(f'.seat[data-name="{name}"]')

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=name, exact=True)

    def presses(self, name: str) -> None:
        """Press a button, and confirm what it asks."""
        self.button(name).click()
        self.page.locator(".submit-row input").click()

    def hears(self, words: str) -> None:
        expect(self.page.get_by_role("status")).to_contain_text(words)

    def comes(self, identity: str) -> str:
        """Somebody joins; their id at Telnyx."""
        path = f"/v2/rooms/{self.room}/actions/generate_join_client_token"
        minted = self.stack.person(identity).post(path, {"token_ttl_secs": 600}).data
        joined = self.stack.simulate("POST", "join", token=minted["token"], context=minted["context"])
        return str(joined["participant_id"])

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.textContent"))

    def asks(self) -> list[str]:
        """What its script asks for from now on, as it is asked."""
        asked: list[str] = []
        self.page.on(
            "request", lambda request: asked.append(request.url) if request.resource_type == "fetch" else None
        )
        return asked


@pytest.fixture
def console(new_context: Callable[..., BrowserContext], stack: Stack, room: str) -> Console:
    page = new_context(hurried=True).new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the page's script: {error}"))
    return Console(page, stack, room).sign_in()


def test_people_come_are_moderated_and_go_before_the_moderators_eyes(console: Console) -> None:
    expect(console.page.get_by_text("Nobody is in.")).to_be_visible()
    console.comes("ana")
    expect(console.seat("Ana")).to_be_visible()
    console.button("Mute Ana").focus()
    bo = console.comes("bo")
    expect(console.seat("Bo")).to_be_visible()
    console.hears("Bo has come in")
    assert console.focused() == "Mute Ana"
    console.presses("Mute Bo")
    console.hears("Mute Bo: done")
    expect(console.seat("Bo")).to_contain_text("muted by order")
    assert console.stack.simulate("GET", f"participants/{bo}")["muted"]
    console.presses("Kick and ban Bo")
    expect(console.seat("Bo")).to_have_count(0)
    expect(console.page.locator(".orders")).to_contain_text("Kick: Bo")
    mint = f"/v2/rooms/{console.room}/actions/generate_join_client_token"
    assert console.stack.person("bo").post(mint).refusal == (403, "banned")


def test_the_focus_of_a_button_that_is_gone_is_not_lost(console: Console) -> None:
    console.comes("ana")
    bo = console.comes("bo")
    console.button("Kick Bo").focus()
    console.stack.simulate("POST", "leave", participant_id=bo)
    expect(console.seat("Bo")).to_have_count(0)
    console.hears("Bo has left")
    expect(console.page.locator("#live-title")).to_be_focused()


def test_nothing_is_asked_while_the_page_is_paused_or_hidden(
    new_context: Callable[..., BrowserContext], stack: Stack, room: str
) -> None:
    page = new_context().new_page()
    page.clock.install()
    console = Console(page, stack, room).sign_in()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused.")).to_be_visible()
    asked = console.asks()
    console.comes("bo")
    page.clock.run_for("01:00")
    assert asked == []
    page.get_by_role("button", name="Pause").click()
    expect(console.seat("Bo")).to_be_visible()
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    asked.clear()  # of what was under way
    page.clock.run_for("01:00")
    assert asked == []


def test_whoever_is_signed_out_meanwhile_is_told_so(console: Console) -> None:
    console.is_kept_fresh()
    console.page.context.clear_cookies()
    expect(console.page.locator("#live-state")).to_contain_text("You are signed out.")


def test_a_connection_that_is_lost_is_said_and_found_again(console: Console) -> None:
    console.is_kept_fresh()
    console.page.context.set_offline(True)
    expect(console.page.get_by_text("No connection.")).to_be_visible()
    console.page.context.set_offline(False)
    console.is_kept_fresh()


def test_without_a_script_it_is_as_of_when_it_was_loaded_and_its_buttons_work(
    new_context: Callable[..., BrowserContext], stack: Stack, room: str
) -> None:
    console = Console(new_context(java_script_enabled=False).new_page(), stack, room)
    bo = console.comes("bo")
    console.sign_in()
    console.reload_until(lambda: console.seat("Bo").count() == 1)
    expect(console.page.get_by_role("button", name="Pause")).to_have_count(0)
    console.presses("Kick Bo")
    console.reload_until(lambda: console.seat("Bo").count() == 0)
    assert not stack.simulate("GET", f"participants/{bo}")["present"]


def test_every_page_fits_a_phone_and_needs_nothing_that_the_security_policy_forbids(
    new_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    page = new_context(viewport=PHONE).new_page()
    kept_from: list[str] = []
    page.on(
        "console",
        lambda said: (
            kept_from.append(f"{page.url}: {said.text}") if "Content Security" in said.text else None
        ),
    )
    room = stack.new_room(enable_recording=True)
    console = Console(page, stack, room)
    film = stack.simulate("POST", "recordings", participant_id=console.comes("bo"), type="video")
    stack.simulate("POST", f"recordings/{film['recording_id']}/complete", duration_secs=60)
    held = stack.back_end.post("/v2/holds", {"room_id": room, "reason": "case " * 20, "holder": "Legal"})
    films = {"filter[room_id]": room, "filter[status]": "completed"}
    wait_until(lambda: stack.back_end.get("/v2/room_recordings", films).data, 20, pause_secs=0.1)
    (recording,) = stack.back_end.get("/v2/room_recordings", films).data
    console.sign_in()
    expect(console.seat("Bo")).to_be_visible()
    session = page.get_by_role("link", name="session", exact=True).get_attribute("href")
    person = page.get_by_role("link", name="Kick and ban Bo").get_attribute("href")
    of_room = [f"/admin/rooms/room/{room}/{name}/" for name in ("live", "change", "days", "history")]
    tables = [f"/admin/rooms/{name}/" for name in LISTS]
    kept = [
        f"/admin/rooms/recording/{recording['id']}/change/",
        f"/admin/rooms/hold/{held.data['id']}/change/",
    ]
    adding = [f"/admin/rooms/{name}/add/?room={room}" for name in ("member", "ban")]
    some = ["/admin/", "/admin/tenants/auditentry/", str(session), str(person)]
    for path in [*some, *of_room, *tables, *kept, *adding]:
        answer = page.goto(f"{stack.url}{path}")
        assert answer is not None
        assert answer.ok, path
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path}, {scheme}"
    page.goto(f"{stack.url}/v2/docs")
    expect(page.get_by_text("/v2/rooms", exact=True).first).to_be_visible()
    assert kept_from == []
