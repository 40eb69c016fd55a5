"""What the join page does with a real account: the same as with the simulator, through Telnyx's SDK. Nobody of Telnyx's
is asked here: a stand-in with the SDK's methods writes down what it is told."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.stacks import Stack

SDK = """
export async function initialize(config) {
  const heard = {};
  const room = window.room = {
    config, calls: [],
    state: { status: "initialized", localParticipantId: "me", participants: new Map(), streams: new Map() },
    on: (event, callback) => { heard[event] = callback; },
    tell: (event, ...what) => heard[event](...what, room.state),
    getState: () => room.state,
    getLocalParticipant: () => ({ id: "me" }),
  };
  for (const name of ["connect", "disconnect", "updateClientToken", "addStream", "addSubscription"])
    room[name] = async (...what) => { room.calls.push([name, ...what.map((each) => each?.audio ? "tracks" : each)]); };
  room.state.participants.set("me", { id: "me", context: "mine" });
  return room;
}
"""
MINTED = {"telnyx_room_id": "r-1", "token": "t-1", "context": "mine"}


@pytest.fixture
def page(new_context: Callable[..., BrowserContext], stack: Stack) -> Page:
    """A page that is in a call."""
    page = new_context().new_page()
    page.route("**/sdk.js", lambda route: route.fulfill(body=SDK, content_type="text/javascript"))
    page.goto(f"{stack.url}/livez")
    page.evaluate(
        """async (minted) => {
          const { enter } = await import("/static/joining/telnyx.js");
          window.videos = document.createElement("div");
          window.call = await enter("/sdk.js", minted, videos);
        }""",
        MINTED,
    )
    return page


def test_it_joins_with_all_that_was_minted(page: Page) -> None:
    expected = {"roomId": "r-1", "clientToken": "t-1", "context": "mine"}
    assert page.evaluate("room.config") == expected
    assert page.evaluate("room.calls[0]") == ["connect"]


def test_new_tokens_go_into_the_room(page: Page) -> None:
    page.evaluate("call.updateClientToken('t-2')")
    assert page.evaluate("room.calls.at(-1)") == ["updateClientToken", "t-2"]


def test_it_listens_to_others_and_not_to_itself(page: Page) -> None:
    page.evaluate("room.calls.length = 0")
    for who in ("me", "bo"):
        page.evaluate("(who) => room.tell('stream_published', who, 'self')", who)
    assert page.evaluate("room.calls.map(([name, who]) => [name, who])") == [["addSubscription", "bo"]]


def test_it_sees_who_is_in_and_who_is_muted(page: Page) -> None:
    page.evaluate(
        """() => {
          room.state.participants.set("bo", { id: "bo", context: "bo's" });
          room.state.streams.set("s", { id: "s", key: "self", participantId: "bo", isAudioCensored: true });
        }"""
    )
    seen = page.evaluate("call.see()")
    assert seen["present"] is True
    assert [(each["id"], each["context"], each["muted"], each["me"]) for each in seen["people"]] == [
        ("me", "mine", False, True),
        ("bo", "bo's", True, False),
    ]


def test_who_is_put_out_learns_why(page: Page) -> None:
    page.evaluate(
        """() => {
          room.tell("participant_leaving", "me", "kicked");
          room.state.status = "disconnected";
          room.tell("disconnected", "network_error");
        }"""
    )
    assert page.evaluate("call.see().then(({ present, why }) => [present, why])") == [False, "kicked"]


def test_pictures_come_and_go_with_their_streams(page: Page) -> None:
    shown = page.evaluate(
        """() => {
          const track = document.createElement("canvas").captureStream().getVideoTracks()[0];
          const stream = { id: "s", key: "self", participantId: "bo", origin: "remote", videoTrack: track };
          room.state.streams.set("s", stream);
          room.tell("state_changed");
          const count = videos.childElementCount;
          room.state.streams.delete("s");
          room.tell("state_changed");
          return [count, videos.childElementCount, videos.hidden];
        }"""
    )
    assert shown == [1, 0, True]


def test_leaving_hangs_up(page: Page) -> None:
    page.evaluate("call.leave()")
    assert page.evaluate("room.calls.at(-1)") == ["disconnect"]
