"""An empty list says what would be in it, and how it gets there."""

from django.test import Client
from django.urls import reverse

from rooms.models import Room
from tests.cast import Company


def body(browser: Client, page: str, **query: str) -> str:
    return browser.get(reverse(f"admin:{page}_changelist"), query).content.decode()


def test_an_empty_list_gives_advice(ana: Client, demo: Room) -> None:
    assert "Nobody is banned." in body(ana, "rooms_ban")
    assert "Nobody has been let in yet." in body(ana, "tokens_grant")


def test_a_search_without_a_find_offers_everything(ana: Client, demo: Room) -> None:
    assert "Nothing matches." in body(ana, "rooms_room", q="no room is called this")


def test_a_list_with_rows_gives_no_advice(ana: Client, demo: Room, acme: Company) -> None:
    assert 'class="empty"' not in body(ana, "rooms_room")
