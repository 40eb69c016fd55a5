"""The join page beside people who press twice, use the keyboard, or pretend to be somebody else."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, expect

from tests.browser.stacks import Stack
from tests.browser.windows import Window

NewWindow = Callable[..., Window]


def join_as(stack: Stack, room: str, identity: str, context: str) -> str:
    """Somebody joins with a token of their own, and shows this context; their id at Telnyx."""
    minted = stack.person(identity).post(f"/v2/rooms/{room}/actions/generate_join_client_token", {}).data
    joined = stack.simulate("POST", "join", token=minted["token"], context=context)
    return str(joined["participant_id"])


def test_what_somebody_was_in_another_room_counts_for_nothing_here(
    new_window: NewWindow, stack: Stack
) -> None:
    elsewhere = stack.new_room()
    path = f"/v2/rooms/{elsewhere}/actions/generate_join_client_token"
    context = stack.person("ana").post(path, {}).data["context"]
    bo = new_window("bo").join()
    join_as(stack, bo.room, "bo", context)
    bo.sees("Guest")
    bo.sees("not known")
    bo.does_not_see("Ana")


def test_of_two_who_show_the_same_neither_is_vouched_for_nor_moderated_by_mistake(
    new_window: NewWindow, stack: Stack
) -> None:
    ana, bo = new_window("ana").join(), new_window("bo").join()
    expect(ana.page.get_by_role("button", name="Kick: Bo", exact=True)).to_be_visible()
    everybody = stack.simulate("GET", "state")["participants"]
    (shown,) = [each["context"] for each in everybody if each["id"] == bo.participant_id]
    join_as(stack, bo.room, "bo", shown)
    expect(ana.shown("shown twice: one is not them")).to_have_count(2)
    expect(ana.page.get_by_role("button", name="Kick: Bo", exact=True)).to_have_count(0)


def test_the_keyboard_is_never_lost(new_window: NewWindow) -> None:
    ana = new_window("ana").join()
    new_window("bo").join()
    ana.tabs_to("Mute: Bo")
    ana.page.keyboard.press("Space")
    expect(ana.page.get_by_role("button", name="Unmute: Bo", exact=True)).to_be_focused()
    ana.press("Kick: Bo")
    ana.press("Kick Bo")
    ana.sees_in("Ana (you)")
    expect(ana.page.get_by_role("heading", name="You are in")).to_be_focused()


def test_enter_confirms_a_ban_and_the_next_one_begins_afresh(new_window: NewWindow) -> None:
    ana, bo = new_window("ana").join(), new_window("bo").join()
    why = ana.page.get_by_label("Why")
    ana.press("Kick and ban: Bo")
    why.fill("spam")
    ana.press("Cancel")
    ana.press("Kick and ban: Bo")
    expect(why).to_have_value("")
    why.press("Enter")
    bo.sees("You are banned from this room.")


def test_a_question_is_withdrawn_when_one_is_put_out_oneself(new_window: NewWindow, stack: Stack) -> None:
    ana = new_window("ana").join()
    ana.press("Lock the room")
    assert stack.back_end.post(f"/v2/rooms/{ana.room}/bans", {"identity": "ana"}).status == 201
    ana.sees("You are banned from this room.")
    expect(ana.page.get_by_role("dialog")).to_have_count(0)
    assert stack.back_end.get(f"/v2/rooms/{ana.room}").data["locked"] is False


def test_leaving_twice_is_leaving_once(new_window: NewWindow) -> None:
    bo = new_window("bo").join()
    bo.page.get_by_role("button", name="Leave").evaluate("(leave) => { leave.click(); leave.click(); }")
    bo.sees("You have left the room.")


def test_a_link_with_another_token_is_taken_in_the_same_tab(new_window: NewWindow, stack: Stack) -> None:
    cy = new_window("cy")
    cy.sees("You are not a member of this room.")
    cy.page.evaluate("(token) => { location.hash = `token=${token}`; }", stack.user("bo")["token"])
    cy.sees("You may enter as a participant.")
    assert cy.page.url == cy.door


def test_signing_out_leaves_nobody_signed_in(
    new_window: NewWindow, new_context: Callable[..., BrowserContext], stack: Stack
) -> None:
    ana = new_window("ana")
    ana.sign_in()
    ana.sees("You may enter")
    bo = new_window("bo", page=ana.page)
    bo.sees("You may enter as a participant.")
    bo.press("Sign out")
    bo.sees("Who are you?")
    bo.page.reload()
    bo.sees("Who are you?")


def test_names_are_checked_again_once_the_keys_can_be_had(new_window: NewWindow, stack: Stack) -> None:
    bo = new_window("bo")
    bo.page.route("**/.well-known/jwks.json", lambda route: route.abort(), times=1)
    bo.join()
    bo.sees_in("Bo (you)")
    bo.until(lambda: len(stack.grants(bo.room)) == 1)
