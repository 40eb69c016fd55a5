"""Whatever people are called and say, and whatever Telnyx tells of them, is text on every page of the console."""

import pytest
from django.test import Client
from django.urls import reverse

from rooms.models import Operation, Room
from tests.admin.crawling import pages
from tests.admin.filling import Filled, fill
from tests.admin.meetings import live_path
from tests.cast import Company

MARKUP = "\"'><img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture
def hostile(acme: Company, demo: Room) -> Filled:
    """Ana's room, with markup in every text."""
    Room.objects.filter(pk=demo.pk).update(unique_name=MARKUP)
    return fill(acme, MARKUP, demo)


@pytest.mark.parametrize("who", ["ana", "olga"])
def test_no_text_becomes_markup(who: str, hostile: Filled, request: pytest.FixtureRequest) -> None:
    browser: Client = request.getfixturevalue(who)
    seen = 0
    for path, body in pages(browser):
        assert "<img src=x" not in body, path
        assert ">49<" not in body, path
        seen += "&lt;img src=x" in body
    assert seen > 20


def test_the_fragment_that_is_put_into_a_page_is_text_too(ana: Client, hostile: Filled) -> None:
    fragment = ana.get(live_path(hostile.room.pk, "live_now")).content.decode()
    assert "<img src=x" not in fragment
    assert fragment.count("&lt;img src=x") > 5


def test_whom_an_order_was_about_is_linked(ana: Client, hostile: Filled) -> None:
    page = ana.get(reverse("admin:rooms_operation_change", args=[hostile.kick.pk])).content.decode()
    assert f'<a href="{reverse("admin:rooms_participant_change", args=[hostile.participant.pk])}">' in page
    Operation.objects.filter(pk=hostile.kick.pk).update(
        arguments={**hostile.kick.arguments, "everybody": True}
    )
    page = ana.get(reverse("admin:rooms_operation_change", args=[hostile.kick.pk])).content.decode()
    assert "everybody who was in: <a href=" in page
