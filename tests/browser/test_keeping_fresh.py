"""What videobroker.js does for an app, in a real browser against the real server. Where time has to pass, the browser's
clocks are moved, and the server's are not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Error, Page

from tests.browser.stacks import Stack
from tests.browser.tabs import Tab
from tests.simulated import wait_until

# When the first token, which lives two minutes, is surely due and has not ended. From then on the browser's clock is
# ahead of the server's, so the next are due as early as is right for any clock.
DUE = "01:30"
DUE_AGAIN = "00:46"
REFRESHING = "**/actions/refresh_client_token"
# Answers that no server of ours gives, but something between might.
NONSENSE = ["", "<html>", "null", "{}", '{"data": {}}', '{"data": "yes"}', '{"errors": [{}]}']


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A page whose clocks stand still until they are moved, however long the machine takes for what is between."""
    page = new_context().new_page()
    now = datetime.now(UTC)
    page.clock.install(time=now - timedelta(minutes=1))  # for they can only be set forward
    page.clock.pause_at(now)
    return page


@pytest.fixture
def tab(page: Page, stack: Stack, room: str) -> Tab:
    return Tab(page, stack, room)


def test_each_new_token_is_handed_to_the_room(tab: Tab) -> None:
    tab.start()
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: len(tab.handed) == 2)
    tab.page.clock.fast_forward(DUE_AGAIN)
    tab.until(lambda: len(tab.handed) == 3)
    assert len(set(tab.handed)) == 3
    assert tab.handed == tab.told("token")
    assert (tab.told("trouble"), tab.told("rejoin"), tab.told("stop")) == ([], [], [])
    assert len(tab.stack.grants(tab.room)) == 1


def test_nothing_is_asked_before_it_is_due(tab: Tab) -> None:
    tab.start().page.clock.run_for("00:50")
    assert len(tab.requests) == 1


@pytest.mark.parametrize("wrong_by", [timedelta(hours=2), timedelta(hours=-2)], ids=["ahead", "behind"])
def test_a_wrong_clock_neither_hurries_nor_delays_it(wrong_by: timedelta, tab: Tab) -> None:
    tab.page.clock.set_system_time(datetime.now(UTC) + wrong_by)
    tab.start().page.clock.run_for("00:25")
    assert len(tab.handed) == 1
    tab.page.clock.fast_forward("01:25")
    tab.until(lambda: len(tab.told("token")) == 2)


def test_after_sleep_it_is_refreshed_at_once_and_the_room_is_to_be_joined_anew(tab: Tab) -> None:
    tab.start().page.clock.fast_forward("00:30:00")
    tab.until(lambda: len(tab.told("rejoin")) == 1)
    assert tab.told("rejoin") == [tab.minted["token"]]
    assert len(tab.sent("refresh")) == 1


def test_a_lost_answer_costs_nothing(tab: Tab) -> None:
    tab.start().loses_answers("refresh")
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: tab.told("trouble") == ["unreachable"])
    tab.page.clock.run_for("00:02")
    tab.until(lambda: len(tab.handed) == 2)
    first, again = tab.sent("refresh")
    assert first.post_data == again.post_data
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"]
    tab.page.clock.fast_forward(DUE_AGAIN)
    tab.until(lambda: len(tab.handed) == 3)
    assert tab.told("stop") == []


def test_a_mint_whose_answer_was_lost_takes_one_seat(tab: Tab, stack: Stack) -> None:
    tab.page.clock.resume()
    tab.loses_answers("generate_join")
    tab.start()
    assert len(tab.sent("generate_join")) == 2
    assert len(stack.grants(tab.room)) == 1


def test_it_waits_as_long_as_it_is_told(tab: Tab) -> None:
    tab.start().answers_first("refresh", 429, "too_many_requests", **{"Retry-After": "5"})
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: tab.told("trouble") == ["too_many_requests"])
    tab.page.clock.run_for("00:04")
    assert len(tab.sent("refresh")) == 1
    tab.page.clock.run_for("00:02")
    tab.until(lambda: len(tab.handed) == 2)


def test_told_to_wait_for_ever_it_still_ends(tab: Tab) -> None:
    tab.start().answers_first("refresh", 429, "too_many_requests", times=9, **{"Retry-After": "99999999"})
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: tab.told("trouble") == ["too_many_requests"])
    tab.page.clock.fast_forward("01:10:00")
    tab.until(lambda: tab.told("stop") == ["too_many_requests"])
    assert len(tab.sent("refresh")) == 2


@pytest.mark.parametrize("answers", [NONSENSE[:4], NONSENSE[4:]], ids=["empty", "wrong"])
def test_nonsense_is_as_a_lost_answer_and_asked_again_without_haste(answers: list[str], tab: Tab) -> None:
    tab.start()
    left = list(answers)
    tab.page.route(REFRESHING, lambda route: route.fulfill(body=left.pop(0)), times=len(answers))
    tab.page.clock.fast_forward(DUE)
    for asked, nonsense in enumerate(answers, 1):
        tab.hears_of_trouble("unreachable", times=asked)
        tab.page.clock.run_for(100)
        assert len(tab.sent("refresh")) == asked, nonsense
        tab.page.clock.fast_forward(500 * 2**asked)
    tab.until(lambda: len(tab.handed) == 2)
    assert len(tab.sent("refresh")) == len(answers) + 1
    assert tab.told("stop") == []


