"""The whole story in a real browser, against the stack that `make run` runs: a member joins in one window, a moderator
moderates in another."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser.stacks import Stack
from tests.browser.windows import Window
from tests.simulated import wait_until

NewWindow = Callable[..., Window]
# As long as somebody in a train's tunnel is away.
OFFLINE_SECS = 30
# Of bo's first token: it has to be refreshed 24 to 33 s from when it was minted, while there is no network; soon after
# there is one again, it ends.
SHORT_SECS = 50


def test_a_member_is_muted_kicked_and_banned_sees_why_and_cannot_return(new_window: NewWindow) -> None:
    ana, bo = new_window("ana").join(), new_window("bo").join()
    bo.sees_in("Ana", "Bo (you)")
    bo.sees("You can be heard.")
    bo.does_not_see("Moderating")

    ana.press("Mute: Bo")
    bo.sees("A moderator muted you")
    bo.press("Say something")
    bo.sees("Nobody heard you: you are muted.")
    ana.press("Unmute: Bo")
    bo.sees("You can be heard.")

    ana.press("Kick: Bo")
    ana.sees("Kick Bo?")
    ana.press("Kick Bo")
    bo.sees("A moderator removed you from this room.")
    ana.sees_in("Ana (you)")
    bo.press("Back to the door")
    bo.join()

    ana.press("Kick and ban: Bo")
    ana.page.get_by_label("For how long").select_option(label="an hour")
    ana.page.get_by_label("Why").fill("spam")
    ana.press("Ban Bo")
    bo.sees("You are banned from this room.")
    bo.sees("Try again at")
    bo.press("Back to the door")
    bo.sees("You are banned from this room.")
    expect(bo.page.get_by_role("button", name="Join now")).to_be_hidden()
    ana.sees_in("Ana (you)")
    expect(ana.page.locator("#orders li", has_text="done")).to_have_count(4)


def test_a_locked_room_lets_nobody_in_until_it_is_unlocked(new_window: NewWindow) -> None:
    ana, bo = new_window("ana").join(), new_window("bo")
    ana.press("Lock the room")
    ana.press("Cancel")
    ana.press("Lock the room")
    ana.press("Lock it")
    bo.sees("This room is locked.")
    ana.press("Unlock the room")
    bo.join()


def test_ending_puts_everybody_out(new_window: NewWindow) -> None:
    ana, bo = new_window("ana").join(), new_window("bo").join()
    ana.press("End for everybody")
    ana.press("End it")
    ana.sees("The meeting was ended for everybody.")
    bo.sees("The meeting was ended for everybody.")


def test_those_who_may_not_enter_are_told_why(new_window: NewWindow) -> None:
    new_window("cy").sees("You are not a member of this room.")
    new_window("gus").sees("There is no such room, or it is not for you.")


def test_a_person_signs_in_with_a_password_and_out_again(new_window: NewWindow, stack: Stack) -> None:
    ana = new_window("ana")
    ana.sign_in()
    ana.join()
    assert [grant["identity"] for grant in stack.grants(ana.room)] == ["ana"]
    ana.press("Sign out")
    ana.sees("Who are you?")
    ana.until(lambda: stack.grants(ana.room) == [])


def test_a_wrong_password_and_a_login_that_is_over_are_said(new_window: NewWindow) -> None:
    bo = new_window("bo")
    bo.page.goto(bo.door)
    bo.page.get_by_label("User name").fill("bo")
    bo.page.get_by_label("Password").fill("wrong")
    bo.press("Sign in")
    bo.sees("Please enter a correct username and password.")
    bo.page.get_by_text("With a login token").click()
    bo.page.get_by_label("Login token").fill("not.a.token")
    bo.press("Use this token")
    bo.sees("Your login does not hold")


def test_all_of_it_can_be_done_with_the_keyboard(new_window: NewWindow) -> None:
    ana, bo = new_window("ana").join(), new_window("bo")
    bo.sees("You may enter")
    bo.tabs_to("Join now")
    bo.page.keyboard.press("Enter")
    expect(bo.page.get_by_role("heading", name="You are in")).to_be_focused()
    ana.sees_in("Ana (you)", "Bo")
    ana.tabs_to("Kick: Bo")
    ana.page.keyboard.press("Space")
    ana.tabs_to("Kick Bo")
    ana.page.keyboard.press("Enter")
    expect(bo.page.get_by_role("heading", name="You are out")).to_be_focused()
    bo.tabs_to("Back to the door")
    bo.page.keyboard.press("Enter")
    bo.sees("You may enter")


def test_leaving_frees_the_seat_and_so_does_closing_the_page(new_window: NewWindow, stack: Stack) -> None:
    ana, bo = new_window("ana").join(), new_window("bo").join()
    ana.sees_in("Ana (you)", "Bo")
    bo.press("Leave")
    bo.sees("You have left the room.")
    ana.sees_in("Ana (you)")
    bo.until(lambda: [grant["identity"] for grant in stack.grants(ana.room)] == ["ana"])
    ana.page.goto("about:blank")
    ana.until(lambda: stack.grants(ana.room) == [])


def test_two_tabs_of_one_person_do_not_disturb_each_other(new_window: NewWindow, stack: Stack) -> None:
    first = new_window("bo").join()
    second = new_window("bo", page=first.page.context.new_page()).join()
    assert len(stack.grants(first.room)) == 2
    second.press("Leave")
    first.sees_in("Bo (you)")
    second.until(lambda: len(stack.grants(first.room)) == 1)


def test_tokens_end_and_the_network_goes_for_half_a_minute_and_nobody_notices(
    new_window: NewWindow, stack: Stack
) -> None:
    ana, bo = new_window("ana", hurried=False), new_window("bo", hurried=False)
    ana.asks_for_tokens_of(20)
    bo.asks_for_tokens_of(SHORT_SECS, only_first=True)
    ana.join()
    bo.join()
    # At once: on a busy machine there would not be much left of the token.
    bo.page.context.set_offline(True)
    ana.sees_in("Ana (you)", "Bo")
    who = {window.identity: window.participant_id for window in (ana, bo)}
    bo.page.wait_for_timeout(OFFLINE_SECS * 1000)
    bo.page.context.set_offline(False)
    bo.until(lambda: stack.effects("token.renewed", who["bo"]))

    for window in (ana, bo):
        window.sees_in("Ana", "Bo")
        assert stack.effects("participant.left", who[window.identity]) == []
    # The token that she came with has ended, and the next one too.
    assert len(stack.effects("token.renewed", who["ana"])) >= 2


def test_a_room_that_is_sealed_is_entered_anew(new_window: NewWindow, stack: Stack) -> None:
    bo = new_window("bo").join()
    bo.sees_in("Bo (you)")
    before = bo.participant_id
    stack.carry_out(f"/v2/rooms/{bo.room}/actions/seal")
    wait_until(lambda: stack.present(bo.room, "bo") not in ([], [before]), 30, pause_secs=0.2)
    bo.sees_in("Bo (you)")


def test_who_slept_past_the_end_of_their_token_comes_back_by_themselves(
    new_window: NewWindow, new_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    page = new_context().new_page()
    page.clock.install()
    bo = new_window("bo", page=page).join()
    bo.sees_in("Bo (you)")
    before = bo.participant_id
    bo.page.clock.fast_forward("02:00:00")
    bo.until(lambda: stack.effects("participant.left", before))
    bo.sees_in("Bo (you)")
    assert bo.participant_id != before
