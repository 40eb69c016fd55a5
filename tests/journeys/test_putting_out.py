"""What puts out those who are in, without anybody kicking them: a ban, from one room or from all, and the end of a
user; and what does not."""

import pytest

from tests.journeys.houses import House
from tests.journeys.test_moderation import (
    OUT_AGAIN_SECS,
    OUT_SECS,
    SEEN_SECS,
    SUSPENDED_SECS,
    Meeting,
    house,
    stays,
    within,
)
from tests.tokens.doors import enter, mint, refresh
from tests.tokens.passing import moment
from videobroker.tenants.models import User

__all__ = ["house"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


def test_a_ban_and_the_end_of_a_user_put_out_and_the_end_of_a_membership_does_not(house: House) -> None:
    here, there = Meeting(house), Meeting(house)
    bos_token = enter(here.bo, here.room)
    anas, bos = here.joins(enter(here.ana, here.room)), here.joins(bos_token)
    within(SEEN_SECS, lambda: here.attributed() == {"ana", "bo"})

    banned = here.ana.post(f"/v2/rooms/{here.room['id']}/bans", {"identity": "bo"}).data
    within(OUT_SECS, lambda: not here.is_in(bos))
    shown = within(SEEN_SECS, lambda: ban_with_removal(here, banned["id"]))
    assert moment(shown["removed_at"]) >= moment(shown["tokens_blocked_at"])
    assert shown["residual_window_ends_at"] == bos_token["token_expires_at"]
    again = here.joins(bos_token)
    within(OUT_AGAIN_SECS, lambda: not here.is_in(again))
    assert here.is_in(anas)
    assert here.ana.delete(f"/v2/bans/{banned['id']}").status == 204

    in_both = [(meeting, meeting.joins(enter(meeting.bo, meeting.room))) for meeting in (here, there)]
    within(SEEN_SECS, lambda: "bo" in here.attributed() and "bo" in there.attributed())
    everywhere = house.back_end.post("/v2/bans", {"identity": "bo"}).data
    within(OUT_SECS, lambda: not any(meeting.is_in(one) for meeting, one in in_both))
    assert house.back_end.delete(f"/v2/bans/{everywhere['id']}").status == 204

    bos_token = enter(there.bo, there.room)
    bos = there.joins(bos_token)
    within(SEEN_SECS, lambda: "bo" in there.attributed())
    path = f"/v2/rooms/{there.room['id']}/members"
    (member,) = there.ana.get(path, {"filter[identity]": "bo"}).data
    assert there.ana.delete(f"{path}/{member['id']}").status == 204
    assert refresh(there.bo, there.room, bos_token["refresh_token"]).refusal == (403, "not_a_member")
    stays(lambda: there.is_in(bos))

    User.objects.create(username="bo", tenant=house.company.row, identity="bo", is_active=False)
    assert mint(there.bo, there.room).refusal == (401, "user_deactivated")
    within(SUSPENDED_SECS, lambda: not there.is_in(bos))


def ban_with_removal(meeting: Meeting, ban_id: str) -> dict[str, str] | None:
    """The ban, once its person is known to be out."""
    shown: dict[str, str] = meeting.ana.get(f"/v2/bans/{ban_id}").data
    return shown if shown["removed_at"] else None