def test_it_asks_at_once_when_the_network_is_back(tab: Tab) -> None:
    tab.start().page.context.set_offline(True)
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: tab.told("trouble") != [])
    tab.page.context.set_offline(False)
    tab.until(lambda: len(tab.handed) == 2)


def test_without_a_network_it_gives_up_with_the_refresh_token(tab: Tab) -> None:
    tab.start().page.context.set_offline(True)
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: tab.told("trouble") != [])
    assert tab.told("stop") == []
    tab.page.clock.fast_forward("01:05:00")
    tab.until(lambda: tab.told("stop") == ["unreachable"])


def test_a_ban_stops_it_with_its_reason(tab: Tab, stack: Stack) -> None:
    tab.start()
    assert stack.back_end.post(f"/v2/rooms/{tab.room}/bans", {"identity": "bo"}).status == 201
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: tab.told("stop") == ["banned"])
    asked = len(tab.requests)
    tab.page.clock.run_for("10:00")
    assert len(tab.requests) == asked


def test_a_revoked_grant_is_not_minted_anew(tab: Tab, stack: Stack) -> None:
    tab.start()
    revoked = stack.back_end.post(f"/v2/rooms/{tab.room}/actions/revoke_client_token", {"identity": "bo"})
    assert revoked.data["revoked"] == 1
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: tab.told("stop") == ["grant_revoked"])
    assert len(tab.sent("generate_join")) == 1


@pytest.mark.parametrize("reason", ["grant_expired", "invalid_refresh_token", "token_reused"])
def test_a_grant_that_is_over_is_minted_anew_once(reason: str, tab: Tab) -> None:
    tab.start().answers_first("refresh", 403, reason, times=2)
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: tab.told("rejoin") == [tab.minted["token"]])
    assert len(tab.sent("generate_join")) == 2
    tab.page.clock.fast_forward(DUE_AGAIN)
    tab.until(lambda: tab.told("stop") == [reason])
    assert len(tab.sent("generate_join")) == 2


def test_a_room_that_was_made_anew_is_to_be_joined_anew(tab: Tab, stack: Stack) -> None:
    before = tab.start().minted["telnyx_room_id"]
    stack.carry_out(f"/v2/rooms/{tab.room}/actions/seal")
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: tab.told("rejoin") == [tab.minted["token"]])
    assert tab.minted["telnyx_room_id"] != before
    assert len(tab.handed) == 1


def test_a_login_that_is_over_is_asked_for_anew(tab: Tab, stack: Stack) -> None:
    tab.start("no.login.atall", stack.user("bo")["token"])
    assert tab.page.evaluate("asked") == [None, 401]


def test_who_may_not_enter_is_told_why_at_once(tab: Tab) -> None:
    tab.identity = "cy"
    with pytest.raises(Error, match="not a member of this room"):
        tab.start()


def test_two_tabs_have_a_grant_each_and_leaving_ends_one(
    tab: Tab, new_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    other = Tab(tab.page.context.new_page(), stack, tab.room)
    tab.start()
    other.start()
    assert len(stack.grants(tab.room)) == 2
    other.page.evaluate("lease.leave()")
    assert [grant["id"] for grant in stack.grants(tab.room)] == [tab.minted["grant_id"]]
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: len(tab.handed) == 2)


def test_an_aborted_signal_is_a_farewell(tab: Tab, stack: Stack) -> None:
    tab.start().page.evaluate("ending.abort()")
    wait_until(lambda: stack.grants(tab.room) == [])
    assert tab.told("stop") == []


def test_a_farewell_that_nobody_hears_is_no_error_of_the_apps(tab: Tab) -> None:
    tab.start()
    wrong: list[Error] = []
    tab.page.on("pageerror", lambda error: wrong.append(error))
    tab.page.context.set_offline(True)
    with tab.page.expect_event("requestfailed"):
        tab.page.evaluate("ending.abort()")
    assert len(tab.sent("revoke")) == 1
    # What is asked for later has failed, and the page knows: so it does of the farewell.
    assert tab.page.evaluate("fetch('/livez').catch(() => 'lost')") == "lost"
    assert wrong == []


def test_a_failing_room_is_given_the_next_token(tab: Tab) -> None:
    tab.start().page.evaluate(
        "lease.attach({ updateClientToken: () => { throw new Error('not connected'); } })"
    )
    tab.until(lambda: tab.told("trouble") == ["not connected"])
    tab.page.clock.fast_forward(DUE)
    tab.until(lambda: len(tab.told("trouble")) == 2)
    assert tab.told("stop") == []


def test_pages_of_other_origins_may_load_it(new_context: Callable[..., BrowserContext], stack: Stack) -> None:
    page = new_context().new_page()
    names = page.evaluate(f"import('{stack.url}/static/videobroker.js').then(Object.keys)")
    assert sorted(names) == ["Refused", "joinToken"]
