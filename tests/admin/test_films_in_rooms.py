"""What a room's page says of what is recorded there: how long it is kept, how much there is, and what holds it."""

from collections.abc import Callable

import pytest
from django.test import Client

from rooms.models import Recording, Room
from tests.admin.forms import act_path, change_path
from tests.cast import Company
from tests.rooms.films import Studio, studio
from tests.scenes import remembered

__all__ = ["studio"]


@pytest.fixture
@remembered
def film(studio: Studio) -> Recording:
    """A complete recording of bo, in a room that ana moderates."""
    return studio.recorded("bo")


def room_page(browser: Client, studio: Studio) -> str:
    return str(browser.get(change_path("rooms_room", studio.gathering.row)).content.decode())


def test_it_says_how_long_how_much_and_what_goes_next(ana: Client, studio: Studio, film: Recording) -> None:
    body = room_page(ana, studio)
    assert "<strong>kept 30 days</strong>, by the tenant" in body
    assert "1 recording</a>" in body
    assert f'the next goes <time datetime="{film.expires_at:%Y-%m-%d}' in body


def test_a_rooms_own_retention_is_named_as_such(ana: Client, studio: Studio) -> None:
    Room.objects.filter(pk=studio.room["id"]).update(recording_retention_days=1)
    assert "<strong>kept 1 day</strong>, by this room" in room_page(ana, studio)


def test_it_names_the_holds_but_not_to_moderators_who_is_held_in_all_rooms(
    ana: Client, olga: Client, studio: Studio, film: Recording
) -> None:
    ana.post(act_path("rooms_recording", film, "hold"), {"reason": "case 7"})
    acme = studio.gathering.company
    acme.back_end.post("/v2/holds", {"identity": "bo", "reason": "case 9", "holder": "Legal"})
    for path in (change_path("rooms_room", studio.gathering.row), change_path("rooms_recording", film)):
        mine, hers = (str(browser.get(path).content.decode()) for browser in (ana, olga))
        for told in ("case 7", "By a hold that reaches beyond this room"):
            assert told in mine, told
        assert "case 9" not in mine
        for told in ("case 7", "case 9", "Legal answers for it"):
            assert told in hers, told


def test_who_does_not_moderate_reads_none_of_it(
    studio: Studio, film: Recording, acme: Company, sign_in_as: Callable[[str, Company], Client]
) -> None:
    assert "kept 30 days" not in room_page(sign_in_as("bo", acme), studio)
